package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
)

const takeover = 7 * time.Second

// hang is a handler that never comes to an end by itself.
func hang(ctx context.Context, _ gateway.Message, _ gateway.Reply) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestTakeoverOfADeadProcess(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second, 1600 * time.Millisecond, 1700 * time.Millisecond, 3 * time.Second, 20 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			inBubble(t, func(w *world) {
				a := w.join("a", hang)
				a.hears(w.message("x", "p", "q?"))
				w.after(after)
				w.join("b", echo)
				w.want("x")
				a.kill()
				took := w.until("taking over", takeover, w.answered("x", 1))
				t.Logf("took over after %v", took)
				w.want("x", "re: q?")
				w.after(time.Minute)
				w.want("x", "re: q?")
				w.settled()
			})
		})
	}
}

// A process is frozen for 20 s at each boundary of a small talk, while another one
// takes over, and goes on then as if nothing had been. People must see each answer
// once; where a platform offers no way to know whether a post went through, at most
// once more for each time that was counted.
func TestFrozenProcess(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.platform.edits, w.platform.finds, w.platform.profile.Dedupes = p.edits, p.finds, p.dedupes
				w.platform.profile.MaxText = 60
				froze := 0
				for at := 1; !w.Failed(); at++ {
					where := w.freezeAt(fmt.Sprint("chat-", at), at, p.dedupes || p.finds)
					if where == "" {
						break
					}
					froze++
				}
				if froze < 15 {
					t.Errorf("only frozen at %d boundaries", froze)
				}
			})
		})
	}
}

func (w *world) freezeAt(chat string, at int, exact bool) (where string) {
	w.Helper()
	questions := []gateway.Message{w.message(chat, "p", "first?"), w.message(chat, "q", "second?")}
	unsure := w.seen("fallback unsure")
	a := &node{w: w, ice: &ice{at: at, cold: 20 * time.Second}, done: make(chan struct{})}
	a.start("a "+chat, inPieces)
	for _, m := range questions {
		if a.box.Deliver(w.Context(), m) != nil { // frozen too long: the platform offers it again
			a.hears(m)
		}
	}
	w.after(time.Millisecond)
	b := w.join("b "+chat, inPieces)
	w.until("answering", time.Minute, w.answered(chat, 4))
	for a.froze() != "" && a.gone(w.Context()) != nil {
		w.after(time.Second)
	}
	w.after(30 * time.Second)
	a.end()
	b.end()
	w.check(chat, fmt.Sprintf("frozen at boundary %d (%s):", at, a.froze()), questions, exact, w.seen("fallback unsure")-unsure)
	w.settled()
	return a.froze()
}

// inPieces answers in two posts that grow.
func inPieces(_ context.Context, m gateway.Message, r gateway.Reply) error {
	for _, piece := range []string{m.Text + " The first paragraph", " of the answer.\n\nThe second one,", " to be sure."} {
		if _, err := fmt.Fprint(r, piece); err != nil {
			return err
		}
		time.Sleep(1500 * time.Millisecond)
	}
	return nil
}

// Frozen as a whole, in the middle of an answer.
func TestFrozenWhileItAnswers(t *testing.T) {
	inBubble(t, func(w *world) {
		w.platform.edits = false // and it drops nothing by itself
		a := w.join("a", func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			time.Sleep(3 * time.Second) // whatever happens
			_, err := fmt.Fprint(r, "from a")
			return err
		})
		a.hears(w.message("x", "p", "q?"))
		w.after(time.Second)
		w.join("b", echo)
		a.freeze()
		w.until("taking over", takeover, w.answered("x", 1))
		w.after(13 * time.Second)
		a.melt()
		w.after(20 * time.Second)
		w.want("x", "re: q?")
		w.wantEvent("fallback unsure", 0)
		w.settled()
	})
}

// When a lone process was frozen it goes on where it was: nobody has noticed.
func TestFrozenAlone(t *testing.T) {
	inBubble(t, func(w *world) {
		var asked atomic.Int32
		a := w.join("a", func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			asked.Add(1)
			select {
			case <-time.After(30 * time.Second):
				return echo(ctx, m, r)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		a.hears(w.message("x", "p", "q?"))
		w.after(time.Second)
		a.freeze()
		w.after(20 * time.Second)
		a.melt()
		w.after(40 * time.Second)
		w.want("x", "re: q?")
		if n := asked.Load(); n > 2 {
			t.Errorf("asked %d times", n)
		}
		w.settled()
	})
}

// A stop that one process receives ends the answer that another one gives.
func TestStopElsewhere(t *testing.T) {
	onEachBus(t, func(w *world, soon time.Duration) {
		a := w.join("a", func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			if m.Text == "/stop" {
				return nil
			}
			fmt.Fprint(r, "The first half of it")
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), gateway.ErrStopped) {
				w.Errorf("ended with %v, want ErrStopped", context.Cause(ctx))
			}
			return ctx.Err()
		})
		a.hears(w.message("x", "p", "Tell me all?"))
		w.after(5 * time.Second)
		b := w.join("b", hang)
		b.hears(w.message("x", "q", "/stop")) // somebody else's changes nothing
		w.after(5 * time.Second)
		w.wantEvent("done stopped", 0)
		stop := w.message("x", "p", "")
		stop.Stop = true
		b.hears(stop)
		w.until("stopping", soon, func() bool { return w.seen("done stopped") == 1 })
		w.want("x", "The first half of it")
	})
}

// A stop also ends a question that waits for its next try, whoever takes it.
func TestStopWhileTheQuestionWaitsElsewhere(t *testing.T) {
	onEachBus(t, func(w *world, _ time.Duration) {
		a := w.join("a", func(context.Context, gateway.Message, gateway.Reply) error { return errors.New("model is down") })
		a.hears(w.message("x", "p", "one?"))
		w.after(100 * time.Millisecond)
		a.stop()
		b := w.join("b", echo)
		stop := w.message("x", "p", "")
		stop.Stop = true
		b.hears(stop)
		w.after(5 * time.Second)
		w.want("x")
		w.wantEvent("done stopped", 1)
		w.wantEvent("done stop", 1)
		w.settled()
	})
}

// What follows a question joins it, whichever process receives it.
func TestFollowUpElsewhere(t *testing.T) {
	onEachBus(t, func(w *world, soon time.Duration) {
		a := w.join("a", func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			select {
			case <-time.After(4 * time.Second):
				return echo(ctx, m, r)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		b := w.join("b", hang)
		m := w.message("x", "p", "When does it come?")
		a.hears(m)
		w.after(time.Second)
		b.hears(w.message("x", "p", "To Beijing, I mean."))
		w.until("joining", soon, func() bool { return w.seen("merged") == 1 })
		w.after(6 * time.Second)
		w.want("x", "re: When does it come?\nTo Beijing, I mean.")
		w.settled()
	})
}

// What a busy process receives is taken by one that is not.
func TestWakeUp(t *testing.T) {
	onEachBus(t, func(w *world, soon time.Duration) {
		one := func(c *gateway.Config) { c.Workers = 1 }
		a := w.join("a", hang, one)
		a.hears(w.message("long", "p", "q?"))
		w.after(500 * time.Millisecond)
		w.join("b", echo, one)
		w.after(2300 * time.Millisecond)
		for i := range 3 {
			a.hears(w.message(fmt.Sprint("x", i), "p", "q?"))
			w.until("taking", min(soon, 1100*time.Millisecond), w.answered(fmt.Sprint("x", i), 1))
		}
	})
}

// The database is away for a moment that is shorter than the lease: no answer is
// asked for twice, and nothing is given back.
func TestDatabaseAwayForAMoment(t *testing.T) {
	inBubble(t, func(w *world) {
		var asked atomic.Int32
		a := w.join("a", func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			asked.Add(1)
			time.Sleep(2 * time.Second)
			return echo(ctx, m, r)
		}, func(c *gateway.Config) {
			c.Ledger = &away{Ledger: c.Ledger, from: time.Now().Add(time.Second), until: time.Now().Add(4 * time.Second)}
		})
		a.hears(w.message("x", "p", "q?"))
		w.after(20 * time.Second)
		w.want("x", "re: q?")
		w.wantEvent("retry", 0)
		if asked.Load() != 1 {
			t.Errorf("asked %d times", asked.Load())
		}
		w.settled()
	})
}

// away is a ledger that fails for a while.
type away struct {
	gateway.Ledger
	from, until time.Time
}

func (l *away) err() error {
	if now := time.Now(); now.After(l.from) && now.Before(l.until) {
		return errAway
	}
	return nil
}

func (l *away) Renew(ctx context.Context, t *gateway.Turn, lease time.Duration) error {
	return errors.Join(l.err(), l.Ledger.Renew(ctx, t, lease))
}

func (l *away) Settle(ctx context.Context, t *gateway.Turn, a gateway.Answer) error {
	if err := l.err(); err != nil {
		return err
	}
	return l.Ledger.Settle(ctx, t, a)
}

func (l *away) Intend(ctx context.Context, t *gateway.Turn, p gateway.Post) error {
	if err := l.err(); err != nil {
		return err
	}
	return l.Ledger.Intend(ctx, t, p)
}

// An old process meets a turn of a channel that only a newer one knows.
func TestAChannelThatIsNew(t *testing.T) {
	inBubble(t, func(w *world) {
		w.join("old", echo, func(c *gateway.Config) { c.Channels = nil })
		w.receivedBefore("x", "p", "q?")
		w.after(5 * time.Second)
		w.join("new", echo)
		w.until("answering", 3*time.Second, w.answered("x", 1))
		w.want("x", "re: q?")
		w.settled()
	})
	inBubble(t, func(w *world) { // nobody ever knows it
		w.join("old", echo, func(c *gateway.Config) { c.Channels = nil })
		w.receivedBefore("x", "p", "q?")
		w.after(40 * time.Minute)
		w.wantEvent("dead the channel is not configured any more", 1)
		w.settled()
	})
}
