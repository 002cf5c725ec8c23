package content

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// NewTable returns rows as a Table block: empty rows and columns dropped, all
// rows of one width, and the first row as header if first is true or it reads
// like one. It returns false if nothing is left.
func NewTable(rows [][]string, first bool) (Block, bool) {
	rows = compact(rows)
	if len(rows) == 0 {
		return Block{}, false
	}
	t := Block{Kind: Table, Rows: rows}
	if len(rows) > 1 && (first || LooksLikeHeader(rows[0])) {
		t.Header, t.Rows = rows[0], rows[1:]
	}
	return t, true
}

// LooksLikeHeader reports whether the cells of row are short, different labels,
// most columns have one, and none is a value.
func LooksLikeHeader(row []string) bool {
	seen := make(map[string]bool, len(row))
	for _, cell := range row {
		if cell == "" {
			continue
		}
		if seen[cell] || utf8.RuneCountInString(cell) > 60 || isValue(cell) {
			return false
		}
		seen[cell] = true
	}
	return len(seen) > 1 && len(seen)*3 >= len(row)*2
}

// isValue reports whether cell is a number, an amount, a date or an address. A
// year or "10月" may head a column.
func isValue(cell string) bool {
	if strings.Contains(cell, "://") || strings.Contains(cell, "@") {
		return true
	}
	digits, letters := 0, 0
	for _, r := range cell {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	if letters == 0 {
		year := len(cell) == 4 && digits == 4 && (cell[:2] == "19" || cell[:2] == "20")
		return digits > 0 && !year
	}
	return digits > 2*letters+1
}

func compact(rows [][]string) [][]string {
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}
	used := make([]bool, width)
	kept := make([][]string, 0, len(rows))
	for _, row := range rows {
		some := false
		for i, cell := range row {
			if strings.TrimSpace(cell) != "" {
				used[i], some = true, true
			}
		}
		if some {
			kept = append(kept, row)
		}
	}
	for r, row := range kept {
		out := make([]string, 0, len(row))
		for i := range width {
			switch {
			case !used[i]:
			case i < len(row):
				out = append(out, strings.TrimSpace(row[i]))
			default:
				out = append(out, "")
			}
		}
		kept[r] = out
	}
	return kept
}

// PlainText returns blocks as lines of text, tables with bars between their cells.
func PlainText(blocks []Block) string {
	var lines []string
	for _, b := range blocks {
		if b.Kind != Table {
			lines = append(lines, b.Text)
			continue
		}
		if b.Header != nil {
			lines = append(lines, strings.Join(b.Header, " | "))
		}
		for _, row := range b.Rows {
			lines = append(lines, strings.Join(row, " | "))
		}
	}
	return strings.Join(lines, "\n")
}
