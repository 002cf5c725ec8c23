package receipts_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite/receipts"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/knowledge"
)

func receipt(n int, ago time.Duration) bot.Receipt {
	return bot.Receipt{
		ReplyKey: fmt.Sprintf("key-%d", n), Channel: "web", Question: fmt.Sprintf("q%d", n), Answer: fmt.Sprintf("a%d", n),
		Standalone: "s", Language: "zh", Known: true, Confidence: 0.75, Cited: []int{1}, Prompt: "answer-zh", PromptVersion: 2,
		Passages: []knowledge.Passage{{DocumentID: "d", Document: "退货", Text: "三十天", Score: 1.5, Relevance: 0.75}},
		System:   "sys", Turns: []bot.Turn{{Role: bot.User, Text: "q"}}, Mode: bot.ByModel, Model: "m",
		Usage: bot.Usage{Input: 3, Cached: 2, Output: 1}, Stages: []bot.Stage{{Name: "answer", Took: 5}},
		At: time.Now().Add(-ago).UTC().Truncate(time.Microsecond),
	}
}

func texts(turns []bot.Turn) (out []string) {
	for _, t := range turns {
		out = append(out, string(t.Role)+" "+t.Text)
	}
	return out
}

func want(t *testing.T, s *receipts.Store, session string, n int, want ...string) {
	t.Helper()
	got, err := s.Recent(t.Context(), session, n, "key-none")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, texts(got)); diff != "" {
		t.Errorf("turns of %s (-want +got):\n%s", session, diff)
	}
}

func TestMemory(t *testing.T) {
	ctx := t.Context()
	s := receipts.New(sqlitetest.Open(t), time.Hour)
	remember := func(session string, r bot.Receipt) {
		t.Helper()
		if err := s.Remember(ctx, session, r); err != nil {
			t.Fatal(err)
		}
	}
	want(t, s, "one", 10)
	if _, err := s.Last(ctx, "one"); !errors.Is(err, fault.NotFound) {
		t.Errorf("Last of nothing: got %v", err)
	}
	remember("one", receipt(1, 3*time.Minute))
	remember("two", receipt(2, 3*time.Minute))
	remember("one", receipt(3, 2*time.Minute))
	help := receipt(4, time.Minute)
	help.Command = "/help"
	remember("one", help)
	failed := receipt(5, time.Minute)
	failed.Answer, failed.Error = "", "unavailable"
	remember("one", failed)
	want(t, s, "one", 10, "user q1", "assistant a1", "user q3", "assistant a3")
	want(t, s, "one", 2, "user q3", "assistant a3")
	if got, err := s.Recent(ctx, "one", 10, "key-3"); err != nil || len(got) != 2 || got[0].Text != "q1" {
		t.Errorf("without key-3: got %v, %v", got, err)
	}
	want(t, s, "two", 10, "user q2", "assistant a2")

	again := receipt(1, 3*time.Minute) // the same answer, given anew after a crash
	again.Answer = "a1 anew"
	remember("one", again)
	want(t, s, "one", 10, "user q1", "assistant a1 anew", "user q3", "assistant a3")

	answered := receipt(5, 0)
	remember("one", answered)
	last, err := s.Last(ctx, "one")
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

	if err := s.Forget(ctx, "one"); err != nil {
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
	remember("one", receipt(6, 0))
	want(t, s, "one", 10, "user q6", "assistant a6")
	if err := s.Forget(ctx, "one"); err != nil {
		t.Fatal(err)
	}
	if err := s.Forget(ctx, "never"); err != nil {
		t.Fatal(err)
	}
	want(t, s, "one", 10)
}

func TestIdle(t *testing.T) {
	s := receipts.New(sqlitetest.Open(t), 10*time.Minute)
	for i, ago := range []time.Duration{30 * time.Minute, 15 * time.Minute, 8 * time.Minute} {
		if err := s.Remember(t.Context(), "one", receipt(i+1, ago)); err != nil {
			t.Fatal(err)
		}
	}
	// 8 and 15 minutes ago belong together, the break before them was longer than 10
	want(t, s, "one", 10, "user q2", "assistant a2", "user q3", "assistant a3")
	if err := s.Remember(t.Context(), "two", receipt(9, 11*time.Minute)); err != nil {
		t.Fatal(err)
	}
	want(t, s, "two", 10)
}

func BenchmarkRecent(b *testing.B) {
	s := receipts.New(sqlitetest.Open(b), time.Hour)
	for i := range 500 {
		if err := s.Remember(b.Context(), fmt.Sprint("s", i%5), receipt(i, 0)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := s.Recent(b.Context(), "s1", 12, ""); err != nil {
			b.Fatal(err)
		}
	}
}
