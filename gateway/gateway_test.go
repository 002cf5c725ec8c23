package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

func TestAnswers(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start(echo)
		m := w.say("a", "p", "How long does delivery take?")
		w.after(100 * time.Millisecond)
		w.want("a", "re: How long does delivery take?")
		x := w.shown("a")[0]
		if !x.Final || x.ReplyTo != m.ID || x.Notice {
			t.Errorf("posted %+v", x)
		}
		w.after(2 * time.Second)
		w.settled()
		w.wantEvent("done answered", 1)
		w.wantEvent("first_text", 1)
	})
}

func TestOneAnswerForARedelivery(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start(echo)
		m := w.say("a", "p", "How long?")
		w.deliver(m)
		w.after(time.Second)
		w.deliver(m)
		w.after(time.Hour)
		w.deliver(m)
		w.after(5 * time.Second)
		w.want("a", "re: How long?")
		w.wantEvent("duplicate", 3)
	})
}

func TestOrderAndParallel(t *testing.T) {
	inBubble(t, func(w *world) {
		var now, most atomic.Int64
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(10 * time.Second)
			return echo(ctx, m, r)
		})
		for i := range 5 {
			for _, chat := range []string{"a", "b", "c"} {
				w.say(chat, fmt.Sprint("person", i), fmt.Sprintf("question %d?", i))
			}
		}
		w.after(11 * time.Second)
		for _, chat := range []string{"a", "b", "c"} {
			w.want(chat, "re: question 0?") // all three at the same time
		}
		w.after(time.Minute)
		for _, chat := range []string{"a", "b", "c"} {
			w.want(chat, "re: question 0?", "re: question 1?", "re: question 2?", "re: question 3?", "re: question 4?")
		}
		if most.Load() != 3 {
			t.Errorf("%d answers at a time, want 3: one in each conversation", most.Load())
		}
	})
}

// What does not fit waits in the ledger; receiving is never held up.
func TestBackPressure(t *testing.T) {
	inBubble(t, func(w *world) {
		w.config.Workers = 2
		var now, most atomic.Int64
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Second)
			return echo(ctx, m, r)
		})
		begun := time.Now()
		for i := range 20 {
			w.say(fmt.Sprint("chat", i), "p", "what?")
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("receiving took %v", took)
		}
		w.after(3 * time.Second)
		if n := w.Health()[0].Waiting; n < 10 {
			t.Errorf("%d messages wait, want more", n)
		}
		w.after(20 * time.Second)
		if most.Load() != 2 {
			t.Errorf("%d answers at a time, want 2", most.Load())
		}
		for i := range 20 {
			w.want(fmt.Sprint("chat", i), "re: what?")
		}
		w.settled()
	})
}

func TestRetryBlocksOnlyItsConversation(t *testing.T) {
	inBubble(t, func(w *world) {
		failures := 3
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			if m.Conversation.Chat == "a" && failures > 0 {
				failures--
				return fmt.Errorf("model is down: %w", fault.Unavailable)
			}
			return echo(ctx, m, r)
		})
		w.say("a", "p", "first?")
		w.say("a", "q", "second?")
		w.say("b", "p", "other?")
		w.after(500 * time.Millisecond)
		w.want("a")
		w.want("b", "re: other?")
		w.after(20 * time.Second)
		w.want("a", "re: first?", "re: second?")
		w.wantEvent("retry", 3)
		w.settled()
	})
}

func TestDeadWithOneApology(t *testing.T) {
	for _, c := range []struct {
		name  string
		fail  func() error
		tries int32
	}{
		{"unavailable", func() error { return fmt.Errorf("secret detail: %w", fault.Unavailable) }, 5},
		{"internal", func() error { return errors.New("secret detail") }, 5},
		{"invalid", func() error { return fmt.Errorf("secret detail: %w", fault.Invalid) }, 1},
		{"panic", func() error { panic("secret detail") }, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				var tries atomic.Int32
				w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
					if m.Text == "good?" {
						return echo(ctx, m, r)
					}
					tries.Add(1)
					return c.fail()
				})
				w.say("a", "p", "bad?")
				w.say("a", "q", "good?")
				w.after(3 * time.Minute)
				w.want("a", "Sorry, no answer.", "re: good?")
				if !w.shown("a")[0].Notice {
					t.Error("the apology is not marked as a notice")
				}
				if tries.Load() != c.tries {
					t.Errorf("asked %d times, want %d", tries.Load(), c.tries)
				}
				w.wantEvent("dead", 1)
				w.settled()
			})
		})
	}
}

func TestNoAnswer(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start(func(context.Context, gateway.Message, gateway.Reply) error { return nil })
		m := w.message("a", "p", "talk among people?")
		m.Direct = false
		w.deliver(m)
		w.after(2 * time.Second)
		w.want("a")
		w.wantEvent("done not answered", 1)
		if w.signs() != 0 {
			t.Error("a typing sign for a message that is not for the bot")
		}
	})
}

func TestTooOld(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start(echo)
		m := w.message("a", "p", "yesterday?")
		m.SentAt = time.Now().Add(-16 * time.Minute)
		w.deliver(m)
		w.say("a", "p", "today?")
		w.after(5 * time.Second)
		w.wantEvent("received", 2)
		if shown := w.shown("a"); len(shown) != 1 || !strings.Contains(shown[0].Text, "today?") {
			t.Errorf("people see %+v", shown)
		}
	})
}

func TestTyping(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			time.Sleep(9 * time.Second)
			fmt.Fprint(r, "the answer ")
			time.Sleep(20 * time.Second)
			return echo(ctx, m, r)
		})
		w.say("a", "p", "hard question?")
		w.after(time.Second)
		if n := w.signs(); n != 1 {
			t.Errorf("%d typing signs after a second, want 1", n)
		}
		w.after(40 * time.Second)
		if n := w.signs(); n != 3 {
			t.Errorf("%d typing signs, want 3: one each 4 s until text shows", n)
		}
	})
}

func TestAnswerTimeout(t *testing.T) {
	inBubble(t, func(w *world) {
		w.config.AnswerTimeout = 30 * time.Second
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			<-ctx.Done()
			return ctx.Err()
		})
		w.say("a", "p", "hang?")
		w.after(2 * time.Minute)
		w.want("a", "Sorry, no answer.")
		w.settled()
	})
}

func TestDrain(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes time.Duration
		want  []string
	}{
		{"a running answer is finished", 10 * time.Second, []string{"re: q?"}},
		{"what takes too long is given back", 40 * time.Second, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				slow := func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-time.After(c.takes):
						return echo(ctx, m, r)
					}
				}
				w.start(slow)
				w.say("a", "p", "q?")
				w.after(time.Second)
				w.stop()
				w.after(5 * time.Second)
				w.say("a", "p", "while it stops?") // still stored, for the next process
				begun := time.Now()
				w.run.Wait()
				if took := time.Since(begun); took > 25*time.Second {
					t.Errorf("stopping took %v more", took)
				}
				w.want("a", c.want...)
				if err := w.platform.Deliver(w.Context(), w.message("a", "p", "late")); !errors.Is(err, fault.Unavailable) {
					t.Errorf("after the stop a delivery gave %v", err)
				}
				w.start(echo)
				w.after(5 * time.Second)
				w.want("a", "re: q?", "re: while it stops?")
				w.settled()
			})
		})
	}
}
