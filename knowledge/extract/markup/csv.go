package markup

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// longField is where a field is taken for the rest of a file that a stray
// quotation mark has swallowed.
const longField = 64 << 10

// CSV reads a table whose delimiter is found by trying.
func CSV(ctx context.Context, s string, limits content.Limits) (content.Document, error) {
	d := content.Document{Type: "csv"}
	if first, rest, ok := strings.Cut(s, "\n"); ok && strings.HasPrefix(strings.ToLower(first), "sep=") {
		s = rest // a hint that Excel writes for itself
	}
	comma := delimiter(s)
	rows, err := records(ctx, s, comma, limits)
	if errors.Is(err, errSwallowed) {
		rows, err = plainRecords(ctx, s, comma, limits)
	}
	if err != nil {
		return d, err
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = content.Lines(cell)
		}
	}
	if table, ok := content.NewTable(rows, false); ok {
		d.Blocks = []content.Block{table}
	}
	return d, nil
}

// delimiter returns the one that cuts the first lines into the most even rows.
func delimiter(s string) rune {
	head := s[:min(len(s), 64<<10)]
	best, most := ',', 0
	for _, comma := range []rune{',', '\t', ';', '|', '，', '；'} {
		r := reader(head, comma)
		count := make(map[int]int)
		for range 50 {
			row, err := r.Read()
			if err != nil {
				break
			}
			count[len(row)]++
		}
		score := 0
		for width, n := range count {
			if width > 1 {
				score = max(score, n*1000+min(width, 100))
			}
		}
		if score > most {
			best, most = comma, score
		}
	}
	return best
}

func reader(s string, comma rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(s))
	r.Comma = comma
	r.LazyQuotes = true
	r.FieldsPerRecord = -1
	return r
}

var errSwallowed = errors.New("a quotation mark is not closed")

func records(ctx context.Context, s string, comma rune, limits content.Limits) ([][]string, error) {
	r := reader(s, comma)
	var rows [][]string
	for cells := 0; ; {
		row, err := r.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, content.Fail(content.Damaged, "", fmt.Errorf("read CSV: %w", err))
		}
		for _, cell := range row {
			if len(cell) > longField && strings.Count(cell, "\n") > 100 {
				return nil, errSwallowed
			}
		}
		rows = append(rows, row)
		if cells += len(row); cells > limits.Cells {
			return nil, tooManyCells(limits)
		}
		if len(rows)%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// plainRecords reads s as if quotation marks meant nothing.
func plainRecords(ctx context.Context, s string, comma rune, limits content.Limits) ([][]string, error) {
	var rows [][]string
	cells := 0
	for line := range strings.SplitSeq(s, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		row := strings.Split(line, string(comma))
		for i, cell := range row {
			row[i] = strings.Trim(cell, `" `)
		}
		rows = append(rows, row)
		if cells += len(row); cells > limits.Cells {
			return nil, tooManyCells(limits)
		}
		if len(rows)%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return rows, nil
}

func tooManyCells(limits content.Limits) error {
	return content.Fail(content.TooLarge, fmt.Sprintf("it has more than %d cells", limits.Cells), nil)
}
