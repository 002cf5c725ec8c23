package markup

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/knowledge/extract/content"
)

func TestHTML(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     []content.Block
	}{
		{
			"blocks", "<title>T</title><h1>One <em>two</em></h1><p>a\n b<br>c</p>d<div>e</div>",
			[]content.Block{heading(1, "One two"), paragraphOf("a b\nc"), paragraphOf("d"), paragraphOf("e")},
		},
		{"Chinese line breaks", "<p>签收后\n  七天，可以\n退货</p>", []content.Block{paragraphOf("签收后七天，可以退货")}},
		{
			"what nobody sees", `<p>a<script>x()</script><style>p{}</style><span style="display: none">hidden</span><span hidden>h</span></p><template>t</template><noscript>n</noscript><!-- c -->`,
			[]content.Block{paragraphOf("a")},
		},
		{"navigation stays if nothing marks the main part", "<nav>Home</nav><p>a</p><footer>f</footer>", []content.Block{paragraphOf("Home"), paragraphOf("a"), paragraphOf("f")}},
		{"and goes if something does", "<nav>Home</nav><main><nav>Parts</nav><p>a</p></main><aside>ad</aside><footer>f</footer>", []content.Block{paragraphOf("Parts"), paragraphOf("a")}},
		{
			"lists", "<ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul><ol><li>x<li>y</ol>",
			[]content.Block{list("- a\n  - b\n- c\n  d"), list("1. x\n2. y")},
		},
		{
			"table with spans", "<table><caption>C</caption><tr><th>a</th><th colspan=2>b</th></tr><tr><td rowspan=2>1</td><td>2</td><td>3</td></tr><tr><td>4</td><td>5</td></tr></table>",
			[]content.Block{paragraphOf("C"), table([]string{"a", "b", ""}, []string{"1", "2", "3"}, []string{"1", "4", "5"})},
		},
		{"layout table", "<table><tr><td><h2>a</h2><table><tr><td>1<td>2</table></td></tr></table>", []content.Block{heading(2, "a"), table(nil, []string{"1", "2"})}},
		{"code", "<pre>\na\n  b\n</pre>", []content.Block{{Kind: content.Code, Text: "a\n  b"}}},
		{"entities", "<p>&lt;b&gt; &amp; &nbsp;&#20013;&copy;</p>", []content.Block{paragraphOf("<b> & 中©")}},
		{"readings of characters", "<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字</p>", []content.Block{paragraphOf("漢字")}},
		{"broken", "<p>a<b>b<p>c</i></table><td>d", []content.Block{paragraphOf("ab"), paragraphOf("cd")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := HTML(t.Context(), test.in, limits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Blocks); diff != "" {
				t.Errorf("HTML() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHTMLTitle(t *testing.T) {
	for in, want := range map[string]string{
		"<title> A \n B </title><h1>C</h1>":         "A B",
		"<h1>C</h1>":                                "C",
		"<svg><title>no</title></svg><h1>yes</h1>x": "yes",
	} {
		got, err := HTML(t.Context(), in, limits)
		if err != nil || got.Title != want {
			t.Errorf("HTML(%q) has title %q, %v, want %q", in, got.Title, err, want)
		}
	}
}

// TestHTMLDeep is nested more deeply than the parser takes; the text is not lost.
func TestHTMLDeep(t *testing.T) {
	in := strings.Repeat("<div>", 5000) + "needle<script>bad</script>" + strings.Repeat("</div>", 5000)
	got, err := HTML(t.Context(), in, limits)
	if err != nil {
		t.Fatal(err)
	}
	if text := content.PlainText(got.Blocks); text != "needle" {
		t.Errorf("HTML() = %q, want needle", text)
	}
}

func TestHTMLStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := HTML(ctx, "<p>a</p>", limits); !errors.Is(err, context.Canceled) {
		t.Errorf("HTML() = %v, want %v", err, context.Canceled)
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("<main><h1>a</h1><ul><li>b<table><tr><th rowspan=3>c<td colspan=2>d</table></ul></main>")
	f.Add("<p>中\n文<pre>x</pre><table><tr><td><table>")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := HTML(t.Context(), content.Clean(s), limits)
		if err == nil {
			sound(t, d)
		}
	})
}
