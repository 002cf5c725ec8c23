package words_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-im/parley/knowledge/tokens"
	"github.com/parley-im/parley/knowledge/words"
)

func postings(b words.Block) (out []words.Posting) {
	b.Each(func(p words.Posting) { out = append(out, p) })
	return out
}

func TestBlockKeepsPostings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b words.Block
		var want []words.Posting
		chunk := rapid.Int64Range(1, 1<<40).Draw(t, "first")
		for range rapid.IntRange(0, 50).Draw(t, "n") {
			p := words.Posting{Chunk: chunk, Count: rapid.Uint32Range(1, 255).Draw(t, "count"), Length: rapid.Uint8().Draw(t, "length")}
			b.Append(p)
			want = append(want, p)
			chunk += rapid.Int64Range(1, 1000).Draw(t, "gap")
		}
		if d := gocmp.Diff(want, postings(b)); d != "" || b.Count != len(want) {
			t.Fatalf("%d postings: %s", b.Count, d)
		}
		if len(want) == 0 {
			return
		}
		if b.First != want[0].Chunk || b.Last != want[len(want)-1].Chunk {
			t.Fatalf("from %d to %d", b.First, b.Last)
		}
		i := rapid.IntRange(0, len(want)-1).Draw(t, "from")
		j := rapid.IntRange(i, len(want)-1).Draw(t, "to")
		rest := b.Without(want[i].Chunk, want[j].Chunk)
		if d := gocmp.Diff(append(slices.Clone(want[:i]), want[j+1:]...), postings(rest), gocmp.Transformer("nil", func(p []words.Posting) int { return len(p) })); d != "" {
			t.Fatal(d)
		}
		cut := b.Without(want[i].Chunk, 1<<60)
		tail := b.Without(0, want[i].Chunk-1)
		if got := words.Sorted([]words.Block{tail, cut}); !gocmp.Equal(postings(got), want) {
			t.Fatalf("put together again: %v, want %v", postings(got), want)
		}
	})
}

func TestLength(t *testing.T) {
	for _, n := range []int{1, 2, 10, 133, 500, 5000} {
		if got := words.Length(words.Quantize(n)); math.Abs(got-float64(n)) > 0.03*float64(n)+0.5 {
			t.Errorf("length %d is kept as %.1f", n, got)
		}
	}
	if words.Quantize(0) != 0 || words.Quantize(1<<40) != 255 {
		t.Error("the ends are not kept")
	}
}

func FuzzOpen(f *testing.F) {
	part, _ := words.Pack(5, []words.Text{{Chunk: 5, Fields: []string{"some text 退货"}}, {Chunk: 9, Fields: []string{"more text"}}})
	f.Add(part, "text")
	f.Fuzz(func(t *testing.T, data []byte, term string) { // bytes of a damaged file do no harm
		p := words.Open(1, data)
		if b, ok := p.Find(term); ok {
			b.Each(func(words.Posting) {})
		}
		n := 0
		p.From(term, func(string, words.Block) bool { n++; return n < 1000 })
	})
}

func corpus(n int) []words.Text {
	var out []words.Text
	for i := range n {
		out = append(out, words.Text{Chunk: int64(10 + 3*i), Fields: []string{"title", fmt.Sprintf("common word%d 退货运费 %d", i%50, i)}})
	}
	return out
}

func all(p words.Part) map[string][]words.Posting {
	out := map[string][]words.Posting{}
	p.From("", func(term string, b words.Block) bool {
		out[term] = postings(b)
		return true
	})
	return out
}

func TestPart(t *testing.T) {
	texts := corpus(200)
	data, length := words.Pack(10, texts)
	part := words.Open(10, data)
	want, total := map[string][]words.Posting{}, 0
	for _, text := range texts {
		counts, n := text.Count()
		total += n
		for term, c := range counts {
			want[term] = append(want[term], words.Posting{Chunk: text.Chunk, Count: c, Length: words.Quantize(n)})
		}
	}
	if d := gocmp.Diff(want, all(part)); d != "" || length != total {
		t.Errorf("length %d, want %d; %s", length, total, d)
	}
	for term := range want {
		if b, ok := part.Find(term); !ok || !slices.Equal(postings(b), want[term]) {
			t.Errorf("Find(%q) = %v, %v", term, postings(b), ok)
		}
	}
	for _, none := range []string{"", "a", "zzz", "货运货"} {
		if _, ok := part.Find(none); ok {
			t.Errorf("%q is found", none)
		}
	}
	// two halves, interleaved, make the whole again; and taking one out leaves the other
	even, odd := []words.Text{}, []words.Text{}
	for i, text := range texts {
		if i%2 == 0 {
			even = append(even, text)
		} else {
			odd = append(odd, text)
		}
	}
	a, _ := words.Pack(even[0].Chunk, even)
	b, _ := words.Pack(odd[0].Chunk, odd)
	merged := words.Open(10, words.Merge(10, []words.Part{words.Open(odd[0].Chunk, b), words.Open(even[0].Chunk, a)}))
	if d := gocmp.Diff(all(part), all(merged)); d != "" {
		t.Error("merged:", d)
	}
	first, _ := words.Pack(10, texts[:50])
	rest, removed := part.Without(texts[50].Chunk, texts[199].Chunk)
	if d := gocmp.Diff(all(words.Open(10, first)), all(words.Open(10, rest))); d != "" || removed != 150 {
		t.Error("without:", removed, d)
	}
	if rest, removed := part.Without(1, 9); rest != nil || removed != 0 {
		t.Errorf("nothing to take out: %d", removed)
	}
}

// naive is BM25 as the textbook has it.
func naive(texts []words.Text, q words.Query) []words.Hit {
	counts, lengths, total := []map[string]uint32{}, []float64{}, 0
	df := map[string]int{}
	for _, t := range texts {
		c, n := t.Count()
		counts, lengths, total = append(counts, c), append(lengths, words.Length(words.Quantize(n))), total+n
		for term := range c {
			df[term]++
		}
	}
	var hits []words.Hit
	for i, c := range counts {
		score := 0.0
		for j, term := range q.Terms {
			tf := float64(c[term])
			norm := 0.9 * (0.25 + 0.75*lengths[i]*float64(len(texts))/float64(total))
			score += q.Weights[j] * words.Idf(df[term], len(texts)) * tf * 1.9 / (tf + norm)
		}
		if score > 0 {
			hits = append(hits, words.Hit{Chunk: texts[i].Chunk, Score: score})
		}
	}
	return words.Best(hits, 20)
}

func TestScorerIsBM25(t *testing.T) {
	texts := corpus(3000) // several pages
	data, length := words.Pack(10, texts)
	part := words.Open(10, data)
	for _, question := range []string{"word7", "common 退货", "what is word12 17", "nothing here"} {
		q := words.Parse(question)
		s := words.NewScorer(words.Size{Chunks: len(texts), Length: length})
		for i, term := range q.Terms {
			if b, ok := part.Find(term); ok {
				s.Add(q.Weights[i], []words.Block{b.Without(2000, 1<<40), b.Without(0, 1999)})
			}
		}
		got, want := s.Top(20, func(int64) bool { return true }), naive(texts, q)
		if len(got) != len(want) {
			t.Fatalf("%q: %d hits, want %d", question, len(got), len(want))
		}
		for i := range got {
			if math.Abs(got[i].Score-want[i].Score) > 1e-3*want[i].Score {
				t.Errorf("%q: place %d has %v, want %v", question, i, got[i], want[i])
			}
		}
		idf := make([]float64, len(q.Terms))
		for i, term := range q.Terms {
			b, _ := part.Find(term)
			idf[i] = words.Idf(b.Count, len(texts))
		}
		for _, h := range got {
			at := slices.IndexFunc(texts, func(t words.Text) bool { return t.Chunk == h.Chunk })
			if m := q.Compare(words.Size{Chunks: len(texts), Length: length}, idf, texts[at].Fields); math.Abs(m.BM25-h.Score) > 1e-4*h.Score {
				t.Errorf("%q: chunk %d has %v by its postings, %v by its text", question, h.Chunk, h.Score, m.BM25)
			}
		}
		only := s.Top(20, func(c int64) bool { return c > 5000 })
		if slices.ContainsFunc(only, func(h words.Hit) bool { return h.Chunk <= 5000 }) || !slices.IsSortedFunc(only, func(a, b words.Hit) int { return cmp.Compare(b.Score, a.Score) }) {
			t.Errorf("%q: with a filter %v", question, only)
		}
	}
}

func TestIdfFallsWithFrequency(t *testing.T) {
	last := math.Inf(1)
	for _, df := range []int{0, 1, 5, 50, 100} {
		idf := words.Idf(df, 100)
		if idf >= last || idf < 0 || math.IsNaN(idf) {
			t.Errorf("Idf(%d, 100) = %v after %v", df, idf, last)
		}
		last = idf
	}
	if v := words.Idf(7, 3); math.IsNaN(v) || v < 0 {
		t.Errorf("more postings than chunks, while chunks are removed: %v", v)
	}
}

func TestCompare(t *testing.T) {
	q := words.Parse("退货运费谁出")
	idf := make([]float64, len(q.Terms))
	for i := range idf {
		idf[i] = 1
	}
	size := words.Size{Chunks: 10, Length: 200}
	near := q.Compare(size, idf, []string{"", "", "退货运费由买家承担。"})
	far := q.Compare(size, idf, []string{"", "", "运单上有货号。退还押金之后，别的费用另算。"})
	none := q.Compare(size, idf, []string{"会员积分"})
	if near.Told <= far.Told-1e-9 || near.Tied <= far.Tied || near.Near <= far.Near || !near.Dense || near.Found != 4 || near.Asked != 5 {
		t.Errorf("near %+v, far %+v", near, far)
	}
	if none.Told != 0 || none.Near != 0 || none.Found != 0 || none.Score() != 0 {
		t.Errorf("nothing in common: %+v", none)
	}
	near.BM25, far.BM25 = 3, 3
	if near.Score() <= far.Score() {
		t.Error("nearness does not count")
	}
	e := words.Parse("Who pays the postage?")
	if e.Compare(size, make([]float64, len(e.Terms)), []string{"x"}).Dense {
		t.Error("an English question counts as Chinese")
	}
	for _, u := range q.Units {
		if tok := tokens.Of(q.Terms[u.Term]); len(tok) != 1 || !u.Char {
			t.Errorf("unit %+v is no single character", u)
		}
	}
}
