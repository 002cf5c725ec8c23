package tokens

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The dense part of the table covers the ideographs of the basic plane.
const firstHan, lastHan = 0x3400, 0x9FFF

//go:embed fold.txt
var foldText string

type table struct {
	dense [lastHan - firstHan + 1]uint16 // 0: stays as it is
	rest  map[rune]rune
}

// simplified is read once; nothing changes it afterwards.
var simplified = sync.OnceValue(func() *table {
	t := &table{rest: map[rune]rune{}}
	for line := range strings.Lines(foldText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		pairs := []rune(strings.TrimSpace(line))
		for i := 0; i+1 < len(pairs); i += 2 {
			from, to := pairs[i], pairs[i+1]
			if from >= firstHan && from <= lastHan && to <= 0xFFFF {
				t.dense[from-firstHan] = uint16(to)
			} else {
				t.rest[from] = to
			}
		}
	}
	return t
})

func (t *table) fold(r rune) rune {
	if r >= firstHan && r <= lastHan {
		if to := t.dense[r-firstHan]; to != 0 {
			return rune(to)
		}
		return r
	}
	if to, ok := t.rest[r]; ok {
		return to
	}
	return r
}

// Fold brings text to the form that is compared: compatibility forms and full
// width become plain, capitals small, traditional characters simplified, and
// Latin letters lose their accents.
func Fold(text string) string {
	text = norm.NFKC.String(text)
	t := simplified()
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		switch {
		case r < 0x80:
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			b.WriteByte(byte(r))
		case r < 0x250 || r >= 0x1E00 && r < 0x1F00:
			b.WriteString(plainLatin(unicode.ToLower(r)))
		case r >= firstHan:
			b.WriteRune(t.fold(r))
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// foldRunes is Fold, and quicker for text of ideographs, ASCII and their punctuation,
// each of which folds by itself.
func foldRunes(text string) []rune {
	t := simplified()
	out := make([]rune, 0, len(text)/2+8)
	for _, r := range text {
		if r >= 0xFF01 && r <= 0xFF5E { // full width
			r -= 0xFEE0
		}
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case r < 0x80, r == 0x3001, r == 0x3002, r >= 0x3008 && r <= 0x3011, r == 0x201C, r == 0x201D:
		case r >= firstHan && r <= lastHan:
			r = t.fold(r)
		default:
			return []rune(Fold(text))
		}
		out = append(out, r)
	}
	return out
}

func plainLatin(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'þ':
		return "th"
	case 'ı':
		return "i"
	}
	var b strings.Builder
	for _, d := range norm.NFD.String(string(r)) {
		if !unicode.Is(unicode.Mn, d) {
			b.WriteRune(d)
		}
	}
	return b.String()
}
