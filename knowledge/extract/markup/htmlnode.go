package markup

import (
	"context"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// skipped reports whether a reader of the page does not see n.
func (h *htmlReader) skipped(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Head, atom.Iframe, atom.Object, atom.Svg,
		atom.Select, atom.Textarea, atom.Rt, atom.Rp, atom.Canvas, atom.Audio, atom.Video:
		return true
	case atom.Nav, atom.Aside, atom.Footer:
		return h.main && h.inMain == 0
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return a.Val != "until-found"
		case "role":
			if a.Val == "navigation" && h.main && h.inMain == 0 {
				return true
			}
		case "style":
			style := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
				return true
			}
		}
	}
	return false
}

// isBlock reports whether n starts a paragraph of its own.
func isBlock(n *html.Node) bool {
	switch n.DataAtom {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Aside, atom.Nav,
		atom.Blockquote, atom.Dl, atom.Dt, atom.Dd, atom.Figure, atom.Figcaption, atom.Details, atom.Summary,
		atom.Address, atom.Fieldset, atom.Legend, atom.Form, atom.Hr, atom.Body, atom.Html, atom.Li, atom.Caption,
		atom.Center, atom.Td, atom.Th, atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot:
		return true
	}
	return n.Data == "search" || n.Data == "hgroup"
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

// spaced makes line breaks in the source what they are for a reader: a blank,
// or nothing between CJK characters.
func spaced(s string) string {
	if !strings.ContainsAny(s, "\n\r") {
		return s
	}
	line := content.Line(s)
	if line == "" {
		return " "
	}
	first, _ := utf8.DecodeRuneInString(line)
	last, _ := utf8.DecodeLastRuneInString(line)
	if s[0] <= ' ' && !content.Wide(first) {
		line = " " + line
	}
	if s[len(s)-1] <= ' ' && !content.Wide(last) {
		line += " "
	}
	return line
}

// raw returns the text below n with its white space.
func raw(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		switch {
		case c.Type == html.TextNode:
			b.WriteString(c.Data)
		case c.DataAtom == atom.Br:
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// table reads a table of data as one block, and one that only arranges a page
// (a single column, or with a table in it) as the blocks in its cells.
func (h *htmlReader) table(n *html.Node, depth int) error {
	var rows []*html.Node
	nested, width := false, 0
	for c := range n.Descendants() {
		switch c.DataAtom {
		case atom.Table:
			nested = true
		case atom.Tr:
			rows = append(rows, c)
		}
	}
	for _, row := range rows {
		width = max(width, len(cellsOf(row)))
	}
	if nested || width < 2 {
		err := h.children(n, depth)
		h.flush()
		return err
	}
	for c := range n.ChildNodes() {
		if c.DataAtom == atom.Caption {
			h.line.WriteString(h.inner(c, depth))
			h.flush()
		}
	}
	return h.grid(rows, depth)
}

func cellsOf(row *html.Node) []*html.Node {
	var cells []*html.Node
	for c := range row.ChildNodes() {
		if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
			cells = append(cells, c)
		}
	}
	return cells
}

// grid lays the cells out; a cell that spans rows says the same in each.
func (h *htmlReader) grid(rows []*html.Node, depth int) error {
	type span struct {
		text string
		rows int
	}
	var grid [][]string
	carry := make(map[int]span)
	first := false
	for i, row := range rows {
		if h.skipped(row) {
			continue
		}
		if err := h.ctx.Err(); err != nil {
			return err
		}
		var line []string
		fill := func() {
			for s := carry[len(line)]; s.rows > 0; s = carry[len(line)] {
				carry[len(line)] = span{s.text, s.rows - 1}
				line = append(line, s.text)
			}
		}
		heads := 0
		cells := cellsOf(row)
		for _, cell := range cells {
			fill()
			text := ""
			if !h.skipped(cell) {
				text = h.inner(cell, depth)
			}
			if cell.DataAtom == atom.Th {
				heads++
			}
			if down := number(attr(cell, "rowspan"), 1000); down > 1 {
				carry[len(line)] = span{text, down - 1}
			}
			line = append(line, text)
			for range number(attr(cell, "colspan"), 100) - 1 {
				line = append(line, "")
			}
		}
		fill()
		if i == 0 {
			first = heads > 0 && heads == len(cells)
		}
		if h.cells += len(line); h.cells > h.limits.Cells {
			return tooManyCells(h.limits)
		}
		grid = append(grid, line)
	}
	if t, ok := content.NewTable(grid, first); ok {
		h.out = append(h.out, t)
	}
	return nil
}

func number(s string, most int) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, most)
}

// loose reads HTML as a stream of words, without its structure.
func loose(ctx context.Context, s string) ([]content.Block, error) {
	var blocks []content.Block
	var b strings.Builder
	flush := func() {
		if text := content.Lines(b.String()); text != "" {
			blocks = append(blocks, content.Block{Kind: content.Paragraph, Text: text})
		}
		b.Reset()
	}
	z := html.NewTokenizer(strings.NewReader(s))
	for quiet, count := "", 0; ; count++ {
		if count%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		switch z.Next() {
		case html.ErrorToken:
			flush()
			if err := z.Err(); err != io.EOF {
				return nil, content.Fail(content.Damaged, "", err)
			}
			return blocks, nil
		case html.TextToken:
			if quiet == "" {
				b.Write(z.Text())
				b.WriteByte(' ')
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			switch tag := string(name); tag {
			case "script", "style", "template", "noscript":
				quiet = tag
			case "p", "div", "h1", "h2", "h3", "h4", "li", "tr", "table":
				flush()
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == quiet {
				quiet = ""
			}
		}
	}
}
