package pdf

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// layout makes blocks of lines.
func layout(pages []page) []content.Block {
	dropRepeated(pages)
	levels, body := sizes(pages)
	var out []content.Block
	for _, p := range pages {
		location := fmt.Sprintf("page %d", p.number)
		s := setting{levels: levels, lead: leading(p.lines), lines: p.lines}
		for start := 0; start < len(p.lines); {
			b, end := s.block(start)
			b.Location = location
			if start == 0 && p.lines[0].size == body && continues(out, b) {
				last := &out[len(out)-1]
				last.Text = content.Join([]string{last.Text, b.Text})
			} else {
				out = append(out, b)
			}
			start = end
		}
	}
	return lists(out)
}

// setting is how the lines of one page are set.
type setting struct {
	levels map[float64]int // heading levels by size of the characters
	lead   float64         // usual distance between two lines of a paragraph
	lines  []line
}

// block returns the block that starts with line i, and where the next starts.
func (s setting) block(i int) (content.Block, int) {
	first, end := s.lines[i], i+1
	if level := s.levels[first.size]; level > 0 && len(first.cells) < 2 && utf8.RuneCountInString(first.text) <= 120 {
		for end < len(s.lines) && end < i+3 && s.lines[end].size == first.size && s.near(end) && len(first.text) > 20 {
			end++
		}
		return content.Block{Kind: content.Heading, Level: level, Text: joined(s.lines[i:end])}, end
	}
	if len(first.cells) > 1 {
		for end < len(s.lines) && len(s.lines[end].cells) > 1 {
			end++
		}
		return table(s.lines[i:end]), end
	}
	for end < len(s.lines) && s.follows(end) {
		end++
	}
	return content.Block{Kind: content.Paragraph, Text: joined(s.lines[i:end])}, end
}

// near reports whether line i stands at the usual distance below the one before.
func (s setting) near(i int) bool {
	down := s.lines[i-1].low - s.lines[i].base
	return down > 0 && down < 1.6*max(s.lines[i].size, s.lead/1.2)
}

// follows reports whether line i goes on with the paragraph of the one before.
func (s setting) follows(i int) bool {
	a, b := s.lines[i-1], s.lines[i]
	if a.size == 0 || b.size == 0 { // places unknown
		return !ends(a.text) && !item.MatchString(b.text)
	}
	down := a.low - b.base
	if math.Abs(down) < 0.6*max(a.size, b.size) {
		return b.left >= a.left // raised or lowered characters, or a new font
	}
	switch {
	case s.levels[b.size] > 0 || len(a.cells) > 1 || len(b.cells) > 1 || item.MatchString(b.text):
		return false
	case math.Abs(a.size-b.size) > 0.2*max(a.size, b.size) && utf8.RuneCountInString(b.text) > 4 && utf8.RuneCountInString(a.text) > 4:
		return false
	case down < 0: // the next column
		return !ends(a.text)
	case down > 1.3*s.lead:
		return false
	}
	edge := s.edge(a.left, a.size)
	if a.right < edge-max(6*a.size, 0.12*(edge-a.left)) {
		return false // the line has room left: its paragraph ended there
	}
	indent := b.left - a.left
	return indent < 1.2*b.size || item.MatchString(a.text)
}

// edge returns how far to the right the lines go that start near left: most of
// them, for a title may reach over two columns.
func (s setting) edge(left, size float64) float64 {
	var rights []float64
	for _, l := range s.lines {
		if math.Abs(l.left-left) < 3*size && l.right > l.left {
			rights = append(rights, l.right)
		}
	}
	if len(rights) == 0 {
		return 0
	}
	slices.Sort(rights)
	return rights[len(rights)*8/10]
}

// leading returns the usual distance between lines of a page.
func leading(lines []line) float64 {
	var downs []float64
	for i := 1; i < len(lines); i++ {
		down := lines[i-1].low - lines[i].base
		if size := lines[i].size; size > 0 && down > 0.8*size && down < 3*size {
			downs = append(downs, down)
		}
	}
	if len(downs) == 0 {
		return 20
	}
	slices.Sort(downs)
	return downs[len(downs)/3]
}

// sizes returns the size of ordinary text, and heading levels for larger ones.
func sizes(pages []page) (levels map[float64]int, body float64) {
	letters := make(map[float64]int)
	all := 0
	for _, p := range pages {
		for _, l := range p.lines {
			n := utf8.RuneCountInString(l.text)
			letters[l.size] += n
			all += n
		}
	}
	larger := slices.Sorted(maps.Keys(letters))
	slices.Reverse(larger)
	for _, size := range larger {
		if letters[size] > letters[body] {
			body = size
		}
	}
	// On a form the small print may outweigh the text.
	above := 0
	for _, size := range larger {
		if above += letters[size]; above*10 > all*4 && size > body && letters[size]*7 > all {
			body = size
			break
		}
	}
	levels = make(map[float64]int)
	level := 0
	for _, size := range larger {
		if body == 0 || size < 1.12*body || letters[size]*4 > all {
			continue
		}
		if level < 6 {
			level++
		}
		levels[size] = level
	}
	return levels, body
}

var (
	item       = regexp.MustCompile(`^(?:[•●○■□◆▪–·*]|[-—] |\(?\d{1,3}[.)、)]\D|[(（][\d一二三四五六七八九十]{1,3}[)）]|[①-⑳]|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十\d]{1,4}[章节条])`)
	bullet     = regexp.MustCompile(`^(?:[•●○■□◆▪·*]\s*|[-–—] )`)
	numbered   = regexp.MustCompile(`^(?:\(?\d{1,3}[.)、)]\D|[(（][\d一二三四五六七八九十]{1,3}[)）]|[①-⑳])`)
	pageNumber = regexp.MustCompile(`(?i)^(?:第\s*#\s*页.*|[-–—]?\s*#\s*[-–—]?|page #( of #)?|# ?/ ?#)$`)
	digits     = regexp.MustCompile(`\d+`)
)

// ends reports whether a sentence ends with s.
func ends(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, `"'”’)）」』 `))
	return strings.ContainsRune(".!?:;。！？：；…", r)
}

// continues reports whether b goes on with the last paragraph of the page before.
func continues(out []content.Block, b content.Block) bool {
	if len(out) == 0 || b.Kind != content.Paragraph {
		return false
	}
	last := out[len(out)-1]
	r, _ := utf8.DecodeRuneInString(b.Text)
	return last.Kind == content.Paragraph && !ends(last.Text) && !item.MatchString(b.Text) &&
		(unicode.IsLower(r) || unicode.Is(unicode.Han, r)) && utf8.RuneCountInString(last.Text) > 20
}

// dropRepeated takes the lines off that stand at the top or bottom of most
// pages, their numbers aside, and page numbers.
func dropRepeated(pages []page) {
	if len(pages) < 2 {
		return
	}
	const reach = 2
	seen := make(map[string]int)
	for _, p := range pages {
		here := make(map[string]bool)
		for i, l := range p.lines {
			if i < reach || i >= len(p.lines)-reach {
				here[mask(l.text)] = true
			}
		}
		for key := range here {
			seen[key]++
		}
	}
	for n, p := range pages {
		var kept []line
		for i, l := range p.lines {
			key := mask(l.text)
			margin := i < reach || i >= len(p.lines)-reach
			if margin && (pageNumber.MatchString(key) || len(pages) > 2 && seen[key]*10 > len(pages)*6) {
				continue
			}
			kept = append(kept, l)
		}
		pages[n].lines = kept
	}
}

func mask(s string) string { return digits.ReplaceAllString(s, "#") }
