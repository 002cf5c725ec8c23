package relevance

import (
	"math/rand/v2"
	"testing"

	"github.com/parley-im/parley/knowledge/words"
)

// more of the question in the passage never makes it less likely
func TestOfRises(t *testing.T) {
	for _, dense := range []bool{true, false} {
		for _, chunks := range []int{1, 12, 300, 10_000, 50_000} {
			base := Features{Match: words.Match{Told: 0.4, Tied: 0.2, Asked: 4, Dense: dense}, BM25: 0.3, Chunks: chunks}
			last := -1.0
			for i := range 11 {
				f := base
				f.Match.Told, f.Match.Tied, f.BM25 = float64(i)/10, float64(i)/10, float64(i)/10
				p := Of(f)
				if p <= last-1e-12 || p < 0 || p > 1 {
					t.Errorf("dense %v, %d chunks: %v after %v at step %d", dense, chunks, p, last, i)
				}
				last = p
			}
			if last < 0.9 {
				t.Errorf("dense %v, %d chunks: a passage with everything has %v", dense, chunks, last)
			}
			nothing := Features{Match: words.Match{Asked: 4, Dense: dense}, Chunks: chunks}
			if p := Of(nothing); p > 0.1 {
				t.Errorf("dense %v, %d chunks: a passage with nothing has %v", dense, chunks, p)
			}
			lifted := base
			lifted.Lift = 0.5
			if Of(lifted) <= Of(base) {
				t.Errorf("dense %v, %d chunks: meaning does not count", dense, chunks)
			}
			base.Lift = 0.1
			if Of(base) != Of(Features{Match: base.Match, BM25: base.BM25, Chunks: chunks}) {
				t.Error("the usual lift counts")
			}
		}
	}
}

func TestFitFindsTheLine(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var cases []Case
	for i := range 4000 {
		small := i%2 == 0
		chunks := 2000
		if small {
			chunks = 12
		}
		bm25 := r.Float64()
		f := Features{Match: words.Match{Told: r.Float64(), Asked: 3}, BM25: bm25, Chunks: chunks}
		cases = append(cases, Case{Features: f, Known: r.Float64() < logistic(12*(bm25-0.5)), Small: small, Weight: 1, Held: i%5 == 0})
	}
	c := Fit(cases)
	refused, known, accepted, unknown := 0, 0, 0, 0
	for _, s := range cases {
		if !s.Held || s.Small {
			continue
		}
		says := Probability(s.Features, c) >= 0.5
		if s.Known {
			known++
			if !says {
				refused++
			}
		} else {
			unknown++
			if says {
				accepted++
			}
		}
	}
	if share := float64(refused) / float64(known); share > 0.06 {
		t.Errorf("%.1f %% of the known are refused", 100*share)
	}
	if share := float64(accepted) / float64(unknown); share > 0.5 {
		t.Errorf("%.1f %% of the unknown are accepted", 100*share)
	}
}
