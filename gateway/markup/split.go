package markup

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// least is the smallest limit that Split keeps; no platform is that narrow.
const least = 40

// Split cuts s, which Render made with the same options, into parts of at most
// max runes each; 0 is no limit. It cuts between blocks, else between lines, else
// between sentences or words, and never inside a character. Code is fenced again
// in each part, and tables repeat their head.
func Split(s string, limit int, o Options) []string {
	if limit <= 0 || runes(s) <= limit {
		return []string{s}
	}
	p := &packer{limit: max(limit, least), Options: o}
	for _, b := range sections(s, o.Plain) {
		p.add(b)
	}
	p.flush()
	return p.parts
}

func runes(s string) int { return utf8.RuneCountInString(s) }

// section is a block of text: some words, a table or code.
type section struct {
	lines []string
	head  []string // lines that each part of it begins with
	foot  string   // and ends with
}

// sections takes s apart at its empty lines, code and tables being one each.
func sections(s string, plain bool) []section {
	var out []section
	var now section
	end := func() {
		if len(now.lines) > 0 || now.foot != "" {
			out = append(out, now)
		}
		now = section{}
	}
	for _, line := range strings.Split(s, "\n") {
		body := strings.TrimLeft(line, "> ")
		mark := ""
		if !plain {
			mark = fenceOf(body)
		}
		switch {
		case now.foot != "" && strings.TrimSpace(body) == strings.TrimSpace(strings.TrimLeft(now.foot, "> ")):
			end()
		case now.foot != "":
			now.lines = append(now.lines, line)
		case mark != "":
			end()
			now.head, now.foot = []string{line}, line[:len(line)-len(body)]+mark
		case strings.TrimSpace(line) == "":
			end()
		default:
			now.lines = append(now.lines, line)
			if !plain && len(now.lines) == 2 && strings.HasPrefix(line, "| ---") {
				now.head, now.lines = now.lines, nil
			}
		}
	}
	end()
	return out
}

func (b section) text() string {
	lines := append(append([]string{}, b.head...), b.lines...)
	if b.foot != "" {
		lines = append(lines, b.foot)
	}
	return strings.Join(lines, "\n")
}

// packer fills parts.
type packer struct {
	Options
	limit int
	parts []string
	now   string
}

func (p *packer) flush() {
	if strings.TrimSpace(p.now) != "" {
		p.parts = append(p.parts, strings.Trim(p.now, "\n"))
	}
	p.now = ""
}

// put appends s, which fits into a part, to this one or the next.
func (p *packer) put(s, gap string) {
	if p.now != "" && runes(p.now)+runes(gap)+runes(s) > p.limit {
		p.flush()
	}
	if p.now != "" {
		p.now += gap
	}
	p.now += s
}

func (p *packer) add(b section) {
	if s := b.text(); runes(s) <= p.limit {
		p.put(s, "\n\n")
		return
	}
	p.flush()
	frame := runes(section{head: b.head, foot: b.foot}.text()) + 2
	if frame > p.limit/2 { // a table with a huge head: rows are just lines
		p.lines(append(b.head, b.lines...))
		return
	}
	piece := section{head: b.head, foot: b.foot}
	size := frame
	for _, line := range p.fit(b, frame) {
		if len(piece.lines) > 0 && size+runes(line)+1 > p.limit {
			p.put(piece.text(), "\n\n")
			p.flush()
			piece.lines, size = nil, frame
		}
		piece.lines = append(piece.lines, line)
		size += runes(line) + 1
	}
	if len(piece.lines) > 0 {
		p.put(piece.text(), "\n\n")
	}
}

func (p *packer) lines(lines []string) {
	for _, line := range p.fit(section{lines: lines}, 0) {
		p.put(line, "\n")
	}
}

// fit cuts the lines of b that alone are too long. Words lose their markup then:
// half a mark would change what the rest of them means.
func (p *packer) fit(b section, frame int) []string {
	room := p.limit - frame - 1
	var out []string
	for _, line := range b.lines {
		switch {
		case runes(line) <= room:
			out = append(out, line)
		case p.Plain || b.foot != "":
			out = append(out, cut(line, room)...)
		default:
			bare := Render(line, Options{Plain: true})
			out = append(out, escaped(strings.ReplaceAll(bare, "\n", " "), room)...)
		}
	}
	return out
}

// escaped cuts words so that the pieces fit when they are escaped, which makes
// them twice as long at most.
func escaped(words string, room int) []string {
	for _, size := range []int{room, room * 3 / 4, room / 2} {
		pieces := cut(words, size)
		fits := true
		for i := range pieces {
			pieces[i] = escape(pieces[i], true, false)
			fits = fits && runes(pieces[i]) <= room
		}
		if fits {
			return pieces
		}
	}
	return nil // not reached: no escape is longer than twice
}

// cut cuts a line into pieces of at most room runes, at the end of a sentence or
// between words if there is one in the second half, and never inside a character
// as people see it, unless that alone is too long.
func cut(line string, room int) []string {
	var out []string
	for runes(line) > room {
		at, gap, sentence, rest := 0, 0, 0, line
		n, state := 0, -1
		for rest != "" {
			var c string
			var bounds int
			c, rest, bounds, state = uniseg.StepString(rest, state)
			if n += runes(c); n > room {
				break
			}
			at += len(c)
			if n > room/2 && bounds&uniseg.MaskLine != uniseg.LineDontBreak {
				gap = at
			}
			if n > room/2 && bounds&uniseg.MaskSentence != 0 {
				sentence = at
			}
		}
		if sentence > 0 {
			at = sentence
		} else if gap > 0 {
			at = gap
		}
		if at == 0 { // one character longer than a part
			for i := range line {
				if at = i; runes(line[:i]) == room {
					break
				}
			}
		}
		out = append(out, strings.TrimSpace(line[:at]))
		line = strings.TrimLeft(line[at:], " ")
	}
	return append(out, line)
}
