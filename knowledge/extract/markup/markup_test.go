package markup

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/knowledge/extract/content"
)

var limits = content.Limits{}.Filled()

func heading(level int, text string) content.Block {
	return content.Block{Kind: content.Heading, Level: level, Text: text}
}

func paragraphOf(text string) content.Block {
	return content.Block{Kind: content.Paragraph, Text: text}
}

func list(text string) content.Block { return content.Block{Kind: content.List, Text: text} }

func table(header []string, rows ...[]string) content.Block {
	return content.Block{Kind: content.Table, Header: header, Rows: rows}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		name, in, title string
		want            []content.Block
	}{
		{"paragraphs", "one line only, which ends.\n\ntwo\n", "", []content.Block{paragraphOf("one line only, which ends."), paragraphOf("two")}},
		{"lines are kept", "a\nb\nc\n\nd", "", []content.Block{paragraphOf("a\nb\nc"), paragraphOf("d")}},
		{
			"hard wraps are undone",
			"This text was written by a program that breaks\nevery line after some fifty characters, which is no\nreason to take each of them for a paragraph.", "",
			[]content.Block{paragraphOf("This text was written by a program that breaks every line after some fifty characters, which is no reason to take each of them for a paragraph.")},
		},
		{
			"Chinese headings",
			"服务条款\n\n第一章 总则\n第一条 范围\n本条款适用于所有顾客。\n第二章 退货\n七天。", "服务条款",
			[]content.Block{
				heading(1, "服务条款"), heading(2, "第一章 总则"), heading(3, "第一条 范围"),
				paragraphOf("本条款适用于所有顾客。"), heading(2, "第二章 退货"), paragraphOf("七天。"),
			},
		},
		{"a numbered sentence is none", "x.\n\n一、本店承诺七天退货，不需要理由。", "", []content.Block{paragraphOf("x."), paragraphOf("一、本店承诺七天退货，不需要理由。")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Text(test.in)
			if diff := cmp.Diff(test.want, got.Blocks); diff != "" || got.Title != test.title {
				t.Errorf("Text() title %q (-want +got):\n%s", got.Title, diff)
			}
		})
	}
}

func TestMarkdown(t *testing.T) {
	for _, test := range []struct {
		name, in, title string
		want            []content.Block
	}{
		{
			"front matter and headings",
			"---\ntitle: \"Terms\"\ntags: [a]\n---\n# One\n\nText *with* **marks**, `code` and [a link](https://x.example).\n\n## Two\n", "Terms",
			[]content.Block{heading(1, "One"), paragraphOf("Text with marks, code and a link."), heading(2, "Two")},
		},
		{"title from the first heading", "# 指南\n\n第一行\n第二行 \\* &amp; &#20013;", "指南", []content.Block{heading(1, "指南"), paragraphOf("第一行第二行 * & 中")}},
		{"hard break", "a  \nb\\\nc", "", []content.Block{paragraphOf("a\nb\nc")}},
		{
			"nested lists", "1. one\n   - deep\n2. two\n\n   more\n- [x] done\n", "",
			[]content.Block{list("1. one\n  - deep\n2. two\n   more"), list("- [x] done")},
		},
		{
			"table", "| a | b |\n|---|---|\n| 1<br>2 | **3** |\n| 4 |\n", "",
			[]content.Block{table([]string{"a", "b"}, []string{"1\n2", "3"}, []string{"4", ""})},
		},
		{"code", "```go\nx := 1\n```\n\n    y\n", "", []content.Block{{Kind: content.Code, Text: "x := 1"}, {Kind: content.Code, Text: "y"}}},
		{"code in a list", "- a\n\n      b := 1\n", "", []content.Block{list("- a"), {Kind: content.Code, Text: "b := 1"}}},
		{"quote", "> # h\n> text\n", "h", []content.Block{heading(1, "h"), paragraphOf("text")}},
		{
			"HTML inside", "<table><tr><th>a<th>b<tr><td>1<td>2</table>\n\n<script>bad()</script>\n\ntext <b>bold</b><br>next <https://x.example>\n", "",
			[]content.Block{table([]string{"a", "b"}, []string{"1", "2"}), paragraphOf("text bold\nnext https://x.example")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Markdown(t.Context(), test.in, limits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Blocks); diff != "" || got.Title != test.title {
				t.Errorf("Markdown() title %q (-want +got):\n%s", got.Title, diff)
			}
		})
	}
}

func TestMarkdownDeep(t *testing.T) {
	for name, in := range map[string]string{
		"quotes": strings.Repeat("> ", 2000) + "needle",
		"lists":  strings.Repeat("- ", 300) + "needle",
	} {
		got, err := Markdown(t.Context(), in, limits)
		if err != nil {
			t.Fatal(err)
		}
		if text := content.PlainText(got.Blocks); !strings.Contains(text, "needle") {
			t.Errorf("%s: the text is lost: %.80q", name, text)
		}
	}
}

func TestCSV(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     content.Block
	}{
		{"comma", "name,price\nlamp,\"1,200\"\n", table([]string{"name", "price"}, []string{"lamp", "1,200"})},
		{"semicolon", "name;price\nlamp;1,5\nchair;2,5\n", table([]string{"name", "price"}, []string{"lamp", "1,5"}, []string{"chair", "2,5"})},
		{"tab", "name\tnote\nlamp\ta, b\n", table([]string{"name", "note"}, []string{"lamp", "a, b"})},
		{"hint of Excel", "sep=;\na;b\n1;2\n", table([]string{"a", "b"}, []string{"1", "2"})},
		{"no header", "1,2\n3,4\n", table(nil, []string{"1", "2"}, []string{"3", "4"})},
		{"line break in a cell", "q,a\nx,\"one\ntwo\"\n", table([]string{"q", "a"}, []string{"x", "one\ntwo"})},
		{"quotation marks inside", "size,name\n27\" wide,TV \"big\"\n", table([]string{"size", "name"}, []string{`27" wide`, `TV "big"`})},
		{"one column", "name\nlamp\n", table(nil, []string{"name"}, []string{"lamp"})},
		{"Chinese comma", "问题，答案\n多久，三天\n", table([]string{"问题", "答案"}, []string{"多久", "三天"})},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := CSV(t.Context(), test.in, limits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]content.Block{test.want}, got.Blocks); diff != "" {
				t.Errorf("CSV() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCSVStrayQuote(t *testing.T) {
	in := "a,b\n\"never closed,1\n" + strings.Repeat("x,some more text to fill the line with\n", 5000)
	got, err := CSV(t.Context(), in, limits)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Blocks[0].Rows); n != 5001 {
		t.Errorf("CSV() has %d rows, want 5001", n)
	}
}

func TestCSVTooLarge(t *testing.T) {
	_, err := CSV(t.Context(), strings.Repeat("a,b\n", 100), content.Limits{Cells: 50}.Filled())
	if p, ok := err.(*content.Problem); !ok || p.Code != content.TooLarge {
		t.Errorf("CSV() = %v, want too_large", err)
	}
}

// sound fails the test unless all text in d is clean.
func sound(t *testing.T, d content.Document) {
	t.Helper()
	for _, b := range d.Blocks {
		text := content.PlainText([]content.Block{b})
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			t.Errorf("text %q is not clean", text)
		}
		if b.Kind == content.Table {
			for _, row := range b.Rows {
				if len(row) != len(b.Rows[0]) || b.Header != nil && len(row) != len(b.Header) {
					t.Errorf("rows of different widths: %v", b)
				}
			}
		}
		if b.Kind == content.Heading && (b.Level < 1 || b.Level > 9) {
			t.Errorf("level %d", b.Level)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("第一章 a\n\nb\nc")
	f.Fuzz(func(t *testing.T, s string) { sound(t, Text(content.Clean(s))) })
}

func FuzzMarkdown(f *testing.F) {
	f.Add("---\ntitle: x\n---\n# a\n- b\n  1. c\n\n| d | e |\n|---|---|\n| f | g |\n<b>h</b>")
	f.Add("> > - > ```\nx")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Markdown(t.Context(), content.Clean(s), limits)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, d)
	})
}

func FuzzCSV(f *testing.F) {
	f.Add("a,b\n\"c\nd\",e\n")
	f.Add("sep=;\na;b")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := CSV(t.Context(), content.Clean(s), limits); err == nil {
			sound(t, d)
		}
	})
}
