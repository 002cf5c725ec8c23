package pdf

import (
	"math"
	"strings"

	"github.com/parley-im/parley/knowledge/extract/content"
)

func joined(lines []line) string {
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.text
	}
	return content.Join(texts)
}

// table makes one of rows: a table if most have the same number of cells, else
// lines. A row with fewer cells has them in the columns that they stand under.
func table(rows []line) content.Block {
	count := make(map[int]int)
	var widest line
	for _, r := range rows {
		count[len(r.cells)]++
		if len(r.cells) > len(widest.cells) {
			widest = r
		}
	}
	if len(rows) > 1 && count[len(widest.cells)]*2 >= len(rows) {
		var grid [][]string
		for _, r := range rows {
			out := make([]string, len(widest.cells))
			for i, cell := range r.cells {
				column := i
				if len(r.cells) < len(out) {
					column = nearest(widest.at, r.at[i])
				}
				out[column] = strings.TrimSpace(out[column] + " " + cell)
			}
			grid = append(grid, out)
		}
		if t, ok := content.NewTable(grid, false); ok {
			return t
		}
	}
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = r.text
	}
	return content.Block{Kind: content.Paragraph, Text: strings.Join(texts, "\n")}
}

// nearest returns the index of the place that is nearest to x.
func nearest(places []float64, x float64) int {
	best := 0
	for i, p := range places {
		if math.Abs(p-x) < math.Abs(places[best]-x) {
			best = i
		}
	}
	return best
}

// lists joins paragraphs that are items of a list.
func lists(in []content.Block) []content.Block {
	var out []content.Block
	for _, b := range in {
		mark := bullet.FindString(b.Text)
		if b.Kind != content.Paragraph || mark == "" && !numbered.MatchString(b.Text) {
			out = append(out, b)
			continue
		}
		b.Kind = content.List
		if mark != "" {
			b.Text = "- " + b.Text[len(mark):]
		}
		if n := len(out); n > 0 && out[n-1].Kind == content.List && out[n-1].Location == b.Location {
			out[n-1].Text += "\n" + b.Text
			continue
		}
		out = append(out, b)
	}
	return out
}
