package knowledge

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge/relevance"
	"github.com/parley-im/parley/knowledge/words"
)

const (
	candidates   = 25   // chunks that are looked at closely, from each side
	nearestFirst = 64   // dense scores are normalised over this many
	longestQuery = 2000 // characters of a question that are searched for
)

// Retrieve returns the passages that fit a question best, best first. A failing
// embedder costs the meaning side only.
func (b *Base) Retrieve(ctx context.Context, q Query) ([]Passage, error) {
	passages, _, err := b.Examine(ctx, q)
	return passages, err
}

// Examine is Retrieve that also tells what each passage's relevance was found by.
// The calibration needs that.
func (b *Base) Examine(ctx context.Context, q Query) (passages []Passage, features []relevance.Features, err error) {
	if q.Limit <= 0 {
		q.Limit = 8
	}
	text := strings.ToValidUTF8(q.Text, " ")
	if utf8.RuneCountInString(text) > longestQuery {
		text = string([]rune(text)[:longestQuery])
	}
	asked := words.Parse(text)
	if len(q.Collections) == 0 || len(asked.Terms) == 0 {
		return nil, nil, nil
	}
	look := Look{Selection: Selection{q.Collections, q.Labels}, Terms: asked.Terms, Weights: asked.Weights, Words: candidates}
	if model, vector := b.vector(ctx, text); vector != nil {
		look.Model, look.Vector, look.Near, look.Close = model, vector, nearestFirst, candidates
	}
	catch, err := b.store.Search(ctx, look)
	if err != nil {
		return nil, nil, fmt.Errorf("retrieve: %w", err)
	}
	passages, features = rank(asked, catch, b.opts.Meaning, q.Limit)
	return passages, features, nil
}

// vector returns the vector of a question and its model, or nil if there is no model
// or it fails.
func (b *Base) vector(ctx context.Context, text string) (model string, vector []float32) {
	limited, cancel := context.WithTimeout(ctx, b.opts.QueryTime)
	defer cancel()
	embedder := b.asker(limited)
	if embedder == nil {
		return "", nil
	}
	vectors, err := embedder.Embed(limited, []string{text})
	if err == nil && (len(vectors) != 1 || len(vectors[0]) == 0 || !finite(vectors[0])) {
		err = fmt.Errorf("the model returned no usable vector: %w", fault.Unavailable)
	}
	if err != nil {
		b.fallbacks.Add(1)
		b.log.WarnContext(ctx, "search by words alone: embedder failed", "err", err)
		return "", nil
	}
	return embedder.Model(), vectors[0]
}

// rank makes passages of what the store proposes. Which passage is best, and whether
// it bears on the question, is decided here alone, whatever the store.
func rank(asked words.Query, catch Catch, weight float64, limit int) ([]Passage, []relevance.Features) {
	idf := make([]float64, len(asked.Terms))
	for i := range idf {
		idf[i] = words.Idf(catch.Counts[i], catch.Size.Chunks)
	}
	near := catch.Near
	// a half-embedded collection would prefer whatever has a vector already
	if catch.Vectors*10 < catch.Size.Chunks*9 {
		near = nil
	}
	wanted := map[int64]bool{}
	for _, h := range near[:min(candidates, len(near))] {
		wanted[h.Chunk] = true
	}
	cands := compare(asked, catch, idf)
	byWords := make([]words.Hit, 0, len(cands))
	for i, f := range catch.Found {
		c := &cands[i]
		if len(near) > 0 {
			c.cosine, c.hasVector = f.Cosine, f.HasVector
		}
		if c.match.BM25 > 0 {
			byWords = append(byWords, words.Hit{Chunk: f.Chunk, Score: c.match.BM25})
		}
	}
	for _, h := range words.Best(byWords, candidates) {
		wanted[h.Chunk] = true
	}
	cands = slices.DeleteFunc(cands, func(c candidate) bool { return !wanted[c.chunk] })
	fuse(cands, near, weight)
	return passages(cands, near, limit, asked.Self(idf), catch.Size.Chunks)
}

// atLeast is how many texts are worth a goroutine of their own.
const atLeast = 12

// compare looks how the question stands in each text. That takes longer than anything
// else outside the store, so it is shared among the processors.
func compare(asked words.Query, catch Catch, idf []float64) []candidate {
	cands := make([]candidate, len(catch.Found))
	share := max(atLeast, (len(cands)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var shares sync.WaitGroup
	for from := 0; from < len(cands); from += share {
		mine, q := cands[from:min(from+share, len(cands))], asked.Clone()
		shares.Go(func() {
			for i := range mine {
				f := catch.Found[from+i]
				mine[i] = candidate{passage: f.Passage, chunk: f.Chunk, match: q.Compare(catch.Size, idf, f.Fields)}
				mine[i].words = mine[i].match.Score()
			}
		})
	}
	shares.Wait()
	return cands
}

// passages returns the best of the candidates, which are sorted, with what relevance
// has to say of each. self is what a chunk with all terms scores.
func passages(cands []candidate, near []words.Hit, limit int, self float64, chunks int) (out []Passage, features []relevance.Features) {
	typical := 0.0
	if len(near) > 0 {
		typical = near[len(near)/2].Score
	}
	for _, c := range cands[:min(limit, len(cands))] {
		f := relevance.Features{Match: c.match, BM25: c.match.BM25 / max(self, 1e-9), Chunks: chunks}
		if c.hasVector {
			f.Lift = (c.cosine - typical) / max(0.05, 1-typical)
		}
		p := c.passage
		p.Score, p.Words, p.Meaning, p.Relevance = c.fused, c.match.BM25, c.cosine, relevance.Of(f)
		out, features = append(out, p), append(features, f)
	}
	return out, features
}
