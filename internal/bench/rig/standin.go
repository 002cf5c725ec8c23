package rig

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-im/parley/internal/llm/llmtest"
)

// Model says how a stand-in behaves.
type Model struct {
	First  time.Duration // before the first piece of an answer
	Pace   float64       // pieces a second after it; 0: all at once
	Faults float64       // share of calls that go wrong, for each way in Misbehaviours
	Seed   uint64        // of the faults
}

// Misbehaviours are the ways in which a stand-in goes wrong when it is told to.
func Misbehaviours() []llmtest.Fault {
	return []llmtest.Fault{
		llmtest.RateLimit, llmtest.ServerError, llmtest.Hang, llmtest.HangFirst, llmtest.Cut,
		llmtest.Stall, llmtest.Garbage, llmtest.HTML, llmtest.LongLine, llmtest.WrongFinish,
	}
}

// Standin is a stand-in for a model server that runs in this process.
type Standin struct {
	URL   string // base URL for config.yaml
	model Model
	calls atomic.Int64
	stop  context.CancelFunc
	ended chan error

	mu    sync.Mutex
	wrong map[llmtest.Fault]int
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

// NewStandin starts a stand-in on loopback.
func NewStandin(m Model) (*Standin, error) {
	ctx, stop := context.WithCancel(context.Background())
	s := &Standin{model: m, stop: stop, ended: make(chan error, 1), wrong: map[llmtest.Fault]int{}}
	ready := make(chan string, 1)
	script := llmtest.Script{FirstToken: m.First, Pace: m.Pace, Answer: Answer, Fault: s.fault, RetryAfter: "1"}
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

// fault counts the call and draws how it goes.
func (s *Standin) fault(call int) llmtest.Fault {
	s.calls.Add(1)
	if s.model.Faults <= 0 {
		return llmtest.None
	}
	chance := rand.New(rand.NewPCG(s.model.Seed, uint64(call)))
	n := int(chance.Float64() / s.model.Faults)
	ways := Misbehaviours()
	if n >= len(ways) {
		return llmtest.None
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong[ways[n]]++
	return ways[n]
}

// Calls returns how many answers it was asked for.
func (s *Standin) Calls() int { return int(s.calls.Load()) }

// Wrong returns how often it misbehaved, by the way.
func (s *Standin) Wrong() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	ways := map[string]int{}
	for way, n := range s.wrong {
		ways[string(way)] = n
	}
	return ways
}

// Close ends it.
func (s *Standin) Close() error {
	s.stop()
	return <-s.ended
}
