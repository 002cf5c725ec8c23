package markup_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"github.com/parley-im/parley/gateway/markup"
)

var seeds = []string{
	"**Seven** days [1].\n\n| A | B |\n| - | - |\n| ![x](http://evil.example/a) | <img src=http://e> |\n",
	"- a\n  ```sh\n  ![x](http://evil.example)\n  ```\n> [a](https://x.example) `![b](http://e)`\n",
	"![a][b]\n\n[b]: http://evil.example/\"x\" 't'\n\n<div><img src=x></div> @all <!here> www.evil.example",
	"!\u200B[x](http://evil.example) &#33;[y](http://e) \\![z](http://e) &lt;img src=x&gt;\n1. x\n   - y\n",
	"[![a](http://e/1)](http://e/2) [x](javascript:alert(1)) <javascript:x> ![](//e/x)\n***\n# h\n",
}

var ring = regexp.MustCompile(`(?i)(^|[^\p{L}\p{N}_])@(all|channel|here|everyone)`)

// check fails if s, read by any Markdown reader, loads something, holds HTML, rings
// for a room or hides text.
func check(t *testing.T, md, s string, plain bool) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%q became %q, which is no text", md, s)
	}
	if strings.ContainsAny(s, "\u200B\u200E\u200F\u202A\u202B\u202D\u202E\u2066\u2067\u2069\uFEFF\x00\r") {
		t.Fatalf("%q became %q, which hides something", md, s)
	}
	if strings.Contains(s, "<!") || plain && ring.MatchString(s) {
		t.Fatalf("%q became %q, which rings", md, s)
	}
	if plain {
		return
	}
	source := []byte(s)
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	err := ast.Walk(root, func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if !in {
			return ast.WalkContinue, nil
		}
		target := ""
		switch n := n.(type) {
		case *ast.Image:
			t.Fatalf("%q became %q, which loads %s", md, s, n.Destination)
		case *ast.HTMLBlock, *ast.RawHTML:
			t.Fatalf("%q became %q, which has HTML", md, s)
		case *ast.Link:
			target = string(n.Destination)
		case *ast.AutoLink:
			target = string(n.URL(source))
			if n.AutoLinkType == ast.AutoLinkEmail {
				return ast.WalkContinue, nil
			}
		case *ast.Text:
			if ring.MatchString(string(n.Value(source))) && n.Parent().Kind() != ast.KindCodeSpan {
				t.Fatalf("%q became %q, which rings", md, s)
			}
		}
		if target != "" && !strings.HasPrefix(target, "http://") && !strings.HasPrefix(target, "https://") && !strings.HasPrefix(target, "mailto:") {
			t.Fatalf("%q became %q, which links to %s", md, s, target)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzRender: what is shown is safe for every input, at every point of its growth,
// and wherever it is cut.
func FuzzRender(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, uint(45))
	}
	f.Fuzz(func(t *testing.T, md string, limit uint) {
		if len(md) > 2000 {
			return
		}
		for _, plain := range []bool{false, true} {
			o := markup.Options{Plain: plain}
			for end := len(md); end >= 0; end -= max(1, len(md)/10) {
				check(t, md[:end], markup.Render(md[:end], o), plain)
				check(t, md[:end], markup.Render(markup.Safe(md[:end]), o), plain)
			}
			n := 40 + int(limit%200)
			for _, part := range markup.Split(markup.Render(md, o), n, o) {
				check(t, md, part, plain)
				if utf8.RuneCountInString(part) > n {
					t.Fatalf("a part of %q has more than %d runes: %q", md, n, part)
				}
			}
		}
	})
}

// TestEveryPrefix asks the same of every single prefix of the seeds.
func TestEveryPrefix(t *testing.T) {
	for _, md := range seeds {
		for end := range len(md) + 1 {
			for _, plain := range []bool{false, true} {
				o := markup.Options{Plain: plain}
				check(t, md[:end], markup.Render(md[:end], o), plain)
				check(t, md[:end], markup.Render(markup.Safe(md[:end]), o), plain)
				for _, part := range markup.Split(markup.Render(md[:end], o), 40, o) {
					check(t, md[:end], part, plain)
				}
			}
		}
	}
}

func TestDeepNesting(t *testing.T) {
	for _, unit := range []string{"> ", "- ", "1. ", "[", "*a ", "![", "<b>"} {
		md := strings.Repeat(unit, 3000) + "end"
		got := markup.Render(md, markup.Options{})
		if !strings.Contains(got, "end") {
			t.Errorf("3,000 times %q: the words are gone from %.80q", unit, got)
		}
		check(t, md, got, false)
	}
}

func BenchmarkRender(b *testing.B) {
	md := strings.Repeat(seeds[0]+"\n\nA paragraph of an answer, with words [1].\n\n", 10)
	b.SetBytes(int64(len(md)))
	for b.Loop() {
		markup.Render(markup.Safe(md), markup.Options{})
	}
}
