// Package memorytest is the suite that every bot.Memory runs.
//
// It works through two handles of the same database, as two replicas have them:
// what one remembers, the other reads.
package memorytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

// Memory is a bot.Memory with what the console reads.
type Memory interface {
	bot.Memory
	// Receipt returns the receipt of one answer; fault.NotFound if there is none.
	Receipt(ctx context.Context, replyKey string) (bot.Receipt, error)
}

// Open returns two handles of one new database. A session in which nothing was said
// for idle starts afresh.
type Open func(t *testing.T, idle time.Duration) (one, other Memory)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		idle time.Duration
		run  func(t *testing.T, one, other Memory)
	}{
		{"Memory", time.Hour, memory},
		{"Idle", 10 * time.Minute, idle},
		{"TextIsKept", time.Hour, textKept},
		{"ManyAtOnce", time.Hour, manyAtOnce},
		{"TheSameAtOnce", time.Hour, theSameAtOnce},
		{"ForgetAtOnce", time.Hour, forgetAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, other := open(t, c.idle)
			c.run(t, one, other)
		})
	}
}

// Receipt returns the n-th receipt, all fields filled, of some time ago.
func Receipt(n int, ago time.Duration) bot.Receipt {
	return bot.Receipt{
		ReplyKey: fmt.Sprintf("key-%d", n), Channel: "web", Question: fmt.Sprintf("q%d", n), Answer: fmt.Sprintf("a%d", n),
		Standalone: "s", Language: "zh", Known: true, Confidence: 0.75, Cited: []int{1}, Prompt: "answer-zh", PromptVersion: 2,
		Passages: []knowledge.Passage{{DocumentID: "d", Document: "退货", Text: "三十天", Score: 1.5, Relevance: 0.75}},
		System:   "sys", Turns: []bot.Turn{{Role: bot.User, Text: "q"}}, Mode: bot.ByModel, Model: "m",
		Usage: bot.Usage{Input: 3, Cached: 2, Output: 1}, Stages: []bot.Stage{{Name: "answer", Took: 5}},
		At: time.Now().Add(-ago).UTC().Truncate(time.Microsecond),
	}
}

func want(t *testing.T, s Memory, session string, n int, want ...string) {
	t.Helper()
	turns, err := s.Recent(t.Context(), session, n, "key-none")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, t := range turns {
		got = append(got, string(t.Role)+" "+t.Text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("turns of %s (-want +got):\n%s", session, diff)
	}
}

func remember(t *testing.T, s Memory, session string, r bot.Receipt) {
	t.Helper()
	if err := s.Remember(t.Context(), session, r); err != nil {
		t.Fatal(err)
	}
}

func memory(t *testing.T, s, other Memory) {
	ctx := t.Context()
	want(t, s, "one", 10)
	if _, err := s.Last(ctx, "one"); !errors.Is(err, fault.NotFound) {
		t.Errorf("Last of nothing: got %v", err)
	}
	remember(t, s, "one", Receipt(1, 3*time.Minute))
	remember(t, other, "two", Receipt(2, 3*time.Minute))
	remember(t, other, "one", Receipt(3, 2*time.Minute))
	help := Receipt(4, time.Minute)
	help.Command = "/help"
	remember(t, s, "one", help)
	failed := Receipt(5, time.Minute)
	failed.Answer, failed.Error = "", "unavailable"
	remember(t, s, "one", failed)
	want(t, s, "one", 10, "user q1", "assistant a1", "user q3", "assistant a3")
	want(t, other, "one", 2, "user q3", "assistant a3")
	if got, err := s.Recent(ctx, "one", 10, "key-3"); err != nil || len(got) != 2 || got[0].Text != "q1" {
		t.Errorf("without key-3: got %v, %v", got, err)
	}
	want(t, s, "two", 10, "user q2", "assistant a2")

	again := Receipt(1, 3*time.Minute) // the same answer, given anew after a crash
	again.Answer = "a1 anew"
	remember(t, other, "one", again)
	want(t, s, "one", 10, "user q1", "assistant a1 anew", "user q3", "assistant a3")

	answered := Receipt(5, 0)
	remember(t, s, "one", answered)
	last, err := other.Last(ctx, "one")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(answered, last); diff != "" {
		t.Errorf("Last (-want +got):\n%s", diff)
	}
	one, err := s.Receipt(ctx, "key-2")
	if err != nil || one.Question != "q2" {
		t.Errorf("Receipt: got %+v, %v", one, err)
	}
	if _, err := s.Receipt(ctx, "nope"); !errors.Is(err, fault.NotFound) {
		t.Errorf("Receipt of nothing: got %v", err)
	}

	if err := other.Forget(ctx, "one"); err != nil {
		t.Fatal(err)
	}
	want(t, s, "one", 10)
	want(t, s, "two", 10, "user q2", "assistant a2")
	if _, err := s.Last(ctx, "one"); !errors.Is(err, fault.NotFound) {
		t.Errorf("Last after Forget: got %v", err)
	}
	if _, err := s.Receipt(ctx, "key-1"); err != nil {
		t.Errorf("a forgotten session keeps its receipts for staff: %v", err)
	}
	remember(t, s, "one", Receipt(6, 0))
	want(t, s, "one", 10, "user q6", "assistant a6")
	for _, session := range []string{"one", "never"} {
		if err := s.Forget(ctx, session); err != nil {
			t.Fatal(err)
		}
	}
	want(t, other, "one", 10)
}

func idle(t *testing.T, s, _ Memory) {
	for i, ago := range []time.Duration{30 * time.Minute, 15 * time.Minute, 8 * time.Minute} {
		remember(t, s, "one", Receipt(i+1, ago))
	}
	// 8 and 15 minutes ago belong together, the break before them was longer than 10
	want(t, s, "one", 10, "user q2", "assistant a2", "user q3", "assistant a3")
	remember(t, s, "two", Receipt(9, 11*time.Minute))
	want(t, s, "two", 10)
}

// textKept: what people write may be anything. The receipt keeps it to the letter;
// where a column cannot hold a NUL it has the replacement character.
func textKept(t *testing.T, s, _ Memory) {
	r := Receipt(1, 0)
	r.Question, r.Answer = "a\x00b '; -- 🙂", "\\u0000 \x00 退货"
	r.Passages[0].Text, r.System = "\x00", "\x00"
	remember(t, s, "one\x00two", r)
	got, err := s.Last(t.Context(), "one\x00two")
	if diff := cmp.Diff(r, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	turns, err := s.Recent(t.Context(), "one\x00two", 10, "")
	if err != nil || len(turns) != 2 {
		t.Errorf("turns %v, %v", turns, err)
	}
}

// crowd runs f n times at once, every other time on the other handle.
func crowd(t *testing.T, n int, one, other Memory, f func(i int, s Memory) error) {
	t.Helper()
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		s := one
		if i%2 == 1 {
			s = other
		}
		wg.Go(func() {
			<-begin
			if err := f(i, s); err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	wg.Wait()
}

func manyAtOnce(t *testing.T, one, other Memory) {
	crowd(t, 60, one, other, func(i int, s Memory) error {
		return s.Remember(t.Context(), fmt.Sprint("s", i%3), Receipt(i, 0))
	})
	for i := range 3 {
		turns, err := one.Recent(t.Context(), fmt.Sprint("s", i), 100, "")
		if err != nil || len(turns) != 40 {
			t.Errorf("session %d has %d turns, %v; want 40", i, len(turns), err)
		}
	}
}

// theSameAtOnce: two workers, one of which lost its lease, end the same answer.
func theSameAtOnce(t *testing.T, one, other Memory) {
	crowd(t, 20, one, other, func(_ int, s Memory) error {
		return s.Remember(t.Context(), "one", Receipt(1, 0))
	})
	want(t, one, "one", 10, "user q1", "assistant a1")
}

func forgetAtOnce(t *testing.T, one, other Memory) {
	ctx := t.Context()
	remember(t, one, "one", Receipt(1, 0))
	crowd(t, 20, one, other, func(i int, s Memory) error {
		if i < 10 {
			return s.Forget(ctx, "one")
		}
		return s.Remember(ctx, "two", Receipt(i, 0))
	})
	want(t, one, "one", 10)
	turns, err := other.Recent(ctx, "two", 100, "")
	if err != nil || len(turns) != 20 {
		t.Errorf("the other session has %d turns, %v; want 20", len(turns), err)
	}
}
