package markup

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// HTML reads a web page or a piece of one: all that a reader sees. Navigation
// and the like are left out only when the page marks its main part, so that
// nothing is lost from pages that do not.
func HTML(ctx context.Context, s string, limits content.Limits) (content.Document, error) {
	d := content.Document{Type: "html"}
	root, err := html.Parse(strings.NewReader(s))
	if err != nil {
		// The parser refuses elements nested more than 512 deep. The text is
		// still there, so read it without its structure.
		d.Blocks, err = loose(ctx, s)
		return d, err
	}
	h := htmlReader{ctx: ctx, limits: limits}
	h.outline(root)
	if err := h.walk(root, 0); err != nil {
		return d, err
	}
	h.flush()
	d.Title, d.Blocks = h.title, h.out
	if d.Title == "" {
		d.Title = firstHeading(d.Blocks)
	}
	return d, nil
}

type htmlReader struct {
	ctx    context.Context
	limits content.Limits
	title  string
	main   bool // the page marks its main part
	inMain int
	cells  int
	line   strings.Builder // the paragraph being read
	out    []content.Block
}

// outline finds the title, and whether the main part is marked.
func (h *htmlReader) outline(root *html.Node) {
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch {
		case n.DataAtom == atom.Title && h.title == "" && n.FirstChild != nil && n.Namespace == "":
			h.title = content.Line(n.FirstChild.Data)
		case isMain(n):
			h.main = true
		}
	}
}

func isMain(n *html.Node) bool {
	return n.DataAtom == atom.Main || n.DataAtom == atom.Article || attr(n, "role") == "main"
}

// walk reads n and what is below it. The parser bounds the depth.
func (h *htmlReader) walk(n *html.Node, depth int) error {
	switch n.Type {
	case html.TextNode:
		h.line.WriteString(spaced(n.Data))
		return nil
	case html.DocumentNode:
		return h.children(n, depth)
	case html.ElementNode:
	default:
		return nil
	}
	if h.skipped(n) {
		return nil
	}
	if err := h.ctx.Err(); err != nil {
		return err
	}
	if isMain(n) {
		h.inMain++
		defer func() { h.inMain-- }()
	}
	switch n.DataAtom {
	case atom.Br:
		h.line.WriteByte('\n')
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		h.flush()
		if text := content.Line(h.inner(n, depth)); text != "" {
			h.out = append(h.out, content.Block{Kind: content.Heading, Level: int(n.Data[1] - '0'), Text: text})
		}
	case atom.Pre:
		h.flush()
		if text := strings.Trim(content.Clean(raw(n)), "\n"); text != "" {
			h.out = append(h.out, content.Block{Kind: content.Code, Text: text})
		}
	case atom.Ul, atom.Ol, atom.Menu:
		h.flush()
		return h.list(n, depth)
	case atom.Table:
		h.flush()
		return h.table(n, depth)
	default:
		if !isBlock(n) {
			return h.children(n, depth)
		}
		h.flush()
		err := h.children(n, depth)
		h.flush()
		return err
	}
	return nil
}

func (h *htmlReader) children(n *html.Node, depth int) error {
	for c := range n.ChildNodes() {
		if err := h.walk(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// flush ends the paragraph.
func (h *htmlReader) flush() {
	if text := content.Lines(h.line.String()); text != "" {
		h.out = append(h.out, content.Block{Kind: content.Paragraph, Text: text})
	}
	h.line.Reset()
}

// inner returns the text of n as lines, whatever blocks are in it.
func (h *htmlReader) inner(n *html.Node, depth int) string {
	sub := htmlReader{ctx: h.ctx, limits: h.limits, main: h.main, inMain: h.inMain, cells: h.cells}
	if err := sub.children(n, depth); err != nil {
		return "" // ctx has ended, which the caller's next step finds
	}
	sub.flush()
	h.cells = sub.cells
	return content.PlainText(sub.out)
}

// list reads a list as one block; what is nested goes with its item, indented.
func (h *htmlReader) list(n *html.Node, depth int) error {
	var lines []string
	number := 1
	for item := range n.ChildNodes() {
		if item.Type == html.TextNode && strings.TrimSpace(item.Data) == "" || item.Type == html.CommentNode {
			continue
		}
		text := ""
		switch {
		case item.Type == html.TextNode:
			text = content.Line(item.Data)
		case item.DataAtom == atom.Li && !h.skipped(item):
			text = h.inner(item, depth)
		case item.Type == html.ElementNode:
			sub := htmlReader{ctx: h.ctx, limits: h.limits, main: h.main, inMain: h.inMain, cells: h.cells}
			if err := sub.walk(item, depth); err != nil {
				return err
			}
			sub.flush()
			h.cells = sub.cells
			text = content.PlainText(sub.out)
		}
		if text == "" {
			continue
		}
		mark := "- "
		if n.DataAtom == atom.Ol {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		lines = append(lines, mark+strings.ReplaceAll(text, "\n", "\n  "))
	}
	if len(lines) > 0 {
		h.out = append(h.out, content.Block{Kind: content.List, Text: strings.Join(lines, "\n")})
	}
	return h.ctx.Err()
}
