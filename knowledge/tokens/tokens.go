// Package tokens cuts text into the terms that word search compares.
//
// Index and query go through the same function, Of, so they meet whatever the
// script: text is folded first (fold.go), then runs of Chinese, Japanese, Korean
// and the scripts of South-East Asia that put no space between words become
// single characters and pairs of neighbours, and everything else becomes words:
// lower-cased, English ones stemmed. What people copy from labels and letters
// (ABC-123, v2.3.1, 400-820-8820, a@b.com) is kept whole beside its parts
// (words.go).
//
// The result depends on nothing but the text. Version changes whenever the
// result for any text does, so that stored indexes can be made anew.
package tokens

import (
	"unicode"
)

// Version names the rules below. An index made by another version is rebuilt.
const Version = "1"

// Kind says what a Token stands for.
type Kind uint8

const (
	Word  Kind = iota // a word or a number
	Char              // one character of a run without spaces
	Pair              // two neighbours of such a run
	Whole             // a compound such as abc-123, beside its parts
)

// Token is one term and where it stands.
type Token struct {
	Text string
	Kind Kind
	Pos  int // counts words and characters; a Pair or Whole has the place of its first
}

// Of returns the terms of text in reading order.
func Of(text string) []Token {
	s := scanner{runes: foldRunes(text)}
	s.out = make([]Token, 0, len(s.runes))
	s.all()
	return s.out
}

func (s *scanner) all() {
	for s.at < len(s.runes) {
		switch r := s.runes[s.at]; {
		case dense(r):
			s.run()
		case wordy(r):
			s.compound()
		default:
			s.at++
		}
	}
}

type scanner struct {
	runes []rune
	at    int
	pos   int
	out   []Token
	find  *Finder // if set, nothing is put out but what it looks for
	visit func(term, pos int, kind Kind)
	count int // of tokens, with a Finder
}

// run takes a stretch of a script without spaces.
func (s *scanner) run() {
	if s.find != nil {
		s.find.run(s)
		return
	}
	for ; s.at < len(s.runes) && dense(s.runes[s.at]); s.at++ {
		s.out = append(s.out, Token{string(s.runes[s.at]), Char, s.pos})
		if s.at+1 < len(s.runes) && dense(s.runes[s.at+1]) {
			s.out = append(s.out, Token{string(s.runes[s.at : s.at+2]), Pair, s.pos})
		}
		s.pos++
	}
}

// dense tells the scripts that are cut by character.
func dense(r rune) bool {
	switch {
	case r < 0x0E00:
		return false
	case r >= firstHan && r <= lastHan, r >= 0x3041 && r <= 0x3096, r >= 0x30A1 && r <= 0x30FE, r >= 0xAC00 && r <= 0xD7A3:
		return r != 0x30FB // the middle dot between foreign names
	case r >= 0x2000 && r < 0x2E80, r >= 0xFF00 && r < 0xFF66: // signs, many of them in every text
		return false
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func wordy(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.Letter, unicode.Number, unicode.Mark)
}
