package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

func TestRestartWithBackoff(t *testing.T) {
	inBubble(t, func(w *world) {
		var begun []time.Time
		w.platform.listen = func(context.Context) error {
			begun = append(begun, time.Now())
			if len(begun) <= 8 {
				return fmt.Errorf("refused by 10.0.0.1: %w", fault.Unavailable)
			}
			return nil
		}
		w.start(echo)
		h := w.Health()[0]
		if h.State != gateway.Waiting || h.Error == "" || h.Name != "chat" || h.Kind != "fake" {
			t.Errorf("health %+v", h)
		}
		if h.Error == "refused by 10.0.0.1: unavailable" {
			t.Error("the inner error is shown to people")
		}
		w.after(10 * time.Minute)
		if len(begun) != 9 {
			t.Fatalf("%d connections, want 9", len(begun))
		}
		for i := 1; i < len(begun); i++ {
			gap, most := begun[i].Sub(begun[i-1]), min(time.Second<<(i-1), time.Minute)*5/4
			if gap < most*3/5 || gap > most {
				t.Errorf("pause %d is %v, want at most %v and not far below", i, gap, most)
			}
		}
		h = w.Health()[0]
		if h.State != gateway.Connected || h.Error != "" || h.Restarts != 8 {
			t.Errorf("health %+v", h)
		}
		w.say("a", "p", "still there?")
		w.after(time.Second)
		w.want("a", "re: still there?")
		if h := w.Health()[0]; h.LastInAt.IsZero() || h.LastOutAt.IsZero() {
			t.Errorf("health after a message: %+v", h)
		}
	})
}

func TestPausesStartAnewAfterAHealthyTime(t *testing.T) {
	inBubble(t, func(w *world) {
		var begun []time.Time
		w.platform.listen = func(ctx context.Context) error {
			begun = append(begun, time.Now())
			if len(begun) > 6 {
				select {
				case <-time.After(2 * time.Minute):
				case <-ctx.Done():
				}
			}
			return errors.New("broken")
		}
		w.start(echo)
		w.after(20 * time.Minute)
		for i := 7; i < len(begun); i++ {
			if gap := begun[i].Sub(begun[i-1]); gap > 2*time.Minute+2*time.Second {
				t.Errorf("after a healthy time the pause is %v", gap-2*time.Minute)
			}
		}
	})
}

func TestAChannelThatPanicsIsRestarted(t *testing.T) {
	inBubble(t, func(w *world) {
		n := 0
		w.platform.listen = func(context.Context) error {
			if n++; n == 1 {
				panic("at the disco")
			}
			return nil
		}
		w.start(echo)
		w.after(3 * time.Second)
		w.say("a", "p", "alive?")
		w.after(time.Second)
		w.want("a", "re: alive?")
		w.wantEvent("down panic", 1)
	})
}

// deafChannel holds a connection on which nothing comes after a while.
type deafChannel struct {
	*platform
	seen    func()
	ignores time.Duration // how long Listen goes on after it was cancelled
	running atomic.Int32
	most    atomic.Int32
	listens atomic.Int32
}

func (d *deafChannel) Profile() gateway.Profile {
	return gateway.Profile{Silence: 30 * time.Second}
}

func (d *deafChannel) Listen(ctx context.Context, _ gateway.Deliver) error {
	d.listens.Add(1)
	d.most.Store(max(d.most.Load(), d.running.Add(1)))
	defer d.running.Add(-1)
	for range 10 { // heard for 50 s, then silence
		time.Sleep(5 * time.Second)
		d.seen()
	}
	<-ctx.Done()
	time.Sleep(d.ignores)
	return ctx.Err()
}

func TestDeafChannelIsRestarted(t *testing.T) {
	for _, ignores := range []time.Duration{0, 5 * time.Minute} {
		t.Run(ignores.String(), func(t *testing.T) {
			inBubble(t, func(w *world) {
				d := &deafChannel{platform: w.platform, ignores: ignores}
				g := gateway.New(gateway.Config{Ledger: w.ledger, Handler: handler(echo), Events: w.event, Owner: "test"})
				_, err := g.Open("deaf", func(s gateway.Setup) (gateway.Channel, error) {
					d.seen = s.Seen
					return d, nil
				}, gateway.Setup{Name: "d"})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(w.Context())
				ended := make(chan struct{})
				go func() { defer close(ended); _ = g.Run(ctx) }()
				w.after(20 * time.Second)
				if h := g.Health()[0]; h.State != gateway.Connected || h.LastFrameAt.IsZero() {
					t.Errorf("health while frames come: %+v", h)
				}
				w.after(70 * time.Second) // 50 s heard, 30 s of silence, and a little
				if ignores > 0 {
					w.after(30 * time.Second)
					if h := g.Health()[0]; h.State != gateway.Waiting || h.Error == "" {
						t.Errorf("health of a channel that is deaf and does not return: %+v", h)
					}
					if d.listens.Load() != 1 {
						t.Errorf("Listen was called %d times while the first had not returned", d.listens.Load())
					}
					w.after(6 * time.Minute)
				}
				if d.listens.Load() < 2 || d.most.Load() != 1 {
					t.Errorf("Listen was called %d times, %d at a time; want several, one at a time", d.listens.Load(), d.most.Load())
				}
				if w.seen("down deaf") == 0 {
					t.Errorf("not reported as deaf: %v", w.events)
				}
				cancel()
				<-ended
				time.Sleep(10 * time.Minute) // let what was left behind return
				synctest.Wait()
			})
		})
	}
}

// catcher has a history.
type catcher struct {
	*platform
	cursors []string
	fail    bool
}

func (c *catcher) Since(ctx context.Context, cursor string, deliver gateway.Deliver) (string, error) {
	c.mu.Lock()
	c.cursors = append(c.cursors, cursor)
	past := slices.Clone(c.past)
	c.mu.Unlock()
	for _, m := range past {
		if m.ID > cursor {
			if err := deliver(ctx, m); err != nil {
				return "", err
			}
			if c.fail {
				c.fail = false
				return "", errors.New("connection reset")
			}
			cursor = m.ID
		}
	}
	return cursor, nil
}

func (c *catcher) asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.cursors)
}

func TestCatchUp(t *testing.T) {
	inBubble(t, func(w *world) {
		c := &catcher{platform: w.platform, fail: true}
		for i := range 3 {
			c.past = append(c.past, w.message(fmt.Sprint("chat", i), "p", fmt.Sprintf("missed %d?", i)))
		}
		c.past[0].SentAt = time.Now().Add(-time.Hour)
		g := gateway.New(gateway.Config{Ledger: w.ledger, Handler: handler(echo), Events: w.event, Owner: "test",
			Channels: []gateway.Named{{Name: "chat", Channel: c}}})
		ctx, cancel := context.WithCancel(w.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = g.Run(ctx) }()
		w.after(5 * time.Second)
		w.want("chat0") // too old
		w.want("chat1", "re: missed 1?")
		w.want("chat2", "re: missed 2?")
		if asked := c.asked(); len(asked) != 2 || asked[0] != "" || asked[1] != "" {
			t.Errorf("cursors %q: it moves only when all was stored", asked)
		}
		// What slips through while connected is found as well.
		c.mu.Lock()
		c.past = append(c.past, w.message("chat3", "p", "slipped through?"))
		c.mu.Unlock()
		w.after(65 * time.Second)
		w.want("chat3", "re: slipped through?")
		if asked := c.asked(); asked[len(asked)-1] != "m3" {
			t.Errorf("asked from the cursors %q, want m3 at last", asked)
		}
		cancel()
		<-ended
	})
}
