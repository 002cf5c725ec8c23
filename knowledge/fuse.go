package knowledge

import (
	"cmp"
	"slices"

	"github.com/parley-im/parley/knowledge/words"
)

// candidate is a chunk on its way to becoming a passage.
type candidate struct {
	passage   Passage
	chunk     int64
	match     words.Match
	words     float64 // BM25 and match
	cosine    float64
	hasVector bool
	fused     float64
}

// fuse sorts candidates by a weighted sum: words divided by the best of them, and
// meaning stretched over the nearest chunks, 1 for the first of them and 0 for the
// last. With nothing near, or a weight of 0, the order is that of words alone. A
// chunk without a vector counts as if both sides agreed on it. Ranks are not
// fused: that lost to words alone wherever the model was weak.
func fuse(cands []candidate, near []words.Hit, weight float64) {
	best := 0.0
	for _, c := range cands {
		best = max(best, c.words)
	}
	low, high := 0.0, 0.0
	if len(near) > 0 {
		high, low = near[0].Score, near[len(near)-1].Score
	} else {
		weight = 0
	}
	for i := range cands {
		c := &cands[i]
		byWords := 0.0
		if best > 0 {
			byWords = c.words / best
		}
		byMeaning := byWords
		if c.hasVector {
			byMeaning = 0
			if high > low {
				byMeaning = min(1, max(0, (c.cosine-low)/(high-low)))
			} else if c.cosine >= high {
				byMeaning = 1
			}
		}
		c.fused = (1-weight)*byWords + weight*byMeaning
	}
	slices.SortFunc(cands, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.fused, a.fused), cmp.Compare(b.words, a.words), cmp.Compare(a.chunk, b.chunk))
	})
}
