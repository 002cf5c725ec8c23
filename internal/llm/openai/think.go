package openai

import "strings"

// thinking takes out what stands between <think> and </think> at the beginning of
// an answer, where models that reason put it when their server does not take it
// out. Later marks are text: an answer may be about them.
type thinking struct {
	held string
	past bool // the beginning is past
	in   bool // inside a block; true from the start if the opening mark never comes
}

const (
	thinkOpen  = "<think>"
	thinkClose = "</think>"
)

// add takes more text and returns what can be shown.
func (t *thinking) add(text string) string {
	if t.past {
		return text
	}
	t.held += text
	if !t.in {
		head := strings.TrimLeft(t.held, " \r\n\t")
		switch {
		case strings.HasPrefix(head, thinkOpen):
			t.in, t.held = true, head[len(thinkOpen):]
		case strings.HasPrefix(thinkOpen, head): // may become the mark
			return ""
		default:
			t.past = true
			return t.rest()
		}
	}
	if _, after, closed := strings.Cut(t.held, thinkClose); closed {
		t.in, t.held = false, after
		return t.add("") // another block may follow
	}
	// only the end can be a part of the closing mark
	if keep := len(t.held) - len(thinkClose); keep > 0 {
		t.held = t.held[keep:]
	}
	return ""
}

// rest returns what is still held back at the end; a block that was never closed is not.
func (t *thinking) rest() string {
	text := t.held
	t.held = ""
	if t.in {
		return ""
	}
	return strings.TrimLeft(text, " \r\n\t")
}
