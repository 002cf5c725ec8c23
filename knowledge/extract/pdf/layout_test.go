package pdf

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// set returns lines of one size below each other, as PDFium would place them.
func set(left float64, top float64, texts ...string) []line {
	var lines []line
	for i, s := range texts {
		y := top - 14*float64(i)
		lines = append(lines, line{text: s, left: left, right: left + 6*float64(len(s)), base: y, low: y, size: 12})
	}
	return lines
}

func texts(blocks []content.Block) []string {
	var out []string
	for _, b := range blocks {
		out = append(out, string(b.Kind)+": "+b.Text)
	}
	return out
}

func TestLayoutColumns(t *testing.T) {
	lines := append(
		set(50, 700, "The left column of this page has lines", "that end long before the other begins,", "and goes on"),
		set(320, 700, "in the column on the right hand of it, ", "where it ends.")...)
	got := texts(layout([]page{{number: 1, lines: lines}}))
	want := []string{
		"paragraph: The left column of this page has lines that end long before the other begins, and goes on in the column on the right hand of it, where it ends.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layout() (-want +got):\n%s", diff)
	}
}

func TestLayoutWithoutPlaces(t *testing.T) {
	got := texts(layout([]page{{number: 1, lines: []line{{text: "one line that"}, {text: "goes on."}, {text: "The next."}, {text: "• item"}}}}))
	want := []string{"paragraph: one line that goes on.", "paragraph: The next.", "list: - item"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layout() (-want +got):\n%s", diff)
	}
}

func TestLayoutAcrossPages(t *testing.T) {
	got := texts(layout([]page{
		{number: 1, lines: set(50, 700, "This sentence is at the bottom of a page and")},
		{number: 2, lines: set(50, 700, "ends on the next one.")},
	}))
	want := []string{"paragraph: This sentence is at the bottom of a page and ends on the next one."}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layout() (-want +got):\n%s", diff)
	}
}

func TestDropRepeated(t *testing.T) {
	var pages []page
	for n := 1; n <= 4; n++ {
		pages = append(pages, page{number: n, lines: []line{
			{text: fmt.Sprintf("Help centre, edition %d", n)}, {text: fmt.Sprintf("Text %c", 'a'+n)}, {text: "more"}, {text: fmt.Sprintf("body %c", 'a'+n)}, {text: fmt.Sprintf("Page %d of 4", n)},
		}})
	}
	dropRepeated(pages)
	for n, p := range pages {
		var got []string
		for _, l := range p.lines {
			got = append(got, l.text)
		}
		if diff := cmp.Diff([]string{fmt.Sprintf("Text %c", 'b'+n), "more", fmt.Sprintf("body %c", 'b'+n)}, got); diff != "" {
			t.Errorf("page %d (-want +got):\n%s", n+1, diff)
		}
	}
}

func TestSizesOfAForm(t *testing.T) {
	small := set(50, 300, "All the small print of this form is longer than anything that is written on it.", "And a second line of it.")
	for i := range small {
		small[i].size = 8
	}
	big := set(50, 700, "Invoice")
	big[0].size = 20
	levels, body := sizes([]page{{lines: append(append(big, set(50, 600, "Labour is a line of the form", "Parts are a line of the form too", "Sum of all that")...), small...)}})
	if body != 12 || levels[20] != 1 || levels[12] != 0 {
		t.Errorf("sizes() = %v, %v, want 12 as the body and 20 as the heading", levels, body)
	}
}
