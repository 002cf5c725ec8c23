package bench

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parley-im/parley/internal/llm/llmtest"
)

// Standin is a stand-in for a model server, of fixed pace, that runs in this process.
type Standin struct {
	URL   string // base URL for config.yaml
	calls atomic.Int64
	stop  context.CancelFunc
	ended chan error
}

// Ending are the last words of every answer of the stand-in.
const Ending = "That is all."

var (
	order = regexp.MustCompile(`(?m)^SAY: (.+)$`)
	first = regexp.MustCompile(`(?s)\n\[1\] [^\n]*\n(.*?)(?:\n\n|$)`)
)

// Answer is what the stand-in says: what a line "SAY: …" of its instructions tells
// it, the question, and the beginning of the first passage with its citation. So a
// test sees in the answer that instructions, question and passages arrived.
func Answer(a llmtest.Asked) string {
	if !strings.Contains(a.System, "[1]") {
		return a.Last + " " + Ending
	}
	var parts []string
	if m := order.FindStringSubmatch(a.System); m != nil {
		parts = append(parts, m[1])
	}
	parts = append(parts, "You asked: "+a.Last)
	if m := first.FindStringSubmatch(a.System); m != nil {
		text := []rune(strings.Join(strings.Fields(m[1]), " "))
		parts = append(parts, string(text[:min(len(text), 160)])+" [1].")
	}
	return strings.Join(append(parts, Ending), " ")
}

// NewStandin starts a stand-in on loopback: firstToken before the first piece,
// then pace pieces a second (0: all at once).
func NewStandin(firstToken time.Duration, pace float64) (*Standin, error) {
	ctx, stop := context.WithCancel(context.Background())
	s := &Standin{stop: stop, ended: make(chan error, 1)}
	ready := make(chan string, 1)
	script := llmtest.Script{FirstToken: firstToken, Pace: pace, Answer: func(a llmtest.Asked) string {
		s.calls.Add(1)
		return Answer(a)
	}}
	go func() {
		s.ended <- llmtest.ListenAndServe(ctx, "127.0.0.1:0", script, func(url string) { ready <- url })
	}()
	select {
	case s.URL = <-ready:
		return s, nil
	case err := <-s.ended:
		stop()
		return nil, fmt.Errorf("start the stand-in model: %w", err)
	}
}

// Calls returns how many answers it was asked for.
func (s *Standin) Calls() int { return int(s.calls.Load()) }

// Close ends it.
func (s *Standin) Close() error {
	s.stop()
	return <-s.ended
}
