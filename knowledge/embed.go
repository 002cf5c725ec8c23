package knowledge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// embedOne completes the vectors of one document and reports whether there was
// one to do. Of two models each comes first in turn: one that cannot be reached
// puts the document off, and must not keep it from the other.
func (b *Base) embedOne(ctx context.Context, id string) (bool, error) {
	all, turn := b.embedders(), int(b.turn.Add(1))
	for i := range all {
		if did, err := b.embedWith(ctx, all[(turn+i)%len(all)], id); did || err != nil {
			return did, err
		}
	}
	if b.embedder != nil {
		return false, nil
	}
	// the embedder was taken away while it worked
	job, ok, err := b.store.ClaimVectors(ctx, id, "", b.opts.Lease)
	if err != nil || !ok {
		return false, err
	}
	return true, b.ended(b.store.EndVectors(ctx, job, "", time.Time{}))
}

// embedWith does so for one model. A model that cannot be reached is no failure of the
// document: it stays, found by its words, and is tried again later.
func (b *Base) embedWith(ctx context.Context, e Embedder, id string) (bool, error) {
	model := e.Model()
	job, ok, err := b.store.ClaimVectors(ctx, id, model, b.opts.Lease)
	if err != nil || !ok {
		return false, err
	}
	var modelErr error
	err = b.guard(ctx, job, func(ctx context.Context) error {
		for {
			chunks, err := b.store.Missing(ctx, job, model, b.opts.EmbedBatch)
			if err != nil || len(chunks) == 0 {
				return err
			}
			vectors, err := b.embed(ctx, e, chunks)
			if err != nil {
				modelErr = err
				return nil
			}
			numbers := make([]int64, len(chunks))
			for i, c := range chunks {
				numbers[i] = c.Number
			}
			if err := b.store.SaveVectors(ctx, job, model, numbers, vectors); err != nil {
				return err
			}
			if job.Document.Stage == Embedding { // it was just uploaded: show how far it is
				done := float64(chunks[len(chunks)-1].Seq+1) / float64(max(1, job.Document.Chunks))
				if err := b.store.Renew(ctx, job, Embedding, 0.8+0.2*min(1, done), b.opts.Lease); err != nil {
					return err
				}
			}
		}
	})
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	switch {
	case errors.Is(err, errTaken), errors.Is(err, fault.NotFound):
		return true, nil
	case err != nil && ctx.Err() == nil:
		return true, err
	case ctx.Err() != nil:
		return true, b.ended(b.store.Release(after, job))
	case modelErr != nil:
		b.log.WarnContext(ctx, "embedding postponed", "document", job.Document.ID, "err", modelErr)
		return true, b.ended(b.store.EndVectors(after, job, model, time.Now().Add(b.opts.EmbedRetry)))
	}
	return true, b.ended(b.store.EndVectors(after, job, model, time.Time{}))
}

// ended forgives that somebody else was quicker.
func (b *Base) ended(err error) error {
	if errors.Is(err, fault.Conflict) || errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// embed asks the model once.
func (b *Base) embed(ctx context.Context, e Embedder, chunks []Indexed) ([][]float32, error) {
	texts := make([]string, len(chunks))
	for i, c := range chunks {
		texts[i] = strings.TrimSpace(strings.Join(c.Fields, "\n"))
	}
	ctx, cancel := context.WithTimeout(ctx, b.opts.EmbedTime)
	defer cancel()
	vectors, err := e.Embed(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("embed %d chunks: %w", len(texts), err)
	}
	if len(vectors) != len(texts) {
		return nil, fmt.Errorf("embed %d chunks: the model returned %d vectors: %w", len(texts), len(vectors), fault.Unavailable)
	}
	for i, v := range vectors {
		if len(v) == 0 || len(v) != len(vectors[0]) || !finite(v) {
			return nil, fmt.Errorf("embed %d chunks: vector %d is not usable: %w", len(texts), i, fault.Unavailable)
		}
	}
	return vectors, nil
}

// finite also refuses the zero vector, which has no direction.
func finite(v []float32) bool {
	any := false
	for _, x := range v {
		if x != x || x > 1e30 || x < -1e30 {
			return false
		}
		any = any || x != 0
	}
	return any
}
