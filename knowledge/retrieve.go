package knowledge

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge/relevance"
	"github.com/parley-im/parley/knowledge/words"
)

const (
	candidates   = 25   // chunks that are looked at closely, from each side
	nearestFirst = 100  // dense scores are normalised over this many
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
	vector := b.vector(ctx, text)
	err = b.store.Search(ctx, Selection{q.Collections, q.Labels}, func(v View) error {
		s := search{ctx: ctx, view: v, asked: asked, idf: make([]float64, len(asked.Terms)), weight: b.opts.Meaning}
		var err error
		passages, features, err = s.run(b.model(), vector, q.Limit)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("retrieve: %w", err)
	}
	return passages, features, nil
}

// vector returns the vector of a question, or nil if there is no model or it
// fails.
func (b *Base) vector(ctx context.Context, text string) []float32 {
	if b.embedder == nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, b.opts.QueryTime)
	defer cancel()
	vectors, err := b.embedder.Embed(limited, []string{text})
	if err == nil && (len(vectors) != 1 || len(vectors[0]) == 0 || !finite(vectors[0])) {
		err = fmt.Errorf("the model returned no usable vector: %w", fault.Unavailable)
	}
	if err != nil {
		b.fallbacks.Add(1)
		b.log.WarnContext(ctx, "search by words alone: embedder failed", "err", err)
		return nil
	}
	return vectors[0]
}

// search is one Retrieve on one view.
type search struct {
	ctx    context.Context
	view   View
	asked  words.Query
	idf    []float64 // by term
	weight float64   // of meaning
}

func (s *search) run(model string, vector []float32, limit int) ([]Passage, []relevance.Features, error) {
	allowed, err := s.view.Allowed(s.ctx)
	if err != nil {
		return nil, nil, err
	}
	hits, err := s.words(allowed)
	if err != nil {
		return nil, nil, err
	}
	bm25 := map[int64]float64{}
	chunks := make([]int64, 0, 2*candidates)
	for _, h := range hits {
		bm25[h.Chunk] = h.Score
		chunks = append(chunks, h.Chunk)
	}
	var near []words.Hit
	if vector != nil {
		var vectors int
		if near, vectors, err = s.view.Nearest(s.ctx, model, vector, nearestFirst); err != nil {
			return nil, nil, err
		}
		// a half-embedded collection would prefer whatever has a vector already
		if vectors*10 < s.view.Size().Chunks*9 {
			near = nil
		}
		for _, h := range near[:min(candidates, len(near))] {
			if _, ok := bm25[h.Chunk]; !ok {
				chunks = append(chunks, h.Chunk)
			}
		}
	}
	found, err := s.view.Load(s.ctx, chunks)
	if err != nil {
		return nil, nil, err
	}
	cosines := map[int64]float64{}
	if len(near) > 0 {
		if cosines, err = s.view.Cosines(s.ctx, model, vector, chunks); err != nil {
			return nil, nil, err
		}
	}
	cands := make([]candidate, len(found))
	for i, f := range found {
		c := candidate{passage: f.Passage, chunk: f.Chunk, bm25: bm25[f.Chunk], match: s.asked.Compare(s.idf, f.Fields)}
		c.words = c.match.Score(c.bm25)
		c.cosine, c.hasVector = cosines[f.Chunk]
		cands[i] = c
	}
	fuse(cands, near, s.weight)
	passages, features := s.passages(cands, near, limit)
	return passages, features, nil
}

// words returns the best chunks by BM25.
func (s *search) words(allowed func(int64) bool) ([]words.Hit, error) {
	size := s.view.Size()
	for i := range s.idf {
		s.idf[i] = words.Idf(0, size.Chunks)
	}
	scorer := words.NewScorer(size)
	err := s.view.Postings(s.ctx, s.asked.Terms, func(term int, blocks []words.Block) {
		s.idf[term] = scorer.Add(s.asked.Weights[term], blocks)
	})
	return scorer.Top(candidates, allowed), err
}

// passages returns the best of the candidates, which are sorted, with what
// relevance has to say of each.
func (s *search) passages(cands []candidate, near []words.Hit, limit int) (out []Passage, features []relevance.Features) {
	self, typical := s.asked.Self(s.idf), 0.0
	if len(near) > 0 {
		typical = near[len(near)/2].Score
	}
	for _, c := range cands[:min(limit, len(cands))] {
		f := relevance.Features{Match: c.match, BM25: c.bm25 / max(self, 1e-9), Chunks: s.view.Size().Chunks}
		if c.hasVector {
			f.Lift = (c.cosine - typical) / max(0.05, 1-typical)
		}
		p := c.passage
		p.Score, p.Words, p.Meaning, p.Relevance = c.fused, c.bm25, c.cosine, relevance.Of(f)
		out, features = append(out, p), append(features, f)
	}
	return out, features
}
