package retrieval

import (
	"cmp"
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/parley-im/parley/knowledge"
)

const (
	dimensions = 768
	centres    = 200
	spread     = .7 // of points around their centre, whose length is 1
)

// space makes vectors out of texts and remembers those of chunks.
type space struct {
	centres [][]float32

	mu     sync.Mutex
	chunks map[int][]float32 // by number
	asked  map[string][]float32
}

var _ knowledge.Embedder = (*space)(nil)

func newSpace(seed uint64) *space {
	chance := rand.New(rand.NewPCG(seed, 77))
	s := &space{chunks: map[int][]float32{}, asked: map[string][]float32{}}
	for range centres {
		s.centres = append(s.centres, around(make([]float32, dimensions), 1, chance))
	}
	return s
}

// around is a unit vector near a centre.
func around(centre []float32, spread float64, chance *rand.Rand) []float32 {
	v := make([]float32, len(centre))
	sum := 0.0
	for i := range v {
		x := float64(centre[i]) + spread*chance.NormFloat64()/math.Sqrt(float64(len(v)))
		v[i] = float32(x)
		sum += x * x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// Model names the space.
func (s *space) Model() string { return "made-up" }

// Embed gives every text a vector: that which was chosen for a question, or one
// near the centre that the text's hash chooses.
func (s *space) Embed(_ context.Context, texts []string) ([][]float32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([][]float32, len(texts))
	for i, text := range texts {
		if v, ok := s.asked[text]; ok {
			out[i] = v
			continue
		}
		h := fnv.New64a()
		_, _ = h.Write([]byte(text)) // never fails
		chance := rand.New(rand.NewPCG(h.Sum64(), 1))
		out[i] = around(s.centres[chance.IntN(centres)], spread, chance)
		if n := number(text); n >= 0 {
			s.chunks[n] = out[i]
		}
	}
	return out, nil
}

// ask chooses the vector of a question.
func (s *space) ask(text string, chance *rand.Rand) []float32 {
	v := around(s.centres[chance.IntN(centres)], spread, chance)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[text] = v
	return v
}

// nearest compares with every chunk that is allowed.
func (s *space) nearest(v []float32, k int, allowed func(int) bool) []int {
	type near struct {
		number int
		cosine float32
	}
	var all []near
	for n, c := range s.chunks {
		if !allowed(n) {
			continue
		}
		var dot float32
		for i, x := range c {
			dot += x * v[i]
		}
		all = append(all, near{n, dot})
	}
	slices.SortFunc(all, func(a, b near) int { return cmp.Compare(b.cosine, a.cosine) })
	var best []int
	for _, one := range all[:min(k, len(all))] {
		best = append(best, one.number)
	}
	return best
}
