package content

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Clean returns s as valid UTF-8 in NFC with "\n" as the only line break, and
// without what is never text: control characters, byte order marks, soft hyphens
// and the invisible "tag" characters that are used to hide instructions.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r < 0x20 || r >= 0x7F && r < 0xA0:
			return -1
		case r == '\uFEFF' || r == '\u00AD' || r == '\u200B' || r == '\u2060':
			return -1
		case r >= 0xE0000 && r <= 0xE007F:
			return -1
		case r == '\u00A0' || r == '\u2007' || r == '\u202F':
			return ' '
		}
		return r
	}, s)
	return norm.NFC.String(s)
}

// plain reports whether s is ASCII without control characters, as most cells of
// most tables are: the work of cleaning shows in large ones.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Line returns s cleaned and on one line: runs of white space become one blank,
// and a line break between two CJK characters goes without one.
func Line(s string) string {
	s = Clean(s)
	if !strings.ContainsAny(s, "\n") {
		return strings.Join(strings.Fields(s), " ")
	}
	return join(strings.Split(s, "\n"), false)
}

// Lines returns s cleaned, each line trimmed and with single blanks, and without
// empty lines.
func Lines(s string) string {
	if plain(s) {
		return strings.Join(strings.Fields(s), " ")
	}
	var b strings.Builder
	for line := range strings.SplitSeq(Clean(s), "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	return b.String()
}

// Join puts the printed lines of one paragraph back together: with a blank
// between Latin words, with none between CJK characters, and with a word that
// was broken by a hyphen made whole.
func Join(lines []string) string { return join(lines, true) }

func join(lines []string, mend bool) string {
	var out []byte
	for _, line := range lines {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			continue
		}
		before, _ := utf8.DecodeLastRune(out)
		after, _ := utf8.DecodeRuneInString(line)
		switch {
		case len(out) == 0 || Wide(before) && Wide(after):
		case mend && isDigit(before) && isDigit(after) && mostlyWide(line):
			// Chinese is set without regard to numbers: they are broken anywhere.
		case mend && hyphenated(out, after):
			out = bytes.TrimRight(out, hyphens)
		default:
			out = append(out, ' ')
		}
		out = append(out, line...)
	}
	return string(out)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func mostlyWide(s string) bool {
	wide, all := 0, 0
	for _, r := range s {
		all++
		if Wide(r) {
			wide++
		}
	}
	return wide*2 > all
}

const hyphens = "-\u2010"

// hyphenated reports whether line ends in a word that goes on with after.
func hyphenated(line []byte, after rune) bool {
	stem := bytes.TrimRight(line, hyphens)
	if len(stem) == len(line) || !unicode.IsLower(after) {
		return false
	}
	r, _ := utf8.DecodeLastRune(stem)
	return unicode.IsLower(r)
}

// Wide reports whether r belongs to a script that is written without blanks
// between words. Korean is not one of them.
func Wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo) ||
		r >= 0x3000 && r <= 0x303F || // CJK punctuation
		r >= 0xFF00 && r <= 0xFF65 || // full-width forms
		r == '“' || r == '”' || r == '‘' || r == '’' || r == '…' || r == '—'
}

// Short cuts s to at most n characters.
func Short(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
