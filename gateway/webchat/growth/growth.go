// Package growth sends a growing text to somebody who may miss any part of it.
//
// A Writer turns each new state of the text into pieces that fit a small message:
// usually the few words that were added. A Reader puts them together again. When it
// misses a piece it shows nothing new until the text is sent whole, which happens
// every now and then; so what it shows is always something that the text was.
package growth

import (
	"time"
	"unicode/utf8"
)

const (
	// pieceMost is the most bytes of text in a piece. Packed as JSON it may double,
	// and more in odd texts: whoever packs a piece must be able to leave one out.
	pieceMost = 7 << 8
	// wholeEvery is how often the text is sent whole.
	wholeEvery = 2 * time.Second
)

// Piece is a part of one state of the text: from the byte From on it is Text.
type Piece struct {
	Number int    `json:"n"` // of all pieces, one more each
	From   int    `json:"from"`
	Text   string `json:"text"`
	More   bool   `json:"more,omitempty"` // the next piece belongs to the same state
}

// Writer is the side that knows the text. The zero Writer is ready.
type Writer struct {
	text   string
	number int
	whole  time.Time // when it was sent whole last
}

// Next returns the pieces that lead from the text as it was to text; none if it is
// the same and need not be sent whole.
func (w *Writer) Next(text string, now time.Time) (pieces []Piece) {
	from := common(w.text, text)
	if w.number == 0 || now.Sub(w.whole) >= wholeEvery || now.Before(w.whole) {
		from, w.whole = 0, now
	} else if w.text == text {
		return nil
	}
	w.text = text
	for first := true; first || from < len(text); first = false {
		end := cut(text, from+pieceMost)
		w.number++
		pieces = append(pieces, Piece{Number: w.number, From: from, Text: text[from:end], More: end < len(text)})
		from = end
	}
	return pieces
}

// common is how many bytes both begin with, whole characters only.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return cut(b, n)
}

// cut is the last place up to n where s can be cut.
func cut(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	for back := 0; back < utf8.UTFMax && n > 0; back++ {
		if utf8.RuneStart(s[n]) {
			return n
		}
		n--
	}
	return n
}

// Reader is the side that is told. The zero Reader is ready.
type Reader struct {
	text   string
	number int
	lost   bool // a piece: wait for the whole text
}

// Apply adds a piece. whole reports whether text is a state of the text that can be shown.
func (r *Reader) Apply(p Piece) (text string, whole bool) {
	switch {
	case p.From == 0: // a new beginning, whoever writes now
		r.lost, r.text = false, p.Text
	case r.lost || p.Number != r.number+1 || p.From < 0 || p.From > len(r.text):
		r.lost = true
		return "", false
	default:
		r.text = r.text[:p.From] + p.Text
	}
	r.number = p.Number
	return r.text, !p.More
}
