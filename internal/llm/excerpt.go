package llm

import (
	"math"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

const (
	shortText = 260 // characters that are quoted whole
	longQuote = 320 // most characters of a quote, but for a single longer sentence
)

// unit is a sentence, a list item or a table row.
type unit struct {
	text  string
	lines bool // begins a line of its own
	score float64
}

// excerpt returns the text itself if it is short, else the run of units in it that
// fits the question best.
func excerpt(text string, terms []string) string {
	text = tidy(text)
	if len([]rune(text)) <= shortText {
		return text
	}
	units := split(text)
	if head, rows, ok := table(units); ok {
		return head + best(rows, terms)
	}
	return best(units, terms)
}

// best joins the one to three neighbouring units with the highest score for their length.
func best(units []unit, terms []string) string {
	score(units, terms)
	from, to, top := 0, 1, -1.0
	for i := range units {
		sum, size := 0.0, 0
		for j := i; j < len(units) && j < i+3; j++ {
			sum += units[j].score
			size += len([]rune(units[j].text))
			if j > i && size > longQuote {
				break
			}
			// What comes after the match often holds the answer, so longer is not much worse.
			if value := sum / math.Sqrt(1+float64(j-i)*0.3); value > top+1e-9 {
				from, to, top = i, j+1, value
			}
		}
	}
	for to < len(units) && to-from < 3 && length(units[from:to+1]) <= longQuote {
		to++
	}
	var b strings.Builder
	for i, u := range units[from:to] {
		if i > 0 && u.lines {
			b.WriteString("\n")
		} else if i > 0 && !strings.HasSuffix(b.String(), " ") && u.text[0] < 0x80 {
			b.WriteString(" ")
		}
		b.WriteString(u.text)
	}
	out := b.String()
	if r := []rune(out); len(r) > 2*longQuote {
		out = string(r[:2*longQuote]) + "…"
	}
	return out
}

func length(units []unit) (n int) {
	for _, u := range units {
		n += len([]rune(u.text))
	}
	return n
}

// score weighs each term by how few of the units have it.
func score(units []unit, terms []string) {
	has := make([]map[string]bool, len(units))
	count := map[string]float64{}
	for i, u := range units {
		has[i] = map[string]bool{}
		for _, t := range termsOf(u.text) {
			has[i][t] = true
		}
		for t := range has[i] {
			count[t]++
		}
	}
	for i := range units {
		for _, t := range terms {
			if has[i][t] {
				units[i].score += math.Log(1+float64(len(units))/count[t]) * weight(t)
			}
		}
	}
}

// weight: a pair of characters or a word says more than a single character.
func weight(term string) float64 {
	if r := []rune(term); len(r) == 1 && r[0] >= 0x2E80 {
		return 0.3
	}
	return 1
}

// termsOf cuts text into lower-cased words, and Chinese, Japanese and Korean runs
// into characters and pairs. Each term comes once.
func termsOf(text string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(t string) {
		if t != "" && !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	var word []rune
	var before rune
	flush := func() {
		if w := strings.ToLower(string(word)); !common(w) {
			add(strings.TrimSuffix(w, "s")) // "returns" and "return"
		}
		word = word[:0]
	}
	for _, r := range norm.NFKC.String(text) {
		wide := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
		switch {
		case wide:
			flush()
			add(string(r))
			if before != 0 {
				add(string([]rune{before, r}))
			}
			before = r
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word = append(word, r)
		default:
			flush()
		}
		before = 0
	}
	flush()
	return out
}

func common(word string) bool {
	return strings.Contains(" a an the is are was be do does did can could i you we they it my your me to of in on at for and or how what when where why which who with from by this that there have has had will would should if as not no ", " "+word+" ")
}

// tidy trims lines, keeps line breaks and drops citation-like marks of the document's own.
func tidy(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimLeft(strings.TrimSpace(line), "#> ")
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// split cuts text into units by lines, and lines of prose into sentences.
func split(text string) []unit {
	var out []unit
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "|") {
			out = append(out, unit{text: line, lines: true})
			continue
		}
		first := true
		for state := -1; line != ""; first = false {
			var sentence string
			sentence, line, state = uniseg.FirstSentenceInString(line, state)
			if sentence = strings.TrimSpace(sentence); sentence != "" {
				out = append(out, unit{text: sentence, lines: first})
			}
		}
	}
	return out
}

// table takes the header off a text that is a Markdown table and nothing else.
func table(units []unit) (head string, rows []unit, ok bool) {
	if len(units) < 3 || strings.Trim(units[1].text, "|:- ") != "" {
		return "", nil, false
	}
	for _, u := range units {
		if !strings.HasPrefix(u.text, "|") {
			return "", nil, false
		}
	}
	return units[0].text + "\n" + units[1].text + "\n", units[2:], true
}
