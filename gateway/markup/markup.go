// Package markup turns the Markdown that a model wrote into text that is safe to
// show on a chat platform.
//
// Render parses with goldmark and writes the tree anew, as CommonMark or as plain
// text, so that only what it knows comes out: no raw HTML, no image unless its
// host is allowed, links to http, https and mailto only and with their real host
// in sight, no characters that hide or turn text, no ping of a whole room. Safe
// says how much of a text that is still growing may be shown without half a
// construct at its end. Split cuts what is too long for one post, on structure.
//
// Safety never rests on Safe or Split: what Render returns is safe for every
// input, cut anywhere, and a fuzz test holds that.
package markup

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Options say what a platform shows.
type Options struct {
	Plain      bool     // no markup at all
	ImageHosts []string // images from these hosts may be shown, such as "cdn.example.com"
}

// maxDepth is how deep blocks may be nested; what is deeper is shown flat.
const maxDepth = 16

// Render returns md as it may be shown.
func Render(md string, o Options) string {
	source := []byte(clean(md))
	w := &writer{Options: o, source: source}
	lines := w.blocks(newParser().Parse(text.NewReader(source)), 0)
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// newParser is made for each text: goldmark's parsers are cheap, and there is no
// shared state to think about.
func newParser() parser.Parser {
	return goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
}

type writer struct {
	Options
	source []byte
	item   int // nesting of list items, for the bullets of plain text
}

// lines is the raw text of a leaf block.
func (w *writer) raw(n ast.Node) []string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(w.source))
	}
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

// Words returns s as words that have no markup, in one line: a title, say.
func Words(s string, o Options) string {
	s = calm(strings.Join(strings.Fields(clean(s)), " "), true)
	if o.Plain {
		return s
	}
	return escape(s, true, true)
}

// Address returns a link to target that shows where it leads, or "" if target may
// not be linked to.
func Address(target string, o Options) string {
	u, ok := parseURL(target)
	switch {
	case !ok:
		return ""
	case o.Plain:
		return u.text
	}
	return "<" + strings.TrimPrefix(u.text, "mailto:") + ">"
}
