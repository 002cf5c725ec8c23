package extract

import "strings"

// Text renders d as Markdown: everything that a Document says, to be read by
// people and by tests.
func Text(d Document) string {
	var b strings.Builder
	for _, block := range d.Blocks {
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		switch block.Kind {
		case Heading:
			b.WriteString(strings.Repeat("#", min(max(block.Level, 1), 6)))
			b.WriteByte(' ')
			b.WriteString(block.Text)
		case Code:
			b.WriteString("```\n" + block.Text + "\n```")
		case Table:
			writeTable(&b, block)
		default:
			b.WriteString(block.Text)
		}
	}
	return b.String()
}

func writeTable(b *strings.Builder, t Block) {
	header, rows := t.Header, t.Rows
	if header == nil && len(rows) > 0 {
		header = make([]string, len(rows[0]))
	}
	writeRow(b, header)
	b.WriteByte('|')
	b.WriteString(strings.Repeat(" --- |", max(len(header), 1)))
	b.WriteByte('\n')
	for _, row := range rows {
		writeRow(b, row)
	}
}

func writeRow(b *strings.Builder, row []string) {
	cell := strings.NewReplacer("|", `\|`, "\n", "<br>")
	b.WriteByte('|')
	for _, c := range row {
		b.WriteByte(' ')
		_, _ = cell.WriteString(b, c) // a strings.Builder never fails
		b.WriteString(" |")
	}
	b.WriteByte('\n')
}
