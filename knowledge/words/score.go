package words

import (
	"cmp"
	"math"
	"slices"

	"github.com/parley-im/parley/knowledge/tokens"
)

// The constants of BM25, and the power that idf is raised to, which brings the
// rare words of a question forward. docs/retrieval.md has the table they were
// taken from.
const (
	k1       = 0.9
	b        = 0.75
	idfPower = 1.3
)

// Constants are for stores that add up where the postings are.
func Constants() (saturation, length, power float64) { return k1, b, idfPower }

// Size is the size of what is searched.
type Size struct {
	Chunks int
	Length int // terms of all chunks together
}

// Idf is what one occurrence of a term tells, if df of n chunks have it.
func Idf(df, n int) float64 {
	d := min(float64(df), float64(n))
	return math.Pow(math.Log(1+(float64(n)-d+0.5)/(d+0.5)), idfPower)
}

// Query is a question as terms, each once. It serves one goroutine; see Clone.
type Query struct {
	Terms   []string
	Weights []float64
	Units   []Unit // the words and characters in the order of the question

	finder *tokens.Finder
}

// Unit is a word or a character of a question.
type Unit struct {
	Term  int  // in Query.Terms
	Light bool // a function word
	Char  bool // a character of a script without spaces
}

// Clone is the same question for another goroutine.
func (q Query) Clone() Query {
	q.finder = tokens.NewFinder(q.Terms)
	return q
}

// Parse cuts a question into terms.
func Parse(question string) Query {
	var q Query
	index := map[string]int{}
	for _, t := range tokens.Query(question) {
		i, ok := index[t.Text]
		if !ok {
			i = len(q.Terms)
			index[t.Text] = i
			q.Terms, q.Weights = append(q.Terms, t.Text), append(q.Weights, t.Weight)
		}
		q.Weights[i] = max(q.Weights[i], t.Weight)
		if t.Kind == tokens.Word || t.Kind == tokens.Char {
			q.Units = append(q.Units, Unit{i, t.Weight < 1, t.Kind == tokens.Char})
		}
	}
	q.finder = tokens.NewFinder(q.Terms)
	return q
}

// Hit is a chunk with its score.
type Hit struct {
	Chunk int64
	Score float64
}

// Scorer adds up the scores of one search.
type Scorer struct {
	size  Size
	norm  [256]float32 // k1 times the length factor, by quantised length
	base  int64        // page of the first entry
	pages []*page
}

const pageBits = 10

type page [1 << pageBits]float32

// NewScorer starts a search over so much text.
func NewScorer(size Size) *Scorer {
	s := &Scorer{size: size}
	for i := range s.norm {
		s.norm[i] = float32(size.norm(uint8(i)))
	}
	return s
}

// norm is what the length of a chunk does to its terms.
func (s Size) norm(length uint8) float64 {
	average := float64(s.Length) / float64(max(s.Chunks, 1))
	return k1 * (1 - b + b*Length(length)/max(average, 1))
}

// bm25 scores one text by how often each term is in it. It says the same as a
// Scorer, which packs lengths and counts.
func (q *Query) bm25(size Size, idf []float64, counts []int, length int) float64 {
	sum, norm := 0.0, size.norm(Quantize(length))
	for i, n := range counts {
		tf := float64(min(n, 255))
		sum += q.Weights[i] * idf[i] * (k1 + 1) * tf / (tf + norm)
	}
	return sum
}

// Add scores a term that has the given postings and returns its idf.
func (s *Scorer) Add(weight float64, blocks []Block) (idf float64) {
	df := 0
	for i := range blocks {
		df += blocks[i].Count
	}
	idf = Idf(df, s.size.Chunks)
	gain := float32(weight * idf * (k1 + 1))
	for i := range blocks {
		var cur *page
		at := int64(-1)
		blocks[i].Each(func(p Posting) {
			if n := p.Chunk >> pageBits; n != at {
				cur, at = s.page(n), n
			}
			tf := float32(p.Count)
			cur[p.Chunk&(1<<pageBits-1)] += gain * tf / (tf + s.norm[p.Length])
		})
	}
	return idf
}

func (s *Scorer) page(n int64) *page {
	if len(s.pages) == 0 {
		s.base = n
	}
	if n < s.base {
		s.pages = append(make([]*page, s.base-n), s.pages...)
		s.base = n
	}
	if i := int(n - s.base); i >= len(s.pages) {
		s.pages = append(s.pages, make([]*page, i+1-len(s.pages))...)
	}
	if s.pages[n-s.base] == nil {
		s.pages[n-s.base] = new(page)
	}
	return s.pages[n-s.base]
}

// Top returns the k best of the chunks that are allowed, best first.
func (s *Scorer) Top(k int, allowed func(chunk int64) bool) []Hit {
	var best []Hit
	least := float32(0)
	for i, p := range s.pages {
		if p == nil {
			continue
		}
		for j, score := range p {
			if score <= least {
				continue
			}
			chunk := (s.base+int64(i))<<pageBits | int64(j)
			if !allowed(chunk) {
				continue
			}
			best = append(best, Hit{chunk, float64(score)})
			if len(best) >= 2*k+64 {
				best = Best(best, k)
				least = float32(best[len(best)-1].Score)
			}
		}
	}
	return Best(best, k)
}

// Best sorts hits, best first and the older chunk first among equals, and keeps k.
func Best(hits []Hit, k int) []Hit {
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Chunk, b.Chunk))
	})
	return hits[:min(k, len(hits))]
}

// Self is about what a chunk scores that has every term of the question.
func (q *Query) Self(idf []float64) float64 {
	sum := 0.0
	for i := range q.Terms {
		sum += q.Weights[i] * idf[i]
	}
	return sum
}
