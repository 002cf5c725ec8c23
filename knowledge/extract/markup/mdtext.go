package markup

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// mdList gathers one list as lines. A table or code inside an item comes after
// the list.
type mdList struct {
	m     *mdReader
	lines []string
	after []content.Block
}

func (l *mdList) read(n *ast.List, level, depth int) error {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		if err := l.item(item, strings.Repeat("  ", min(level, 10)), mark, level, depth); err != nil {
			return err
		}
	}
	return nil
}

func (l *mdList) item(item ast.Node, indent, mark string, level, depth int) error {
	for c := item.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.List:
			if level+depth > l.m.limits.Depth/4 {
				l.lines = append(l.lines, indent+l.m.flat(c))
			} else if err := l.read(c, level+1, depth); err != nil {
				return err
			}
		case *ast.Paragraph, *ast.TextBlock:
			for line := range strings.SplitSeq(l.m.inline(c), "\n") {
				if line != "" {
					l.lines = append(l.lines, indent+mark+line)
					mark = strings.Repeat(" ", len(mark))
				}
			}
		default:
			inner := mdReader{ctx: l.m.ctx, source: l.m.source, limits: l.m.limits}
			if err := inner.block(c, depth+level+1); err != nil {
				return err
			}
			l.after = append(l.after, inner.out...)
		}
	}
	return nil
}

// inline returns the text below n: what a reader sees, without the marks.
func (m *mdReader) inline(n ast.Node) string {
	var b strings.Builder
	m.writeInline(&b, n, 0)
	return content.Lines(b.String())
}

func (m *mdReader) writeInline(b *strings.Builder, n ast.Node, depth int) {
	if depth > m.limits.Depth {
		return
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			segment := c.Value(m.source)
			if !c.IsRaw() {
				segment = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(segment)))
			}
			b.Write(segment)
			switch {
			case c.HardLineBreak():
				b.WriteByte('\n')
			case c.SoftLineBreak():
				m.softBreak(b, c, segment)
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.AutoLink:
			b.Write(c.Label(m.source))
		case *ast.RawHTML:
			if tag := strings.ToLower(string(c.Segments.Value(m.source))); strings.HasPrefix(tag, "<br") {
				b.WriteByte('\n')
			}
		case *east.TaskCheckBox:
			if c.IsChecked {
				b.WriteString("[x] ")
			} else {
				b.WriteString("[ ] ")
			}
		default:
			m.writeInline(b, c, depth+1)
		}
	}
}

// softBreak puts a blank between two source lines, but none between CJK
// characters.
func (m *mdReader) softBreak(b *strings.Builder, n *ast.Text, before []byte) {
	last, _ := utf8.DecodeLastRune(before)
	if next, ok := n.NextSibling().(*ast.Text); ok {
		first, _ := utf8.DecodeRune(next.Value(m.source))
		if content.Wide(last) && content.Wide(first) {
			return
		}
	}
	b.WriteByte(' ')
}

// raw returns the source lines of a block.
func (m *mdReader) raw(n ast.Node) string {
	return string(n.Lines().Value(m.source))
}

// flat returns all source text below n, for what is nested too deeply to walk.
func (m *mdReader) flat(n ast.Node) string {
	var b strings.Builder
	// Goes down without recursion: the depth is what is wrong here.
	for c := n.FirstChild(); c != nil; {
		if c.Type() == ast.TypeBlock && c.Lines().Len() > 0 {
			b.WriteString(m.raw(c))
			b.WriteByte('\n')
		}
		next := c.FirstChild()
		if next == nil || next.Type() == ast.TypeInline {
			next = c.NextSibling()
			for up := c.Parent(); next == nil && up != nil && up != n; up = up.Parent() {
				next = up.NextSibling()
			}
		}
		c = next
	}
	return content.Lines(b.String())
}
