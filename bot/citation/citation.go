// Package citation sets the citations of a streamed answer right: only numbers of
// passages that exist reach the reader, in one spelling, and none of them is a link.
package citation

import (
	"slices"
	"strconv"
	"strings"
)

// Filter lets text through as it streams in. [2], [1, 3], [1-3], 【1】 and ［１］ become
// [n] one by one; numbers that no passage has are taken
// out. What could still become a citation is held back until it is known. Code is
// left as it is. A link made out of a citation, and a definition of one, lose
// their target: where a source can be read is not for the model to say.
type Filter struct {
	passages int
	held     string
	seen     map[int]bool
	ticks    int  // length of the run of backticks that opened code; 0: not in code
	begun    bool // something other than a space stands on the line
}

// New returns a Filter for an answer that may cite passages 1 to n.
func New(passages int) *Filter { return &Filter{passages: passages, seen: map[int]bool{}} }

// Numbers returns the passages that were cited, in order.
func (c *Filter) Numbers() []int {
	out := []int{}
	for n := range c.seen {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Add takes more text and returns what can be shown.
func (c *Filter) Add(text string) string { return c.run(c.held+text, false) }

// Rest returns what is still held back, at the end.
func (c *Filter) Rest() string { return c.run(c.held, true) }

func (c *Filter) run(text string, end bool) string {
	var out strings.Builder
	c.held = ""
	for text != "" {
		n, write, more := c.step(text, end)
		if more {
			c.held = text
			break
		}
		out.WriteString(write)
		text = text[n:]
	}
	return out.String()
}

// step looks at the head of text: n bytes of it are done with and become write, or
// more has to come before it can tell.
func (c *Filter) step(text string, end bool) (n int, write string, more bool) {
	switch text[0] {
	case '`':
		run := len(text) - len(strings.TrimLeft(text, "`"))
		if run == len(text) && !end {
			return 0, "", true
		}
		switch {
		case c.ticks == 0:
			c.ticks = run
		case c.ticks == run || c.ticks >= 3 && run >= c.ticks:
			c.ticks = 0
		}
		c.begun = true
		return run, text[:run], false
	case '\n':
		if c.ticks > 0 && c.ticks < 3 && !c.begun { // an empty line ends a paragraph, and inline code with it
			c.ticks = 0
		}
		c.begun = false
		return 1, "\n", false
	}
	if c.ticks == 0 {
		gap := len(text) - len(strings.TrimLeft(text, " "))
		if gap == len(text) && !end {
			return 0, "", true
		}
		m := c.match(text[gap:], end)
		switch {
		case m.more:
			return 0, "", true
		case m.n > 0 && m.write == "":
			return gap + m.n, "", false // the space before it goes too
		case m.n > 0:
			c.begun = true
			return gap + m.n, text[:gap] + m.write, false
		case gap > 0:
			return gap, text[:gap], false
		}
	}
	if n = strings.IndexAny(text[1:], "`\n [【［"); n < 0 {
		n = len(text) - 1
	}
	n++
	c.begun = c.begun || strings.TrimSpace(text[:n]) != ""
	return n, text[:n], false
}

// match is a citation at the head of a text: n bytes that become write.
type match struct {
	n     int
	write string
	more  bool
}

// longest is how many bytes of a citation's inside are waited for.
const longest = 64

func (c *Filter) match(text string, end bool) match {
	closer := ""
	for _, pair := range []struct{ open, close string }{{"[", "]"}, {"【", "】"}, {"［", "］"}} {
		if strings.HasPrefix(text, pair.open) {
			closer, text = pair.close, text[len(pair.open):]
			break
		}
	}
	if closer == "" {
		return match{}
	}
	open := len(closer) // both halves of a pair have the same length
	inside, _, closed := strings.Cut(text, closer)
	if !isCitation(inside, closed) || len(inside) > longest {
		return match{}
	}
	if !closed {
		return match{more: !end}
	}
	numbers := parseNumbers(inside)
	if len(numbers) == 0 {
		return match{}
	}
	m := match{n: open + len(inside) + len(closer)}
	for _, n := range numbers {
		if n >= 1 && n <= c.passages {
			c.seen[n] = true
			m.write += "[" + strconv.Itoa(n) + "]"
		}
	}
	after := text[len(inside)+len(closer):]
	if after == "" {
		m.more = !end
		return m
	}
	switch {
	case after[0] == '(':
		target, _, closed := strings.Cut(after[1:], ")")
		switch {
		case !isTarget(target) && (closed || len(target) >= 8):
		case closed:
			m.n += len(target) + 2
		case len(target) < 2000 && !strings.Contains(target, "\n"):
			m.more = !end
			if end {
				m.n += len(target) + 1
			}
		}
	case after[0] == ':' && !c.begun: // "[1]: https://…" would define a link
		m.n++
	}
	return m
}

func isTarget(s string) bool {
	s = strings.ToLower(strings.TrimLeft(s, " <"))
	for _, start := range []string{"http", "www.", "/", "#", "mailto:", "javascript:", "data:", "./"} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return s == "" || !strings.Contains(s, " ") && strings.ContainsAny(s, "./")
}

// isCitation reports whether inside can be, or can become, the inside of a citation.
func isCitation(inside string, closed bool) bool {
	head, _, dagger := strings.Cut(strings.TrimPrefix(inside, "^"), "†") // 【1†source】
	digits := false
	for _, r := range head {
		if digit(r) < 0 && !strings.ContainsRune(" ,，、;；-–—", r) {
			return false
		}
		digits = digits || digit(r) >= 0
	}
	return digits || !closed && !dagger
}

// parseNumbers reads "1", "1, 3" and "1-3". A range that is longer than a list of
// passages can be is not one.
func parseNumbers(s string) []int {
	var out []int
	value, digits, from := 0, 0, -1
	flush := func() {
		if digits == 0 {
			return
		}
		if from >= 0 && from < value && value-from <= 20 {
			for n := from + 1; n < value; n++ {
				out = append(out, n)
			}
		}
		out = append(out, value)
		value, digits, from = 0, 0, -1
	}
	for _, r := range s {
		if d := digit(r); d >= 0 {
			value, digits = min(value*10+d, 1e6), digits+1 // a larger number is as wrong
			continue
		}
		last, had := value, digits > 0
		if r == '†' {
			break
		}
		if r != ' ' {
			flush()
		}
		if had && strings.ContainsRune("-–—", r) {
			from = last
		}
	}
	flush()
	return out
}

func digit(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= '０' && r <= '９':
		return int(r - '０')
	}
	return -1
}
