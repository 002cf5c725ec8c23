package chunk

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/parley-im/parley/knowledge/extract"
)

// atom is what is not torn apart: a sentence, an item, a row, a line.
type atom struct {
	text     string
	size     int
	location string
	newLine  bool // starts on a line of its own
	sentence bool // may be repeated as overlap
}

func atoms(b extract.Block, o Options) []atom {
	var out []atom
	add := func(text string, newLine, sentence bool) {
		for i, part := range bounded(text, o.Max) {
			out = append(out, atom{part, size(part), b.Location, newLine && i == 0, sentence})
		}
	}
	switch b.Kind {
	case extract.Table:
		for _, row := range rows(b) {
			add(row, true, false)
		}
	case extract.List, extract.Code:
		for line := range strings.Lines(b.Text) {
			if line = strings.TrimRightFunc(line, unicode.IsSpace); line != "" {
				add(line, true, false)
			}
		}
	default:
		for i, s := range sentences(b.Text) {
			add(s, i == 0, true)
		}
	}
	return out
}

// sentences cuts text after full stops of any script. The blanks between two
// sentences stay with the first.
func sentences(text string) []string {
	var out []string
	carry := ""
	for rest, state := strings.TrimSpace(text), -1; rest != ""; {
		var s string
		s, rest, state = uniseg.FirstSentenceInString(rest, state)
		s = carry + s
		carry = ""
		// the segmenter puts an opening quote to the sentence before it
		if last, n := utf8.DecodeLastRuneInString(s); rest != "" && n < len(s) && strings.ContainsRune("“‘「『《（〈", last) {
			s, carry = s[:len(s)-n], s[len(s)-n:]
		}
		out = append(out, s)
	}
	if carry != "" {
		out = append(out, carry)
	}
	return out
}

// rows writes each row of a table so that it can be read without the others.
func rows(b extract.Block) []string {
	var out []string
	if len(b.Rows) == 0 && len(b.Header) > 0 {
		out = append(out, strings.Join(b.Header, "; "))
	}
	for _, row := range b.Rows {
		var cells []string
		for i, c := range row {
			c = strings.Join(strings.Fields(c), " ")
			if c == "" {
				continue
			}
			if i < len(b.Header) && strings.TrimSpace(b.Header[i]) != "" {
				c = strings.Join(strings.Fields(b.Header[i]), " ") + ": " + c
			}
			cells = append(cells, c)
		}
		if len(cells) > 0 {
			out = append(out, strings.Join(cells, "; "))
		}
	}
	return out
}

// bounded cuts text that is larger than most, as late as it can: after a mark
// that ends a clause, else after a blank, else between two graphemes.
func bounded(text string, most int) []string {
	var out []string
	for size(text) > most {
		n, clause, blank, whole := 0, 0, 0, 0
		end := 0
		for rest, state := text, -1; rest != ""; {
			var g string
			g, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
			if n += size(g); n > most && end > 0 {
				break
			}
			end += len(g)
			whole = end
			switch {
			case strings.ContainsAny(g, ",;:，；：、。！？.!?"):
				clause = end
			case strings.TrimSpace(g) == "":
				blank = end
			}
			if n > most { // one grapheme larger than a whole piece
				break
			}
		}
		at := whole
		if clause > whole/2 {
			at = clause
		} else if blank > whole/2 {
			at = blank
		}
		out = append(out, text[:at])
		text = text[at:]
	}
	if text != "" {
		out = append(out, text)
	}
	return out
}
