package markup

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// patience is how much text an unclosed construct may hold back. Then it is shown
// as it stands: it was probably no construct.
const patience = 400

// Safe returns how much of md, which is still growing, can be shown without half
// a construct at its end: an open link or image, a tag, half a citation, an
// address that may go on, a table whose head is not whole. An open code block is
// shown as it grows.
func Safe(md string) string {
	md = wholeRunes(md)
	start, fenced := lastBlock(md)
	if fenced {
		if i := strings.LastIndexByte(md, '\n') + 1; strings.Trim(md[i:], " `~") == "" {
			return md[:i] // it may be the end of the code
		}
		return md
	}
	last := strings.LastIndexByte(md, '\n') + 1
	switch line := strings.TrimSpace(md[last:]); {
	case line == "":
	case strings.HasPrefix(line, "|"):
		return held(md, tableStart(md, last))
	case undecided.MatchString(line):
		return held(md, last)
	}
	if i := open(md[start:]); i >= 0 && len(md)-start-i <= patience {
		return held(md, start+i)
	}
	return md
}

// undecided lines are only the begin of something: a marker, a rule, a fence.
var undecided = regexp.MustCompile("^(>*\\s*)*([-*+_=#]+|\\d{1,9}[.)]?|[`~]+\\w*)?$")

func held(md string, end int) string { return strings.TrimRight(md[:end], " \t\n") }

func wholeRunes(s string) string {
	for i := 1; i < utf8.UTFMax && i <= len(s); i++ {
		if b := s[len(s)-i]; utf8.RuneStart(b) {
			if !utf8.FullRuneInString(s[len(s)-i:]) {
				return s[:len(s)-i]
			}
			break
		}
	}
	return s
}

// lastBlock is where the last paragraph begins, and whether it is code.
func lastBlock(md string) (start int, fenced bool) {
	fence := ""
	for at := 0; at < len(md); {
		end := strings.IndexByte(md[at:], '\n')
		if end < 0 {
			end = len(md) - at - 1
		}
		line := strings.TrimSpace(md[at : at+end+1])
		line = strings.TrimLeft(line, "> ")
		switch mark := fenceOf(line); {
		case fence == "" && mark != "" && at+end+1 < len(md):
			fence, start = mark, at
		case fence != "" && len(mark) >= len(fence) && mark[0] == fence[0] && line == mark:
			fence, start = "", at+end+1
		case fence == "" && line == "":
			start = at + end + 1
		}
		at += end + 1
	}
	return min(start, len(md)), fence != ""
}

// fenceOf is the fence that a line begins or ends code with, or "".
func fenceOf(line string) string {
	for _, c := range []string{"`", "~"} {
		if n := len(line) - len(strings.TrimLeft(line, c)); n >= 3 && !strings.Contains(line[n:], "`") {
			return line[:n]
		}
	}
	return ""
}

// tableStart is where a table begins whose head is not whole yet, else last, the
// begin of the row that is being written.
func tableStart(md string, last int) int {
	if last == 0 {
		return 0
	}
	before := strings.LastIndexByte(md[:last-1], '\n') + 1
	row := strings.TrimSpace(md[before : last-1])
	if !strings.HasPrefix(row, "|") {
		return last
	}
	if before == 0 || !strings.HasPrefix(strings.TrimSpace(md[strings.LastIndexByte(md[:before-1], '\n')+1:before-1]), "|") {
		return before
	}
	return last
}

// open is where the first construct of s begins that is not closed, or -1.
func open(s string) int {
	code, bold, bracket := -1, -1, -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i+1 == len(s) {
				return i
			}
			i++
		case c == '`':
			n := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
			end := strings.Index(s[i+n:], s[i:i+n])
			if end < 0 {
				code = i
				return first(code, bold, bracket)
			}
			i += n + end + n - 1
		case c == '*' && strings.HasPrefix(s[i:], "**"):
			if bold < 0 {
				bold = i
			} else {
				bold = -1
			}
			i++
		case (c == '*' || c == '_' || c == '~' || c == '!' || c == '&') && i+1 == len(s):
			return first(i, bold, bracket)
		case c == '[' && bracket < 0:
			bracket = i
			if i > 0 && s[i-1] == '!' {
				bracket = i - 1
			}
		case c == ']' && bracket >= 0:
			end, whole := target(s[i+1:])
			if !whole {
				return first(bracket, bold)
			}
			bracket, i = -1, i+end
		case c == '<' && tagStart(s[i+1:]):
			end := strings.IndexByte(s[i:], '>')
			if end < 0 {
				return first(i, bold, bracket)
			}
			i += end
		case c == 'h' && (strings.HasPrefix(s[i:], "http://") || strings.HasPrefix(s[i:], "https://")):
			end := strings.IndexAny(s[i:], " \t\n")
			if end < 0 && bracket < 0 {
				return first(i, bold)
			}
			i += max(end, 1) - 1
		}
	}
	return first(bold, bracket)
}

// target is how long the part of a link behind its ] is, and whether it is there.
func target(s string) (int, bool) {
	if s == "" {
		return 0, false // it may come yet
	}
	if s[0] != '(' && s[0] != '[' {
		return 0, true
	}
	end := strings.IndexByte(s, map[byte]byte{'(': ')', '[': ']'}[s[0]])
	return end + 1, end >= 0
}

func tagStart(s string) bool {
	return s == "" || s[0] == '/' || s[0] == '!' || s[0] == '?' || isAlnum(s[0])
}

// first is the least of those that are not -1.
func first(at ...int) int {
	least := -1
	for _, i := range at {
		if i >= 0 && (least < 0 || i < least) {
			least = i
		}
	}
	return least
}
