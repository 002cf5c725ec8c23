package markup

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean drops what hides, turns or smuggles text: control characters, bidi
// controls, zero-width characters and tags. Joiners stay where scripts and emoji
// need them, between characters beyond ASCII.
func clean(s string) string {
	if !strings.ContainsFunc(s, suspicious) && utf8.ValidString(s) {
		return s
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	var b strings.Builder
	before := rune(0)
	for i, r := range s {
		if r == 0x200C || r == 0x200D {
			after, _ := utf8.DecodeRuneInString(s[i+3:])
			if before < 0x300 || after < 0x300 || suspicious(after) {
				continue
			}
		} else if suspicious(r) {
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

func suspicious(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r >= 0x7F && r < 0xA0, r == 0xAD, r == 0x34F, r == 0x61C, r == 0x115F, r == 0x1160,
		r == 0x17B4, r == 0x17B5, r == 0x180E, r >= 0x200B && r <= 0x200F, r >= 0x2028 && r <= 0x202E,
		r >= 0x2060 && r <= 0x206F, r == 0x3164, r == 0xFEFF, r == 0xFFA0, r >= 0xFFF9 && r <= 0xFFFB,
		r >= 0xE0000 && r <= 0xE0FFF, r >= 0x1D173 && r <= 0x1D17A:
		return true
	}
	return false
}

var (
	pings = regexp.MustCompile(`(?i)(^|[^\p{L}\p{N}_])@(all|channel|here|everyone|room|所有人|全体成员|全體成員|全員)`)
	angle = regexp.MustCompile(`(?i)<([!@#]|at\b|mention)`)
)

// calm takes away what would ring for a whole room. The sign in place of @ looks
// the same. In code words stay as they are, and only the forms in angle brackets
// that some platforms read everywhere are changed.
func calm(s string, words bool) string {
	if strings.Contains(s, "<") {
		s = angle.ReplaceAllString(s, "＜$1")
	}
	if words && strings.Contains(s, "@") {
		for range 2 { // neighbours share the character between them
			s = pings.ReplaceAllString(s, "$1＠$2")
		}
	}
	return s
}

var (
	citation   = regexp.MustCompile(`^\[\d{1,3}\]`)
	blockStart = regexp.MustCompile(`^(#{1,6}(\s|$)|[-+](\s|$)|>|=+\s*$|-+\s*$|\d{1,9}[.)](\s|$)|~~~|:?-+:?\s*(\||$))`)
)

// escape writes words as Markdown that reads as exactly these words. start: they
// begin a line; next: markup follows them directly.
func escape(s string, start, next bool) string {
	var b strings.Builder
	if start {
		trimmed := strings.TrimLeft(s, " \t")
		if m := blockStart.FindString(trimmed); m != "" {
			// Digits cannot be escaped, the sign behind them can.
			digits := len(m) - len(strings.TrimLeft(m, "0123456789"))
			b.WriteString(trimmed[:digits] + `\` + trimmed[digits:digits+1])
			trimmed = trimmed[digits+1:]
		}
		s = trimmed
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		rest := s[i:]
		switch {
		case c == '[':
			if m := citation.FindString(rest); m != "" && calmAfter(rest[len(m):], next) {
				b.WriteString(m)
				i += len(m) - 1
				continue
			}
			b.WriteByte('\\')
		case strings.IndexByte("\\`*]<", c) >= 0,
			c == '_' && !inWord(s, i),
			c == '~' && (strings.HasPrefix(rest, "~~") || i > 0 && s[i-1] == '~' || len(rest) == 1 && next || i == 0),
			c == '!' && (len(rest) == 1 || rest[1] == '['),
			c == '&' && len(rest) > 1 && (isAlnum(rest[1]) || rest[1] == '#'),
			// GFM makes links of bare addresses.
			c == ':' && strings.HasPrefix(rest, "://"),
			c == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// calmAfter reports whether a citation followed by s stays a citation.
func calmAfter(s string, next bool) bool {
	if s == "" {
		return !next
	}
	return s[0] != '(' && s[0] != ':' && s[0] != '[' || citation.MatchString(s)
}

func inWord(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i+1:])
	return i > 0 && i+1 < len(s) && isWord(before) && isWord(after)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// escapePipes keeps a cell in its cell.
func escapePipes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '|' && (i == 0 || s[i-1] != '\\') {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var (
	hidden = regexp.MustCompile(`(?is)<!--.*?(-->|$)|<(script|style)\b.*?(</(script|style)\s*>|$)`)
	breaks = regexp.MustCompile(`(?i)<(br|/p|/div|/li|/tr|/h[1-6])\b[^>]*>`)
	tags   = regexp.MustCompile(`(?s)</?[A-Za-z!?][^>]*(>|$)`)
)

// stripTags returns the words of a piece of HTML.
func stripTags(s string) string {
	s = hidden.ReplaceAllString(s, "")
	s = breaks.ReplaceAllString(s, "\n")
	return tags.ReplaceAllString(s, "")
}
