package citation

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		cited          []int
	}{
		{"none", "Hello there.", "Hello there.", nil},
		{"one", "Thirty days [1].", "Thirty days [1].", []int{1}},
		{"at the end", "Thirty days [2]", "Thirty days [2]", []int{2}},
		{"side by side", "a [1][3]", "a [1][3]", []int{1, 3}},
		{"a list", "a [1, 3]", "a [1][3]", []int{1, 3}},
		{"a Chinese list", "退货【1、2】。", "退货[1][2]。", []int{1, 2}},
		{"a range", "a [1-3]", "a [1][2][3]", []int{1, 2, 3}},
		{"full width", "退货［２］", "退货[2]", []int{2}},
		{"with a dagger", "a 【2†source】 b", "a [2] b", []int{2}},
		{"a footnote", "a [^1]", "a [1]", []int{1}},
		{"no such passage", "a [9]. b [0]", "a. b", nil},
		{"one of two", "a [2, 9].", "a [2].", []int{2}},
		{"a link of a citation", "a [1](https://evil.example/x) b", "a [1] b", []int{1}},
		{"a link with another text", "a [here](https://x.example)", "a [here](https://x.example)", nil},
		{"words in brackets after", "a [1](see also page 3)", "a [1](see also page 3)", []int{1}},
		{"a definition", "[1]: https://evil.example\nb [2]: c", "[1] https://evil.example\nb [2]: c", []int{1, 2}},
		{"a task list", "- [ ] do\n- [x] done", "- [ ] do\n- [x] done", nil},
		{"inline code", "use `a[9]` here [1]", "use `a[9]` here [1]", []int{1}},
		{"fenced code", "```go\nx := a[9]\n```\nso [9] [1]", "```go\nx := a[9]\n```\nso [1]", []int{1}},
		{"code that is not closed", "a ` b\n\nc [9] [2]", "a ` b\n\nc [2]", []int{2}},
		{"open at the end", "a [1", "a [1", nil},
		{"brackets", "[[1]] and [] and [,]", "[[1]] and [] and [,]", []int{1}},
		{"many digits", "a [123456789]", "a", nil},
		{"a year range", "in [2019-2024]", "in", nil},
		{"spaces stay", "a  b \n  c ", "a  b \n  c ", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for size := 1; size <= len(c.in); size++ {
				f := New(3)
				got := ""
				for _, piece := range pieces(c.in, size) {
					got += f.Add(piece)
				}
				got += f.Rest()
				if got != c.want || !slices.Equal(f.Numbers(), c.cited) {
					t.Fatalf("in pieces of %d: got %q, cited %v; want %q, %v", size, got, f.Numbers(), c.want, c.cited)
				}
			}
		})
	}
}

// pieces cuts s into pieces of about size bytes, never inside a character.
func pieces(s string, size int) (out []string) {
	for s != "" {
		n := min(size, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n++
		}
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}

// However the text is cut up, the result is the same, and no text is held for long.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{"[", "]", "1", "2", "9", ",", " ", "【", "】", "(", ")", "http://x", "`", "```", "\n", ":", "a", "退", "^", "†", "-"})).Draw(t, "parts")
		text := strings.Join(parts, "")
		whole := New(2)
		want := whole.Add(text) + whole.Rest()
		f := New(2)
		got := ""
		for _, p := range parts {
			got += f.Add(p)
			if len(f.held) > 2200 {
				t.Fatalf("%d bytes held back", len(f.held))
			}
		}
		got += f.Rest()
		if got != want || !slices.Equal(f.Numbers(), whole.Numbers()) {
			t.Fatalf("in parts %q %v, whole %q %v", got, f.Numbers(), want, whole.Numbers())
		}
		for _, n := range f.Numbers() {
			if n < 1 || n > 2 {
				t.Fatalf("cites %d", n)
			}
		}
	})
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"a [1](http://x) `[9]`", "【1†source】[1-3]", "[1]: x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := New(2)
		got := c.Add(s) + c.Rest()
		if len(got) > 3*len(s)+64 {
			t.Errorf("%d bytes became %d", len(s), len(got))
		}
	})
}
