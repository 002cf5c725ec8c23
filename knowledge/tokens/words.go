package tokens

import (
	"strings"
	"unicode"

	"github.com/kljensen/snowball/english"
)

// longest is the most bytes of a term; what is longer is no word and is cut.
const longest = 64

// compound takes words that are joined without spaces: each part becomes a term,
// and so does the whole if it has more than one part.
func (s *scanner) compound() {
	start, parts := s.pos, 0
	var whole strings.Builder
	for {
		from := s.at
		for s.at < len(s.runes) && wordy(s.runes[s.at]) && !dense(s.runes[s.at]) {
			s.at++
		}
		parts += s.parts(s.runes[from:s.at])
		whole.WriteString(string(s.runes[from:s.at]))
		if s.at+1 >= len(s.runes) || !wordy(s.runes[s.at+1]) || dense(s.runes[s.at+1]) {
			break
		}
		before, joint, after := s.runes[s.at-1], s.runes[s.at], s.runes[s.at+1]
		if joint == '\'' || joint == '’' {
			s.at++
			if s.clitic() {
				break
			}
			continue
		}
		digits := unicode.IsDigit(before) && unicode.IsDigit(after)
		if !joins(joint, digits) {
			break
		}
		if joint == '.' && digits {
			whole.WriteRune('.') // 3.14 is not 314; 1,000 is 1000
		}
		s.at++
	}
	// C++ and C# are names too
	for s.at < len(s.runes) && (s.runes[s.at] == '+' || s.runes[s.at] == '#') && s.pos-start == 1 && whole.Len() <= 2 {
		whole.WriteRune(s.runes[s.at])
		parts++
		s.at++
	}
	if parts < 2 {
		return
	}
	if s.find == nil {
		s.out = append(s.out, Token{cut(whole.String()), Whole, start})
		return
	}
	s.count++
	if i, ok := s.find.words[cut(whole.String())]; ok {
		s.visit(i, start, Whole)
	}
}

// clitic skips the s of "company's", which is no word of its own.
func (s *scanner) clitic() bool {
	if s.runes[s.at] != 's' || s.at+1 < len(s.runes) && wordy(s.runes[s.at+1]) && !dense(s.runes[s.at+1]) {
		return false
	}
	s.at++
	return true
}

func joins(r rune, digits bool) bool {
	switch r {
	case '-', '_', '.', '@', '‐', '‑':
		return true
	case ',':
		return digits
	}
	return false
}

// parts cuts a word where letters and digits meet and returns how many there are.
func (s *scanner) parts(word []rune) int {
	n := 0
	for len(word) > 0 {
		number := unicode.IsNumber(word[0])
		end := 1
		for end < len(word) && unicode.IsNumber(word[end]) == number {
			end++
		}
		if s.find != nil {
			s.count++
			if i := s.find.word(word[:end], number); i >= 0 {
				s.visit(i, s.pos, Word)
			}
		} else {
			s.out = append(s.out, Token{term(word[:end], number), Word, s.pos})
		}
		s.pos++
		n++
		word = word[end:]
	}
	return n
}

func term(word []rune, number bool) string {
	if number {
		return cut(string(word))
	}
	return cut(stem(string(word)))
}

// stem takes the endings off English words. Words of other languages in Latin
// letters lose some too, alike in index and query.
func stem(word string) string {
	if len(word) < 3 || len(word) > 30 {
		return word
	}
	for i := range len(word) {
		if word[i] >= 0x80 {
			return word
		}
	}
	return english.Stem(word, false)
}

func cut(text string) string {
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > 0 && text[end]&0xC0 == 0x80 {
		end--
	}
	return text[:end]
}
