// Package chunk cuts a document into the pieces that are searched and quoted.
//
// Structure comes first: a piece stays inside one section and carries the path
// of its headings; list items, table rows and lines of code are never torn; a
// table row names its columns, so it can be read alone. Inside a section,
// sentences are filled up to a size (pack.go). A section that needs several
// pieces repeats the last sentence of one at the start of the next, and sections
// too small to stand alone join their neighbours (sections.go). Text of a
// sentence that is itself too long is cut at clauses, then blanks, then between
// graphemes (atoms.go).
//
// The result depends on nothing but the document and the options. No text is
// lost: leaving out what Overlap counts, the pieces say what the document says,
// in order.
package chunk

import (
	"strings"

	"github.com/parley-im/parley/knowledge/extract"
)

// Piece is a part of a document.
type Piece struct {
	Text     string
	Heading  string // path of headings, joined by Separator
	Location string // of its first block
	Overlap  int    // bytes at the start of Text that the piece before ends with
}

// Separator stands between the headings of a path.
const Separator = " › "

// Options bound the size of pieces. Sizes count a character of a script without
// spaces as 5 and any other as 2, so 1500 is 300 Chinese characters or 750
// English ones.
type Options struct {
	Target int // size to aim at when a section is split
	Max    int // most of a piece, headings aside
	Min    int // a smaller section joins a neighbour if both are in Target
	Repeat int // largest sentence that is repeated after a split
}

// Defaults are the sizes that did best in docs/retrieval.md.
func Defaults() Options { return Options{Target: 1400, Max: 2000, Min: 200, Repeat: 350} }

// Split cuts d into pieces in reading order.
func Split(d extract.Document, o Options) []Piece {
	var out []Piece
	for _, s := range merge(sections(d, o), o) {
		out = append(out, s.pack(o)...)
	}
	return out
}

// size is the weight of text in the unit of Options.
func size(text string) int {
	n := 0
	for _, r := range text {
		if r >= 0x2E80 {
			n += 5
		} else {
			n += 2
		}
	}
	return n
}

func path(headings []string) string { return strings.Join(headings, Separator) }
