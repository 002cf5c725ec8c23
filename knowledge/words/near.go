package words

import (
	"math"

	"github.com/parley-im/parley/knowledge/tokens"
)

// How much the nearness of words and the share of them that is there at all
// count against BM25.
const (
	nearWeight  = 0.5
	coverWeight = 0.3
	nearWindow  = 4
)

// Match is how a chunk meets a question.
type Match struct {
	BM25  float64 `json:"-"`
	Near  float64 // gain for words that stand together in both, in the unit of BM25
	Cover float64 // share of the question's weight that occurs, 0 to 1
	Pairs float64 // share of the weight of the question's neighbours that stand together, 0 to 1
	Told  float64 // Cover without the function words
	Tied  float64 // Pairs without the function words
	Found int     // words of weight that occur
	Asked int     // words of weight in the question
	Dense bool    // most of these are characters of a script without spaces
}

// Score joins BM25 with the rest of Match.
func (m Match) Score() float64 {
	return (m.BM25 + nearWeight*m.Near) * (1 + coverWeight*m.Cover)
}

// Compare looks how the question stands in a text. idf is by Query.Terms.
func (q *Query) Compare(size Size, idf []float64, fields []string) Match {
	places := make([][]int, len(q.Terms))
	counts := make([]int, len(q.Terms))
	offset, length := 0, 0
	for _, f := range fields {
		n, t := q.finder.Each(f, func(term, pos int, kind tokens.Kind) {
			counts[term]++
			if kind == tokens.Word || kind == tokens.Char {
				places[term] = append(places[term], offset+pos)
			}
		})
		offset += 10 + n // words of two fields are not near
		length += t
	}
	m := Match{BM25: q.bm25(size, idf, counts, length)}
	var told, tellable, tied, tieable float64
	chars := 0
	var all, have, together, possible float64
	counted := map[int]bool{}
	for i, u := range q.Units {
		w := q.Weights[u.Term] * idf[u.Term]
		found := places[u.Term]
		all += w
		if len(found) > 0 {
			have += w
		}
		if !u.Light {
			tellable += w
			if len(found) > 0 {
				told += w
			}
		}
		if !u.Light && !counted[u.Term] {
			counted[u.Term] = true
			m.Asked++
			if len(found) > 0 {
				m.Found++
			}
			if u.Char {
				chars++
			}
		}
		for d := 1; d <= 2 && i+d < len(q.Units); d++ {
			v := q.Units[i+d]
			if v.Term == u.Term {
				continue
			}
			pair := math.Min(w, q.Weights[v.Term]*idf[v.Term])
			heavy := d == 1 && !u.Light && !v.Light
			if d == 1 {
				possible += pair
			}
			if heavy {
				tieable += pair
			}
			if gap := closest(found, places[v.Term]); gap <= nearWindow+d-1 {
				m.Near += pair / float64(gap*d)
				if d == 1 {
					together += pair / float64(gap)
				}
				if heavy {
					tied += pair / float64(gap)
				}
			}
		}
	}
	m.Dense = 2*chars > m.Asked
	m.Cover, m.Pairs, m.Told, m.Tied = share(have, all), share(together, possible), share(told, tellable), share(tied, tieable)
	return m
}

func share(part, of float64) float64 {
	if of <= 0 {
		return 0
	}
	return part / of
}

// closest returns the least distance from a place in a to one in b, both sorted;
// backwards counts one more.
func closest(a, b []int) int {
	best := math.MaxInt
	for len(a) > 0 && len(b) > 0 {
		d := b[0] - a[0]
		if d > 0 {
			best = min(best, d)
			a = a[1:]
		} else {
			best = min(best, max(1, 1-d))
			b = b[1:]
		}
	}
	return best
}
