package office

import (
	"encoding/xml"
	"fmt"
	"strconv"

	"github.com/parley-im/parley/knowledge/extract/archive"
	"github.com/parley-im/parley/knowledge/extract/content"
)

// docxCell is one w:tc.
type docxCell struct {
	blocks []docxBlock
	span   int    // columns
	merge  string // "restart", "continue" or ""
}

// table reads a w:tbl. A table of one column only frames what is in it, so its
// cells are read as part of the body.
func (b *docxBody) table() error {
	var rows [][]docxCell
	first := false
	wide := false
	var read func() error
	read = func() error {
		return b.t.Children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "tr":
				cells, head, err := b.row()
				if err != nil {
					return err
				}
				if len(rows) == 0 {
					first = head
				}
				if b.r.cells += len(cells); b.r.cells > b.r.limits.Cells {
					return content.Fail(content.TooLarge, fmt.Sprintf("it has more than %d cells", b.r.limits.Cells), nil)
				}
				wide = wide || len(cells) > 1
				rows = append(rows, cells)
				return nil
			case "tblPr", "tblGrid", "del", "moveFrom":
				return b.t.Skip()
			}
			return read() // sdt, ins, customXml
		}, nil)
	}
	if err := read(); err != nil {
		return err
	}
	if !wide {
		for _, row := range rows {
			for _, cell := range row {
				b.out = append(b.out, cell.blocks...)
			}
		}
		return nil
	}
	if t, ok := content.NewTable(grid(rows), first); ok {
		b.add(t)
	}
	return nil
}

func (b *docxBody) row() (cells []docxCell, header bool, err error) {
	var read func() error
	read = func() error {
		return b.t.Children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "tc":
				cell, err := b.cell()
				cells = append(cells, cell)
				return err
			case "trPr":
				return b.t.Children(func(e xml.StartElement) error {
					switch e.Name.Local {
					case "tblHeader":
						header = archive.Attr(e, "val") != "0" && archive.Attr(e, "val") != "false"
					case "gridBefore":
						if n := columns(e); n > 0 {
							cells = append(cells, docxCell{span: n})
						}
					}
					return b.t.Skip()
				}, nil)
			case "tblPrEx":
				return b.t.Skip()
			}
			return read()
		}, nil)
	}
	err = read()
	return cells, header, err
}

func (b *docxBody) cell() (docxCell, error) {
	cell := docxCell{span: 1}
	inner := docxBody{r: b.r, t: b.t}
	err := b.t.Children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "tcPr":
			return b.t.Children(func(e xml.StartElement) error {
				switch e.Name.Local {
				case "gridSpan":
					cell.span = max(columns(e), 1)
				case "vMerge":
					if cell.merge = archive.Attr(e, "val"); cell.merge == "" {
						cell.merge = "continue"
					}
				}
				return b.t.Skip()
			}, nil)
		case "p":
			return inner.paragraph()
		case "tbl":
			return inner.table()
		case "del", "moveFrom":
			return b.t.Skip()
		case "AlternateContent":
			return inner.alternate(inner.read)
		}
		return inner.read()
	}, nil)
	cell.blocks = inner.out
	return cell, err
}

func columns(e xml.StartElement) int {
	n, err := strconv.Atoi(archive.Attr(e, "val"))
	if err != nil || n < 0 {
		return 0
	}
	return min(n, 63) // what Word allows
}

// grid lays cells out in columns. A merged cell says the same in each row that
// it covers, so that each row can be understood by itself; text that a writer
// left in a covered cell is kept.
func grid(rows [][]docxCell) [][]string {
	out := make([][]string, 0, len(rows))
	above := make(map[int]string)
	for _, row := range rows {
		var line []string
		for _, cell := range row {
			text := content.PlainText(merge(cell.blocks))
			column := len(line)
			if cell.merge == "continue" && text == "" {
				text = above[column]
			}
			if cell.merge == "" {
				delete(above, column)
			} else {
				above[column] = text
			}
			line = append(line, text)
			for range cell.span - 1 {
				line = append(line, "")
			}
		}
		out = append(out, line)
	}
	return out
}
