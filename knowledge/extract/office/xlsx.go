package office

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/parley-im/parley/knowledge/extract/archive"
	"github.com/parley-im/parley/knowledge/extract/content"
)

// fewCells is up to where a sheet is read a second time for its merged cells:
// excelize holds the whole sheet in memory for that.
const fewCells = 200_000

// XLSX reads a workbook: each sheet that can be seen as a table, cells as they
// are displayed. Hidden sheets are left out: they hold lists and workings that
// their author did not mean to show.
func XLSX(ctx context.Context, path string, a *archive.Archive, limits content.Limits) (content.Document, error) {
	d := content.Document{Type: "xlsx", Title: coreTitle(ctx, a, limits)}
	if err := checkParts(ctx, a, limits); err != nil {
		return d, err
	}
	tmp, err := os.MkdirTemp("", "parley-xlsx-")
	if err != nil {
		return d, fmt.Errorf("make a folder for the sheets of a workbook: %w", err)
	}
	f, err := excelize.OpenFile(path, excelize.Options{
		UnzipSizeLimit:    limits.UnpackedBytes,
		UnzipXMLSizeLimit: min(16<<20, limits.UnpackedBytes),
		TmpDir:            tmp,
	})
	if err != nil {
		return d, errors.Join(content.Fail(content.Damaged, "", fmt.Errorf("open workbook: %w", err)), os.RemoveAll(tmp))
	}
	w := workbook{ctx: ctx, f: f, limits: limits}
	for _, sheet := range f.GetSheetList() {
		if visible, err := f.GetSheetVisible(sheet); err == nil && !visible {
			continue
		}
		blocks, err := w.sheet(sheet)
		if err != nil {
			return d, errors.Join(err, f.Close(), os.RemoveAll(tmp))
		}
		d.Blocks = append(d.Blocks, blocks...)
	}
	return d, errors.Join(f.Close(), os.RemoveAll(tmp))
}

// checkParts unpacks the file once, for excelize trusts what its headers say,
// and refuses what the XML of a workbook never has.
func checkParts(ctx context.Context, a *archive.Archive, limits content.Limits) error {
	if err := a.Measure(ctx); err != nil {
		return err
	}
	for _, name := range a.Names() {
		if !strings.HasSuffix(name, ".xml") && !strings.HasSuffix(name, ".rels") {
			continue
		}
		part, err := a.Open(name)
		if err != nil {
			return err
		}
		head := make([]byte, 4096)
		n, _ := part.Read(head) // what is wrong with it shows when it is read
		if err := part.Close(); err != nil {
			return content.Or(err, content.Damaged)
		}
		if strings.Contains(strings.ToUpper(string(head[:n])), "<!DOCTYPE") {
			return content.Fail(content.Damaged, "", errors.New("XML with a document type declaration"))
		}
	}
	return nil
}

type workbook struct {
	ctx    context.Context
	f      *excelize.File
	limits content.Limits
	cells  int
}

func (w *workbook) sheet(name string) ([]content.Block, error) {
	rows, err := w.rows(name)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	location := "sheet " + content.Short(content.Line(name), 60)
	var out []content.Block
	above, rows := splitTitle(rows)
	for _, text := range above {
		out = append(out, content.Block{Kind: content.Paragraph, Text: text, Location: location})
	}
	if t, ok := content.NewTable(rows, false); ok {
		t.Location = location
		out = append(out, t)
	}
	return out, nil
}

// rows reads the sheet row by row and spreads cells that are merged downwards.
func (w *workbook) rows(name string) ([][]string, error) {
	it, err := w.f.Rows(name)
	if err != nil {
		if strings.Contains(err.Error(), "not a worksheet") {
			return nil, nil // a sheet that is only a chart
		}
		return nil, content.Fail(content.Damaged, "", fmt.Errorf("open sheet: %w", err))
	}
	var rows [][]string
	cells, blank := 0, 0
	for n := 0; it.Next(); n++ {
		if n%256 == 0 && w.ctx.Err() != nil {
			return nil, errors.Join(w.ctx.Err(), it.Close())
		}
		row, err := it.Columns()
		if err != nil {
			return nil, errors.Join(content.Fail(content.Damaged, "", fmt.Errorf("read sheet: %w", err)), it.Close())
		}
		if cells += len(row); w.cells+cells > w.limits.Cells {
			return nil, errors.Join(content.Fail(content.TooLarge, fmt.Sprintf("it has more than %d cells", w.limits.Cells), nil), it.Close())
		}
		if empty(row) {
			blank++
			continue
		}
		// Row numbers matter for merged cells, but a single cell far below must
		// not make a million rows.
		if blank < 1000 {
			for range blank {
				rows = append(rows, nil)
			}
		}
		blank = 0
		for i, cell := range row {
			row[i] = content.Lines(cell)
		}
		rows = append(rows, row)
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return nil, content.Fail(content.Damaged, "", fmt.Errorf("read sheet: %w", err))
	}
	w.cells += cells
	if cells > 0 && cells <= fewCells {
		w.spread(name, rows)
	}
	return rows, nil
}

func empty(row []string) bool {
	for _, cell := range row {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

// spread writes the text of a cell that is merged over several rows into each,
// so that each row can be understood by itself.
func (w *workbook) spread(name string, rows [][]string) {
	merged, err := w.f.GetMergeCells(name)
	if err != nil {
		return // the sheet was read; only this nicety is missing
	}
	for _, m := range merged {
		column, top, err := excelize.CellNameToCoordinates(m.GetStartAxis())
		if err != nil {
			continue
		}
		_, bottom, err := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err != nil || top > len(rows) || column > len(rows[top-1]) {
			continue
		}
		for r := top; r < min(bottom, len(rows)); r++ {
			if empty(rows[r]) {
				continue
			}
			for len(rows[r]) < column {
				rows[r] = append(rows[r], "")
			}
			if rows[r][column-1] == "" {
				rows[r][column-1] = rows[top-1][column-1]
			}
		}
	}
}

// splitTitle takes the rows above a table that have one cell only (its title, a
// remark) off as text.
func splitTitle(rows [][]string) (above []string, table [][]string) {
	width := 0
	for _, row := range rows {
		width = max(width, filled(row))
	}
	for i, row := range rows {
		n := filled(row)
		if n > 1 || width < 2 || i > 20 {
			return above, rows[i:]
		}
		for _, cell := range row {
			if cell != "" && utf8.ValidString(cell) {
				above = append(above, cell)
			}
		}
	}
	return above, nil
}

func filled(row []string) int {
	n := 0
	for _, cell := range row {
		if cell != "" {
			n++
		}
	}
	return n
}
