package chunk

import (
	"strings"
	"unicode"
)

// pack fills the atoms of a section into pieces of about the same size.
func (s section) pack(o Options) []Piece {
	aim := s.size
	if s.size > o.Max {
		n := (s.size + o.Target - 1) / o.Target
		aim = (s.size + n - 1) / n
	}
	var out []Piece
	var cur []atom
	filled, left, overlap := 0, s.size, 0
	flush := func() {
		if len(cur) == overlap {
			return
		}
		out = append(out, s.piece(cur, overlap))
		last := cur[len(cur)-1]
		cur, filled, overlap = nil, 0, 0
		if last.sentence && last.size <= o.Repeat {
			cur, filled, overlap = append(cur, last), last.size, 1
		}
	}
	for _, a := range s.atoms {
		full := filled+a.size > o.Max || filled >= aim && left > o.Min
		if full && len(cur) > overlap {
			flush()
		}
		if filled+a.size > o.Max { // no room for both the overlap and a
			cur, filled, overlap = nil, 0, 0
		}
		cur = append(cur, a)
		filled += a.size
		left -= a.size
	}
	flush()
	return out
}

func (s section) piece(as []atom, overlap int) Piece {
	var b strings.Builder
	p := Piece{Heading: path(s.path), Location: as[overlap].location}
	for i, a := range as {
		if i > 0 && a.newLine && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
		b.WriteString(a.text)
		if i < overlap {
			p.Overlap = b.Len()
		}
	}
	text := strings.TrimLeftFunc(b.String(), unicode.IsSpace)
	p.Overlap = max(0, p.Overlap-(b.Len()-len(text)))
	p.Text = strings.TrimRightFunc(text, unicode.IsSpace)
	return p
}
