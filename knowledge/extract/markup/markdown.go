package markup

import (
	"context"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// Markdown reads CommonMark with tables, strike-through and task lists. Front
// matter is dropped but for its title.
func Markdown(ctx context.Context, s string, limits content.Limits) (content.Document, error) {
	title, body := frontMatter(s)
	d := content.Document{Type: "md", Title: title}
	source := []byte(body)
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList))
	m := mdReader{ctx: ctx, source: source, limits: limits}
	if err := m.blocks(md.Parser().Parse(text.NewReader(source)), 0); err != nil {
		return d, err
	}
	d.Blocks = m.out
	if d.Title == "" {
		d.Title = firstHeading(d.Blocks)
	}
	return d, nil
}

// frontMatter cuts the block between two lines of --- (YAML) or +++ (TOML) off
// the top and returns the title that it gives.
func frontMatter(s string) (title, body string) {
	fence := ""
	for _, f := range []string{"---", "+++"} {
		if strings.HasPrefix(s, f+"\n") {
			fence = f
		}
	}
	if fence == "" {
		return "", s
	}
	head, body, ok := strings.Cut(s[len(fence):], "\n"+fence+"\n")
	if !ok {
		if head, ok = strings.CutSuffix(s[len(fence):], "\n"+fence); !ok {
			return "", s
		}
		body = ""
	}
	for line := range strings.SplitSeq(head, "\n") {
		key, value, found := strings.Cut(line, ":")
		if fence == "+++" {
			key, value, found = strings.Cut(line, "=")
		}
		if found && strings.EqualFold(strings.TrimSpace(key), "title") {
			title = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return title, body
}

func firstHeading(blocks []content.Block) string {
	for _, b := range blocks {
		if b.Kind == content.Heading {
			if b.Level == 1 {
				return b.Text
			}
			return ""
		}
	}
	return ""
}

type mdReader struct {
	ctx    context.Context
	source []byte
	limits content.Limits
	out    []content.Block
}

func (m *mdReader) add(kind content.Kind, text string) {
	if text != "" {
		m.out = append(m.out, content.Block{Kind: kind, Text: text})
	}
}

// blocks reads what is directly below n. Beyond the allowed depth the source is
// taken as it stands.
func (m *mdReader) blocks(n ast.Node, depth int) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	if depth > m.limits.Depth/4 {
		m.add(content.Paragraph, m.flat(n))
		return nil
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if err := m.block(c, depth); err != nil {
			return err
		}
	}
	return nil
}

func (m *mdReader) block(n ast.Node, depth int) error {
	switch n := n.(type) {
	case *ast.Heading:
		if t := strings.ReplaceAll(m.inline(n), "\n", " "); t != "" {
			m.out = append(m.out, content.Block{Kind: content.Heading, Level: n.Level, Text: t})
		}
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		m.add(content.Code, strings.Trim(m.raw(n), "\n"))
	case *ast.HTMLBlock:
		html := m.raw(n)
		if n.HasClosure() {
			html += string(n.ClosureLine.Value(m.source))
		}
		d, err := HTML(m.ctx, html, m.limits)
		if err != nil {
			return err
		}
		m.out = append(m.out, d.Blocks...)
	case *ast.List:
		items := mdList{m: m}
		if err := items.read(n, 0, depth); err != nil {
			return err
		}
		m.add(content.List, strings.Join(items.lines, "\n"))
		m.out = append(m.out, items.after...)
	case *east.Table:
		m.table(n)
	case *ast.Paragraph, *ast.TextBlock:
		m.add(content.Paragraph, m.inline(n))
	default:
		return m.blocks(n, depth+1)
	}
	return nil
}

func (m *mdReader) table(n *east.Table) {
	var rows [][]string
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, m.inline(cell))
		}
		rows = append(rows, cells)
	}
	if t, ok := content.NewTable(rows, true); ok {
		m.out = append(m.out, t)
	}
}
