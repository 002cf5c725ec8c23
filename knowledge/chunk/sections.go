package chunk

import (
	"slices"
	"strings"

	"github.com/parley-im/parley/knowledge/extract"
)

// section is what stands under one heading.
type section struct {
	path  []string
	atoms []atom
	size  int
}

// sections groups the blocks of d by their headings. A heading with nothing
// under it keeps its words as text.
func sections(d extract.Document, o Options) []section {
	var out []section
	var path []string
	var levels []int
	cur := section{}
	used := true // the last heading is in the path of a section with text
	location := ""
	flush := func() {
		if len(cur.atoms) == 0 && !used {
			last := len(path) - 1
			h := extract.Block{Kind: extract.Code, Text: path[last], Location: location}
			cur = section{path: slices.Clone(path[:last])}
			cur.add(atoms(h, o))
		}
		if len(cur.atoms) > 0 {
			out = append(out, cur)
		}
	}
	for _, b := range d.Blocks {
		if b.Kind != extract.Heading {
			cur.add(atoms(b, o))
			continue
		}
		text := strings.Join(strings.Fields(b.Text), " ")
		if text == "" {
			continue
		}
		level := max(1, b.Level)
		deeper := len(levels) > 0 && level > levels[len(levels)-1] && size(path[len(path)-1]) <= o.Max/4
		if len(cur.atoms) > 0 || !deeper {
			flush()
		}
		for len(levels) > 0 && levels[len(levels)-1] >= level {
			levels, path = levels[:len(levels)-1], path[:len(path)-1]
		}
		if size(text) > o.Max/4 { // no heading but a text that looks like one
			cur = section{path: slices.Clone(path)}
			cur.add(atoms(extract.Block{Kind: extract.Paragraph, Text: text, Location: b.Location}, o))
			used = true
			continue
		}
		levels, path, location = append(levels, level), append(path, text), b.Location
		cur, used = section{path: slices.Clone(path)}, false
	}
	flush()
	return out
}

func (s *section) add(as []atom) {
	for _, a := range as {
		s.atoms = append(s.atoms, a)
		s.size += a.size
	}
}

// merge joins sections too small to stand alone with the next one. The headings
// that they do not share become lines of the text.
func merge(in []section, o Options) []section {
	var out []section
	for _, s := range in {
		if len(out) > 0 {
			last := &out[len(out)-1]
			if (last.size < o.Min || s.size < o.Min) && last.size+s.size+size(path(s.path)) <= o.Target {
				*last = join(*last, s)
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

func join(a, b section) section {
	n := 0
	for n < len(a.path) && n < len(b.path) && a.path[n] == b.path[n] {
		n++
	}
	s := section{path: a.path[:n]}
	for _, part := range []section{a, b} {
		for _, h := range part.path[n:] {
			s.add([]atom{{h, size(h), part.atoms[0].location, true, false}})
		}
		s.add(part.atoms)
	}
	return s
}
