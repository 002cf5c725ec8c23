package knowledge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// A change of the embedding model goes on in the background. Options.Former is the
// model before: it answers until every live document has vectors of the new one and
// these can be searched fast, then the new one serves (swap). The old vectors stay,
// and are kept up for new documents, so that people can go back (Serve) until they
// are forgotten. Without Former there is nobody to ask in the old space, and words
// alone serve until the new vectors are nearly complete.

// embedders are the models that vectors are made with, the wanted one first.
func (b *Base) embedders() []Embedder {
	var all []Embedder
	if b.embedder != nil {
		all = append(all, b.embedder)
	}
	if f := b.opts.Former; f != nil && (b.embedder == nil || f.Model() != b.embedder.Model()) {
		all = append(all, f)
	}
	return all
}

// asker is the model that questions are put to, or nil.
func (b *Base) asker(ctx context.Context) Embedder {
	all := b.embedders()
	if len(all) > 1 {
		serving := b.serving(ctx)
		for _, e := range all {
			if e.Model() == serving {
				return e
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// serving names the model that answers. It is asked for now and then only; who has to
// do without the answer keeps the last one.
func (b *Base) serving(ctx context.Context) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Now().Before(b.servingUntil) {
		return b.servingModel
	}
	b.servingUntil = time.Now().Add(b.opts.Poll)
	spaces, err := b.store.Spaces(ctx)
	if err != nil {
		b.log.WarnContext(ctx, "look for the serving model", "err", err)
		return b.servingModel
	}
	b.servingModel = ""
	for _, s := range spaces {
		if s.Serving {
			b.servingModel = s.Model
		}
	}
	return b.servingModel
}

// tend looks after what makes searches good and fast: the index of the vectors, and the
// swap to a new model.
func (b *Base) tend(ctx context.Context) error {
	tick := time.NewTicker(b.opts.Poll)
	defer tick.Stop()
	for {
		if err := errors.Join(b.store.Tune(ctx), b.swap(ctx)); err != nil && ctx.Err() == nil {
			b.log.ErrorContext(ctx, "look after the vectors", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// swap lets the wanted model serve once it can. What served before is never served
// again by itself: people went back from it.
func (b *Base) swap(ctx context.Context) error {
	if b.embedder == nil {
		return nil
	}
	spaces, err := b.store.Spaces(ctx)
	if err != nil {
		return fmt.Errorf("look for a new model: %w", err)
	}
	for _, s := range spaces {
		if s.Model == b.embedder.Model() && s.Complete && s.Indexed && !s.Served {
			if err := b.store.Serve(ctx, s.Model); err != nil && !errors.Is(err, fault.Conflict) {
				return fmt.Errorf("swap models: %w", err)
			}
			b.log.InfoContext(ctx, "vectors complete: model serves", "model", s.Model, "vectors", s.Vectors)
		}
	}
	return nil
}

// EmbeddingModel is a model that is configured or has vectors.
type EmbeddingModel struct {
	Space
	Configured bool `json:"configured"` // documents and questions are put to it
	Wanted     bool `json:"wanted"`     // the one that is to serve, once its vectors are complete
}

// EmbeddingModels returns the models that have vectors, and those that will.
func (b *Base) EmbeddingModels(ctx context.Context) ([]EmbeddingModel, error) {
	spaces, err := b.store.Spaces(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]EmbeddingModel, 0, len(spaces)+1)
	for _, s := range spaces {
		out = append(out, EmbeddingModel{Space: s})
	}
	for _, e := range b.embedders() {
		i := slices.IndexFunc(out, func(m EmbeddingModel) bool { return m.Model == e.Model() })
		if i < 0 {
			i, out = len(out), append(out, EmbeddingModel{Space: Space{Model: e.Model()}})
		}
		out[i].Configured, out[i].Wanted = true, b.embedder != nil && e.Model() == b.embedder.Model()
	}
	return out, nil
}

// Spaces returns the models that have vectors.
func (b *Base) Spaces(ctx context.Context) ([]Space, error) { return b.store.Spaces(ctx) }

// Serve lets a model answer whose vectors are complete: back to the one before, or
// forth again.
func (b *Base) Serve(ctx context.Context, model string) error {
	for _, e := range b.embedders() {
		if e.Model() == model {
			return b.store.Serve(ctx, model)
		}
	}
	return fault.Say(fault.Conflict, "no_embedder", "No embedder with the model %s is configured, so its vectors cannot be searched. Configure it as the former model first.", model)
}

// forgetTime is how long Forget itself removes vectors; Run does the rest.
const forgetTime = 10 * time.Second

// Forget removes the vectors of a model that neither serves nor is wanted. What takes
// longer than a person waits goes on in the background: the model is forgotten by then.
func (b *Base) Forget(ctx context.Context, model string) error {
	for _, e := range b.embedders() {
		if e.Model() == model {
			return fault.Say(fault.Conflict, "still_configured", "The model %s is configured, so its vectors would be made again. Take it out of the configuration first.", model)
		}
	}
	if err := b.store.Forget(ctx, model); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetTime)
	defer cancel()
	if err := b.clean(ctx); err != nil {
		if ctx.Err() == nil {
			b.log.WarnContext(ctx, "remove the vectors of a forgotten model", "model", model, "err", err)
		}
		b.signal()
	}
	return nil
}
