package prompts

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/parley-im/parley/internal/fault"
)

// MaxText is the most bytes a prompt may have.
const MaxText = 32 << 10

// Problem is one thing that is wrong with a prompt's text.
type Problem struct {
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Message string `json:"message"`
	Code    string `json:"code"` // "unknown_variable", "unclosed", "malformed", "missing_variable", "too_long", "not_text", "empty"
}

// Error makes a Problem the error that Render and Save return.
func (p Problem) fault() *fault.Error {
	return fault.Say(fault.Invalid, p.Code, "Line %d, column %d: %s", p.Line, p.Column, p.Message)
}

// Render returns the text with the variables replaced by v. The error is of kind
// fault.Invalid and names line and column. Values are put in as they are: a
// variable inside a value is text.
func (p Prompt) Render(v Vars) (string, error) {
	if len(p.Text) > MaxText {
		return "", tooLong(p.Text).fault()
	}
	pieces, problems := parse(p.Text)
	if len(problems) > 0 {
		return "", problems[0].fault()
	}
	var b strings.Builder
	for _, piece := range pieces {
		if piece.variable == "" {
			b.WriteString(piece.text)
			continue
		}
		value, ok := v.lookup(piece.variable)
		if !ok {
			return "", unknown(p.Text, piece).fault()
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// Check lists what is wrong with text as a version of the prompt name; nothing
// means that it renders and has what this prompt needs.
func Check(name, text string) []Problem {
	switch {
	case strings.TrimSpace(text) == "":
		return []Problem{{Line: 1, Column: 1, Code: "empty", Message: "The prompt is empty."}}
	case len(text) > MaxText:
		return []Problem{tooLong(text)}
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return []Problem{{Line: 1, Column: 1, Code: "not_text", Message: "The prompt contains bytes that are not text."}}
	}
	pieces, problems := parse(text)
	used := map[string]bool{}
	for _, piece := range pieces {
		if piece.variable == "" {
			continue
		}
		if _, ok := (Vars{}).lookup(piece.variable); !ok {
			problems = append(problems, unknown(text, piece))
		}
		used[piece.variable] = true
	}
	for _, need := range required(name) {
		if !used[need] {
			problems = append(problems, Problem{Line: 1, Column: 1, Code: "missing_variable",
				Message: fmt.Sprintf("This prompt needs {{.%s}} somewhere.", need)})
		}
	}
	return problems
}

// Variables lists the names that a prompt may use.
func Variables() []string {
	return []string{"Assistant", "Language", "Question", "Passages", "History", "Date"}
}

func (v Vars) lookup(name string) (value string, ok bool) {
	switch name {
	case "Assistant":
		return v.Assistant, true
	case "Language":
		return v.Language, true
	case "Question":
		return v.Question, true
	case "Passages":
		return v.Passages, true
	case "History":
		return v.History, true
	case "Date":
		return v.Date, true
	}
	return "", false
}

// piece is literal text, or a variable.
type piece struct {
	text     string
	variable string
	at       int // byte offset
}

// parse splits text at its variables. {{{{ stands for two braces as text.
func parse(text string) (pieces []piece, problems []Problem) {
	for at := 0; at < len(text); {
		open := strings.Index(text[at:], "{{")
		if open < 0 {
			return append(pieces, piece{text: text[at:], at: at}), problems
		}
		open += at
		pieces = append(pieces, piece{text: text[at:open], at: at})
		if strings.HasPrefix(text[open+2:], "{{") {
			pieces = append(pieces, piece{text: "{{", at: open})
			at = open + 4
			continue
		}
		end := strings.Index(text[open:], "}}")
		if end < 0 || strings.Contains(text[open:open+end], "\n") {
			problems = append(problems, problem(text, open, "unclosed", "{{ is not closed by }} on its line. Write {{{{ for two braces that are text."))
			at = open + 2
			continue
		}
		inside := strings.TrimSpace(text[open+2 : open+end])
		name, dotted := strings.CutPrefix(inside, ".")
		if !dotted || !isName(name) {
			problems = append(problems, problem(text, open, "malformed",
				fmt.Sprintf("{{%s}} is not a variable. A variable looks like {{.Question}}; there are no functions or conditions.", short(inside))))
		} else {
			pieces = append(pieces, piece{variable: name, at: open})
		}
		at = open + end + 2
	}
	return pieces, problems
}

func isName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && (r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

func unknown(text string, p piece) Problem {
	return problem(text, p.at, "unknown_variable", fmt.Sprintf("There is no variable {{.%s}}. There are: {{.%s}}.",
		short(p.variable), strings.Join(Variables(), "}}, {{.")))
}

func tooLong(text string) Problem {
	return problem(text, MaxText, "too_long", fmt.Sprintf("A prompt may have %d kB at most; this one has %d kB.", MaxText>>10, (len(text)+1023)>>10))
}

// problem finds the line and column of the byte at offset at.
func problem(text string, at int, code, message string) Problem {
	before := text[:at]
	start := strings.LastIndexByte(before, '\n') + 1
	return Problem{
		Line:    strings.Count(before, "\n") + 1,
		Column:  utf8.RuneCountInString(before[start:]) + 1,
		Code:    code,
		Message: message,
	}
}

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
