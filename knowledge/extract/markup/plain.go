// Package markup reads the documents that are text to begin with: plain text,
// Markdown, HTML and CSV.
package markup

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// Text reads plain text: paragraphs are set apart by empty lines, and lines that
// are numbered as chapters and sections are in Chinese documents are headings.
func Text(s string) content.Document {
	d := content.Document{Type: "txt"}
	var lines []string
	var heading headings
	flush := func() {
		switch {
		case len(lines) == 1 && d.Blocks == nil && isTitle(lines[0]):
			d.Title = lines[0]
			d.Blocks = append(d.Blocks, content.Block{Kind: content.Heading, Level: 1, Text: lines[0]})
			heading.below = 1
		case len(lines) > 0:
			d.Blocks = append(d.Blocks, content.Block{Kind: content.Paragraph, Text: paragraph(lines)})
		}
		lines = nil
	}
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			flush()
			continue
		}
		if level := heading.level(line); level > 0 {
			flush()
			d.Blocks = append(d.Blocks, content.Block{Kind: content.Heading, Level: level, Text: line})
			continue
		}
		lines = append(lines, line)
	}
	flush()
	return d
}

// isTitle reports whether line, which stands alone at the top, names the text.
func isTitle(line string) bool {
	return utf8.RuneCountInString(line) <= 40 && !ends(line)
}

// ends reports whether a sentence ends with line.
func ends(line string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(line, `"'”’）)」』 `))
	return strings.ContainsRune(".!?:;。！？：；…", r)
}

// paragraph joins lines that were broken to fit a width, and keeps the others.
func paragraph(lines []string) string {
	if len(lines) < 3 {
		return strings.Join(lines, "\n")
	}
	longest := 0
	for _, line := range lines {
		longest = max(longest, utf8.RuneCountInString(line))
	}
	if longest > 100 || longest < 30 {
		return strings.Join(lines, "\n")
	}
	whole := 0
	for _, line := range lines[:len(lines)-1] {
		if n := utf8.RuneCountInString(line); n*10 < longest*7 {
			return strings.Join(lines, "\n")
		}
		if ends(line) {
			whole++
		}
	}
	if whole*2 > len(lines) {
		return strings.Join(lines, "\n") // each line says something by itself
	}
	return content.Join(lines)
}

// Depth of a numbered heading, outermost first.
const (
	chapter    = `^第[一二三四五六七八九十百零〇\d]{1,5}[章编篇卷部](?:[ :：、]?.{0,40})$`
	section    = `^第[一二三四五六七八九十百零〇\d]{1,5}[节条](?:[ :：、]?.{0,40})$`
	enumerated = `^[一二三四五六七八九十]{1,3}、.{1,40}$`
)

// headings finds numbered headings and gives them levels in the order in which
// their kinds come up.
type headings struct {
	below int // level of the title above them
	seen  []*regexp.Regexp
}

func (h *headings) level(line string) int {
	if len(line) > 200 || strings.ContainsAny(line, "。；;，,！!") {
		return 0
	}
	for i, re := range h.seen {
		if re.MatchString(line) {
			return h.below + i + 1
		}
	}
	for _, pattern := range []string{chapter, section, enumerated} {
		if re := regexp.MustCompile(pattern); re.MatchString(line) {
			h.seen = append(h.seen, re)
			return h.below + len(h.seen)
		}
	}
	return 0
}
