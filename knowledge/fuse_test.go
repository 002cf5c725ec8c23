package knowledge

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-im/parley/knowledge/words"
)

func order(cands []candidate) (out []int64) {
	for _, c := range cands {
		out = append(out, c.chunk)
	}
	return out
}

func TestFuse(t *testing.T) {
	near := []words.Hit{{Chunk: 2, Score: 0.9}, {Chunk: 1, Score: 0.5}, {Chunk: 9, Score: 0.1}}
	for _, tt := range []struct {
		name   string
		cands  []candidate
		near   []words.Hit
		weight float64
		want   []int64
	}{
		{"words alone", []candidate{{chunk: 1, words: 1}, {chunk: 2, words: 3}, {chunk: 3, words: 2}}, nil, 0.25, []int64{2, 3, 1}},
		{"no weight for meaning", []candidate{{chunk: 1, words: 2, cosine: 0.1, hasVector: true}, {chunk: 2, words: 1, cosine: 0.9, hasVector: true}}, near, 0, []int64{1, 2}},
		{"meaning decides between near equals", []candidate{{chunk: 1, words: 10, cosine: 0.5, hasVector: true}, {chunk: 2, words: 9.5, cosine: 0.9, hasVector: true}}, near, 0.25, []int64{2, 1}},
		{"meaning does not overrule clear words", []candidate{{chunk: 1, words: 10, cosine: 0.5, hasVector: true}, {chunk: 2, words: 5, cosine: 0.9, hasVector: true}}, near, 0.25, []int64{1, 2}},
		{"only meaning found it", []candidate{{chunk: 1, words: 1, cosine: 0.1, hasVector: true}, {chunk: 2, cosine: 0.9, hasVector: true}}, near, 0.25, []int64{1, 2}},
		{"nothing by words", []candidate{{chunk: 1, cosine: 0.5, hasVector: true}, {chunk: 2, cosine: 0.9, hasVector: true}}, near, 0.25, []int64{2, 1}},
		{"no vector is no loss", []candidate{{chunk: 3, words: 10}, {chunk: 2, words: 9, cosine: 0.9, hasVector: true}}, near, 0.25, []int64{3, 2}},
		{"equals keep the older first", []candidate{{chunk: 7, words: 1}, {chunk: 4, words: 1}}, nil, 0.25, []int64{4, 7}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fuse(tt.cands, tt.near, tt.weight)
			if got := order(tt.cands); !slices.Equal(got, tt.want) {
				t.Errorf("order is %v, want %v: %+v", got, tt.want, tt.cands)
			}
		})
	}
}

// what is best by words and nearest by meaning stays first, and scores stay in 0 to 1
func TestFuseAgreesWithBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cands []candidate
		var near []words.Hit
		for i := range rapid.IntRange(1, 30).Draw(t, "n") {
			c := candidate{chunk: int64(i), words: rapid.Float64Range(0, 50).Draw(t, "words"), cosine: rapid.Float64Range(-1, 1).Draw(t, "cosine"), hasVector: rapid.Bool().Draw(t, "vector")}
			if c.hasVector {
				near = append(near, words.Hit{Chunk: c.chunk, Score: c.cosine})
			}
			cands = append(cands, c)
		}
		near = words.Best(near, 100)
		cands = append(cands, candidate{chunk: 99, words: 60, cosine: 1, hasVector: true})
		near = append([]words.Hit{{Chunk: 99, Score: 1}}, near...)
		fuse(cands, near, rapid.Float64Range(0, 1).Draw(t, "weight"))
		if cands[0].fused != 1 || !slices.ContainsFunc(cands, func(c candidate) bool { return c.chunk == 99 && c.fused == 1 }) {
			t.Fatalf("the best by both has not 1: %+v", cands)
		}
		for i, c := range cands {
			if c.fused < 0 || c.fused > 1 || i > 0 && c.fused > cands[i-1].fused {
				t.Fatalf("place %d has %v", i, c.fused)
			}
		}
	})
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"a.txt": "a.txt", "/etc/passwd": "passwd", `C:\docs\价格.xlsx`: "价格.xlsx", "a\x00b\n.md": "ab.md", "x/../y.pdf": "y.pdf", "bad\xff.txt": "bad\uFFFD.txt",
	} {
		if got, err := fileName(in); err != nil || got != want {
			t.Errorf("fileName(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "/", "..", ".", "a/..", "\x00"} {
		if got, err := fileName(in); err == nil {
			t.Errorf("fileName(%q) = %q", in, got)
		}
	}
}
