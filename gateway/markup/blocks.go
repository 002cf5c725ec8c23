package markup

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// blocks writes the children of n, with an empty line between them.
func (w *writer) blocks(n ast.Node, depth int) []string {
	var out []string
	var before ast.Node
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		lines := w.block(c, depth)
		if len(lines) == 0 {
			continue
		}
		if before != nil && !tight(before, c) {
			out = append(out, "")
		}
		// Two lists in a row would grow together; plain text does not mind.
		if before != nil && !w.Plain && before.Kind() == ast.KindList && c.Kind() == ast.KindList {
			out = append(out, "---", "")
		}
		out = append(out, lines...)
		before = c
	}
	return out
}

// tight reports whether b may stand directly under a: text of an item and the
// list below it.
func tight(a, b ast.Node) bool {
	return a.Kind() == ast.KindTextBlock && b.Kind() == ast.KindList
}

func (w *writer) block(n ast.Node, depth int) []string {
	if depth > maxDepth {
		return w.flat(n)
	}
	switch n := n.(type) {
	case *ast.Heading:
		return w.heading(n)
	case *ast.Paragraph, *ast.TextBlock:
		return w.paragraph(n)
	case *ast.Blockquote:
		return prefixed(w.blocks(n, depth+1), "> ", "> ")
	case *ast.List:
		return w.list(n, depth)
	case *ast.FencedCodeBlock:
		return w.code(n, string(n.Language(w.source)))
	case *ast.CodeBlock:
		return w.code(n, "")
	case *ast.ThematicBreak:
		if w.Plain {
			return []string{"———"}
		}
		return []string{"---"}
	case *ast.HTMLBlock:
		lines := w.raw(n)
		if n.HasClosure() {
			lines = append(lines, string(n.ClosureLine.Value(w.source)))
		}
		return w.literal(stripTags(strings.Join(lines, "\n")))
	case *east.Table:
		return w.table(n)
	case *ast.LinkReferenceDefinition:
		return nil
	}
	return w.blocks(n, depth+1)
}

// flat writes what is nested too deep as one run of plain words.
func (w *writer) flat(n ast.Node) []string {
	var b strings.Builder
	for c := n; c != nil; { // no recursion: the depth is the problem
		if c.Type() != ast.TypeInline && c.Lines().Len() > 0 {
			b.WriteString(strings.Join(w.raw(c), " ") + " ")
		}
		switch {
		case c.Type() != ast.TypeInline && c.FirstChild() != nil && c.FirstChild().Type() != ast.TypeInline:
			c = c.FirstChild()
		case c == n:
			c = nil
		default:
			for c != n && c.NextSibling() == nil {
				c = c.Parent()
			}
			if c == n {
				c = nil
			} else {
				c = c.NextSibling()
			}
		}
	}
	return w.literal(stripTags(b.String()))
}

// literal writes text that has no markup of its own.
func (w *writer) literal(s string) []string {
	var s2 spans
	s2.text(strings.TrimSpace(s))
	return w.lines(s2, false)
}

func (w *writer) heading(n *ast.Heading) []string {
	body := strings.Join(w.lines(w.inline(n), true), " ")
	if body == "" {
		return nil
	}
	if w.Plain {
		return []string{body}
	}
	return []string{strings.Repeat("#", n.Level) + " " + body}
}

func (w *writer) paragraph(n ast.Node) []string { return w.lines(w.inline(n), false) }

func prefixed(lines []string, first, rest string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		out[i] = strings.TrimRight(prefix+line, " ")
	}
	return out
}

func (w *writer) list(n *ast.List, depth int) []string {
	var out []string
	number := n.Start
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		marker := "- "
		if n.IsOrdered() {
			marker = fmt.Sprintf("%d. ", number)
			number++
		}
		lines := w.blocks(c, depth+1)
		if len(lines) == 0 {
			lines = []string{""}
		}
		if len(out) > 0 && !n.IsTight {
			out = append(out, "")
		}
		out = append(out, prefixed(lines, marker, strings.Repeat(" ", len(marker)))...)
	}
	return out
}

func (w *writer) code(n ast.Node, language string) []string {
	lines := w.raw(n)
	for i, line := range lines {
		lines[i] = calm(clean(line), w.Plain)
	}
	if w.Plain {
		return lines
	}
	fence := "```"
	for _, line := range lines {
		for strings.Contains(line, fence) {
			fence += "`"
		}
	}
	return append(append([]string{fence + word(language)}, lines...), fence)
}

// word is s if it can be the language of a code block.
func word(s string) string {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+-#.", r)) {
			return ""
		}
	}
	return s
}

func (w *writer) table(n *east.Table) []string {
	var rows [][]string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		var row []string
		for cell := c.FirstChild(); cell != nil; cell = cell.NextSibling() {
			text := strings.Join(w.lines(w.inline(cell), true), " ")
			if !w.Plain {
				text = escapePipes(text)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil
	}
	if w.Plain {
		return plainTable(rows)
	}
	var out []string
	for i, row := range rows {
		out = append(out, "| "+strings.Join(row, " | ")+" |")
		if i == 0 {
			out = append(out, strings.Repeat("| --- ", len(row))+"|")
		}
	}
	return out
}

// plainTable writes a line for each row, which reads well on a narrow screen and
// in any font.
func plainTable(rows [][]string) []string {
	head, rows := rows[0], rows[1:]
	if len(rows) == 0 {
		return []string{strings.Join(head, " | ")}
	}
	var out []string
	for _, row := range rows {
		var cells []string
		for i, cell := range row {
			switch {
			case cell == "":
			case i == 0 || i >= len(head) || head[i] == "":
				cells = append(cells, cell)
			default:
				cells = append(cells, head[i]+": "+cell)
			}
		}
		out = append(out, "- "+strings.Join(cells, "; "))
	}
	return out
}
