package markup

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// span is a piece of a line: words, which are escaped, or markup, which is not.
type span struct {
	s      string
	markup bool
	brk    bool // a line break
}

// spans keeps neighbouring words together, so that they are escaped as one: what
// was apart in the source (by a tag that is dropped, say) may not become markup.
type spans []span

func (ss *spans) text(s string) {
	if s == "" {
		return
	}
	if n := len(*ss); n > 0 && !(*ss)[n-1].markup && !(*ss)[n-1].brk {
		(*ss)[n-1].s += s
		return
	}
	*ss = append(*ss, span{s: s})
}

func (ss *spans) mark(s string) { *ss = append(*ss, span{s: s, markup: true}) }
func (ss *spans) newline()      { *ss = append(*ss, span{brk: true}) }

// lines writes spans; in one line if oneLine.
func (w *writer) lines(ss spans, oneLine bool) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if s := strings.TrimSpace(b.String()); s != "" {
			out = append(out, s)
		}
		b.Reset()
	}
	ss = strong(ss)
	for i, s := range ss {
		if s.markup && w.Plain {
			continue
		}
		switch {
		case s.brk && oneLine:
			b.WriteByte(' ')
		case s.brk:
			flush()
		case s.markup:
			b.WriteString(s.s)
		default:
			for j, line := range strings.Split(clean(s.s), "\n") {
				if j > 0 && oneLine {
					b.WriteByte(' ')
				} else if j > 0 {
					flush()
				}
				line = calm(line, true)
				if !w.Plain {
					next := i+1 < len(ss) && ss[i+1].markup
					line = escape(line, strings.TrimSpace(b.String()) == "", next)
				}
				b.WriteString(line)
			}
		}
	}
	flush()
	return out
}

var bold = regexp.MustCompile(`\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*`)

// strong finds what Markdown's rules do not take for bold because Chinese has no
// spaces, such as **注意：**请; the sign goes behind the mark, where they do.
func strong(ss spans) spans {
	var out spans
	for _, s := range ss {
		at := 0
		if !s.markup && !s.brk {
			for _, m := range bold.FindAllStringSubmatchIndex(s.s, -1) {
				in := s.s[m[2]:m[3]]
				core := strings.TrimRightFunc(in, unicode.IsPunct)
				if core == "" || unicode.IsPunct([]rune(core)[0]) {
					continue
				}
				out.text(s.s[at:m[0]])
				out.mark("**")
				out.text(core)
				out.mark("**")
				out.text(in[len(core):])
				at = m[1]
			}
			out.text(s.s[at:])
			continue
		}
		out = append(out, s)
	}
	return out
}

// inline collects the children of n.
func (w *writer) inline(n ast.Node) spans {
	var out spans
	w.collect(n, &out, 0)
	return out
}

func (w *writer) collect(n ast.Node, out *spans, depth int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.one(c, out, depth)
	}
}

func (w *writer) one(n ast.Node, out *spans, depth int) {
	if depth > 4*maxDepth {
		return
	}
	switch n := n.(type) {
	case *ast.Text:
		out.text(w.words(n.Segment.Value(w.source), n.IsRaw()))
		if n.HardLineBreak() || n.SoftLineBreak() {
			out.newline()
		}
	case *ast.String:
		out.text(w.words(n.Value, n.IsRaw() || n.IsCode()))
	case *ast.CodeSpan:
		w.codeSpan(n, out)
	case *ast.Emphasis:
		w.wrapped(n, out, strings.Repeat("*", n.Level), depth)
	case *east.Strikethrough:
		w.wrapped(n, out, "~~", depth)
	case *ast.Link:
		w.link(n, string(n.Destination), out, depth)
	case *ast.AutoLink:
		w.autoLink(n, out)
	case *ast.Image:
		w.image(n, out)
	case *ast.RawHTML:
		if tag := strings.ToLower(string(n.Segments.Value(w.source))); strings.HasPrefix(tag, "<br") {
			out.newline()
		}
	case *east.TaskCheckBox:
		if n.IsChecked {
			out.text("☑ ")
		} else {
			out.text("☐ ")
		}
	default:
		w.collect(n, out, depth+1)
	}
}

// words resolves backslashes and entities.
func (w *writer) words(b []byte, raw bool) string {
	if !raw {
		b = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(b)))
	}
	return string(b)
}

// wrapped writes n between two marks, if that reads as such: marks must touch words.
func (w *writer) wrapped(n ast.Node, out *spans, mark string, depth int) {
	var in spans
	w.collect(n, &in, depth+1)
	if len(in) == 0 {
		return
	}
	first, last := in[0], in[len(in)-1]
	if w.Plain || first.brk || last.brk || strings.TrimSpace(first.s) != first.s && !first.markup ||
		strings.TrimSpace(last.s) != last.s && !last.markup {
		out.join(in)
		return
	}
	out.mark(mark)
	out.join(in)
	out.mark(mark)
}

func (ss *spans) join(in spans) {
	for _, s := range in {
		switch {
		case s.brk:
			ss.newline()
		case s.markup:
			ss.mark(s.s)
		default:
			ss.text(s.s)
		}
	}
}

// codeSpan is always in one line, so that a cut between lines never opens it.
func (w *writer) codeSpan(n ast.Node, out *spans) {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(w.source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
	}
	code := strings.ReplaceAll(clean(b.String()), "\n", " ")
	if w.Plain || strings.TrimSpace(code) == "" {
		out.text(code)
		return
	}
	ticks := "`"
	for strings.Contains(code, ticks) {
		ticks += "`"
	}
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") ||
		strings.HasPrefix(code, " ") && strings.HasSuffix(code, " ") {
		code = " " + code + " "
	}
	out.mark(ticks + calm(code, false) + ticks)
}

// label is the text of a link or image, as words in one line.
func (w *writer) label(n ast.Node) string {
	var in, flat spans
	plain := &writer{Options: Options{Plain: true}, source: w.source}
	plain.collect(n, &in, 0)
	flat.join(in)
	return strings.Join(plain.lines(flat, true), " ")
}

func (w *writer) link(n ast.Node, target string, out *spans, _ int) {
	w.linked(w.label(n), target, out)
}

func (w *writer) linked(label, target string, out *spans) {
	u, ok := parseURL(target)
	switch {
	case !ok:
		out.text(label)
	case label == "" || same(label, u):
		w.bare(u, out)
	case w.Plain:
		out.text(label + " (" + u.text + ")")
	case claims(label, u):
		// The words name another place than the link leads to: no link on them.
		out.text(label + " (")
		w.bare(u, out)
		out.text(")")
	default:
		out.mark("[" + escape(calm(clean(label), true), false, true) + "](" + u.text + ")")
		if !strings.Contains(strings.ToLower(label), strings.ToLower(u.place)) {
			out.text(" (" + u.place + ")")
		}
	}
}

// bare writes the address itself.
func (w *writer) bare(u address, out *spans) {
	if w.Plain {
		out.text(u.text)
		return
	}
	out.mark("<" + strings.TrimPrefix(u.text, "mailto:") + ">")
}

func (w *writer) autoLink(n *ast.AutoLink, out *spans) {
	label, target := string(n.Label(w.source)), string(n.URL(w.source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(target), "mailto:") {
		target = "mailto:" + target
	}
	if u, ok := parseURL(target); ok {
		if w.Plain {
			out.text(label)
		} else {
			w.bare(u, out)
		}
		return
	}
	out.text(label)
}

func (w *writer) image(n *ast.Image, out *spans) {
	label := w.label(n)
	u, ok := parseURL(string(n.Destination))
	if ok && !w.Plain && u.web && allowed(u.place, w.ImageHosts) {
		out.mark("![" + escape(calm(clean(label), true), false, true) + "](" + u.text + ")")
		return
	}
	out.text(label)
}
