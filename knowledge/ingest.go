package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge/chunk"
)

// batch is how many chunks are stored in one transaction.
const batch = 256

// ingest brings one version to its end: live, failed, or back in the queue if the
// process stops. Whatever is wrong with the file is told in the document; an error
// is returned only if the store fails.
func (b *Base) ingest(ctx context.Context, job Job) error {
	started := time.Now()
	var pub Publication
	chunks := 0
	err := b.guard(ctx, job, func(ctx context.Context) error {
		var err error
		pub, chunks, err = b.prepare(ctx, job)
		if err != nil {
			return err
		}
		return b.store.Publish(ctx, job, pub)
	})
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	log := b.log.With("document", job.Document.ID, "version", job.Document.Version)
	switch {
	case err == nil:
		log.InfoContext(ctx, "document live", "chunks", chunks, "took", time.Since(started))
		return nil
	case errors.Is(err, errTaken):
		log.InfoContext(ctx, "work on document ended by others")
		return nil
	case ctx.Err() != nil:
		return b.store.Release(after, job)
	}
	code, reason := b.failure(err)
	log.WarnContext(ctx, "document failed", "code", code, "err", err)
	if err := b.store.Fail(after, job, code, reason); err != nil && !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

// failure tells people why.
func (b *Base) failure(err error) (code, reason string) {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Code, e.Sentence
	}
	return "internal", "Something went wrong on our side while this file was worked on. Try again; if it happens again, the log of the server tells the operators what it is."
}

// prepare reads, cuts and stores what will be published.
func (b *Base) prepare(ctx context.Context, job Job) (Publication, int, error) {
	d := job.Document
	if d.Size == 0 {
		return Publication{}, 0, fault.Say(fault.Invalid, "empty", "%s is empty: there is nothing in the file.", d.Name)
	}
	if err := b.store.Renew(ctx, job, Extracting, 0.05, b.opts.Lease); err != nil {
		return Publication{}, 0, err
	}
	limited, cancel := context.WithTimeout(ctx, b.opts.ExtractTime)
	defer cancel()
	file, release, err := b.files.Path(limited, job.File)
	if err != nil {
		return Publication{}, 0, fmt.Errorf("read file: %w", err)
	}
	defer release()
	doc, err := b.extractor.Extract(limited, d.Name, file)
	if err != nil {
		if ctx.Err() == nil && limited.Err() != nil {
			return Publication{}, 0, fault.Say(fault.Invalid, "too_slow", "%s takes too long to read. Split it into smaller files.", d.Name).Because(err)
		}
		return Publication{}, 0, fmt.Errorf("extract: %w", err)
	}
	if err := b.store.Renew(ctx, job, Chunking, 0.4, b.opts.Lease); err != nil {
		return Publication{}, 0, err
	}
	title := job.Title
	if title == "" {
		title = strings.Join(strings.Fields(doc.Title), " ")
	}
	if r := []rune(title); len(r) > 300 {
		title = string(r[:300])
	}
	if title == "" {
		title = strings.TrimSuffix(d.Name, path.Ext(d.Name))
	}
	if title == "" {
		title = d.Name
	}
	pieces := chunk.Split(doc, b.opts.Chunks)
	if len(pieces) == 0 {
		return Publication{}, 0, fault.Say(fault.Invalid, "no_text", "There is no text in %s. If it is a scan, run text recognition on it first.", d.Name)
	}
	pub := Publication{Type: doc.Type, Title: title, Next: Ready}
	if b.embedder != nil {
		pub.Next = Embedding
	}
	indexed := number(d.ID, title, pieces)
	for from := 0; from < len(indexed); from += batch {
		to := min(from+batch, len(indexed))
		p := Preparation{Total: len(indexed), Chunks: indexed[from:to], Lease: b.opts.Lease, Progress: 0.5 + 0.3*float64(to)/float64(len(indexed))}
		if err := b.store.Prepare(ctx, job, p); err != nil {
			return Publication{}, 0, err
		}
	}
	return pub, len(indexed), nil
}

// number gives the pieces of a document their IDs: from document and text alone,
// so that the same text keeps its ID from version to version. A text that repeats
// is counted.
func number(document, title string, pieces []chunk.Piece) []Indexed {
	seen := map[string]int{}
	out := make([]Indexed, len(pieces))
	for i, p := range pieces {
		key := p.Text
		if n := seen[p.Text]; n > 0 {
			key += "\x00" + strconv.Itoa(n)
		}
		seen[p.Text]++
		sum := sha256.Sum256([]byte(document + "\x00" + key))
		out[i] = Indexed{
			Chunk:  Chunk{ID: hex.EncodeToString(sum[:16]), Seq: i, Text: p.Text, Heading: p.Heading, Location: p.Location},
			Fields: Fields(title, p.Heading, p.Text),
		}
	}
	return out
}

// Fields is what of a chunk is indexed. The title is left out where the headings
// begin with it.
func Fields(title, heading, text string) []string {
	if first, _, _ := strings.Cut(heading, chunk.Separator); first == title {
		title = ""
	}
	return []string{title, heading, text}
}
