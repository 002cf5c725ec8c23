package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/sqlite/messages"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

var errCrashed = errors.New("crashed")

// crasher stands between a gateway and all that outlives it. At the nth boundary,
// and there is one before and one after each call, the process is as good as dead:
// no call has an effect any more.
type crasher struct {
	mu    sync.Mutex
	n, at int
	where string
	dead  bool
}

func (c *crasher) step(_ context.Context, where string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; c.n == c.at {
		c.dead, c.where = true, where
	}
	if c.dead {
		return errCrashed
	}
	return nil
}

func (c *crasher) gone(context.Context) error {
	if _, dead := c.crashed(); dead {
		return errCrashed
	}
	return nil
}

func (c *crasher) crashed() (where string, dead bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.where, c.dead
}

// boundary is passed before and after each call to what outlives a process.
type boundary interface {
	step(ctx context.Context, where string) error
}

// around runs f between two boundaries.
func around[T any](ctx context.Context, c boundary, name string, f func() (T, error)) (T, error) {
	var none T
	if err := c.step(ctx, "before "+name); err != nil {
		return none, err
	}
	v, err := f()
	if crash := c.step(ctx, "after "+name); crash != nil {
		return none, crash
	}
	return v, err
}

func plain(ctx context.Context, c boundary, name string, f func() error) error {
	_, err := around(ctx, c, name, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// crashLedger is a ledger with boundaries around each write of a turn's life.
// Take with nothing to take and the polling reads have none: they change nothing.
type crashLedger struct {
	gateway.Ledger
	c boundary
}

func (l *crashLedger) Receive(ctx context.Context, m gateway.Message) (bool, error) {
	return around(ctx, l.c, "Receive", func() (bool, error) { return l.Ledger.Receive(ctx, m) })
}

func (l *crashLedger) Take(ctx context.Context, o gateway.TakeOptions) (*gateway.Turn, error) {
	if c, ok := l.c.(interface{ gone(context.Context) error }); ok {
		if err := c.gone(ctx); err != nil {
			return nil, err
		}
	}
	t, err := l.Ledger.Take(ctx, o)
	if t == nil || err != nil {
		return t, err
	}
	return around(ctx, l.c, "Take", func() (*gateway.Turn, error) { return t, nil })
}

func (l *crashLedger) Extend(ctx context.Context, t *gateway.Turn, merge time.Duration) ([]gateway.Message, error) {
	return around(ctx, l.c, "Extend", func() ([]gateway.Message, error) { return l.Ledger.Extend(ctx, t, merge) })
}

func (l *crashLedger) Renew(ctx context.Context, t *gateway.Turn, lease time.Duration) error {
	return plain(ctx, l.c, "Renew", func() error { return l.Ledger.Renew(ctx, t, lease) })
}

func (l *crashLedger) Intend(ctx context.Context, t *gateway.Turn, p gateway.Post) error {
	return plain(ctx, l.c, "Intend", func() error { return l.Ledger.Intend(ctx, t, p) })
}

func (l *crashLedger) Settle(ctx context.Context, t *gateway.Turn, a gateway.Answer) error {
	return plain(ctx, l.c, "Settle", func() error { return l.Ledger.Settle(ctx, t, a) })
}

func (l *crashLedger) Finish(ctx context.Context, t *gateway.Turn, o gateway.Outcome) error {
	return plain(ctx, l.c, "Finish", func() error { return l.Ledger.Finish(ctx, t, o) })
}

func (l *crashLedger) Release(ctx context.Context, t *gateway.Turn, after time.Duration) error {
	return plain(ctx, l.c, "Release", func() error { return l.Ledger.Release(ctx, t, after) })
}

// profiles are the kinds of platform that recovery differs for.
var profiles = []struct {
	name                  string
	edits, dedupes, finds bool
}{
	{"editor that dedupes", true, true, false},
	{"editor with search", true, false, true},
	{"editor", true, false, false},
	{"post only, dedupes", false, true, false},
	{"post only, with search", false, false, true},
	{"post only", false, false, false},
}

// TestCrashOnADatabase is the same with the ledger that ships, for one platform.
func TestCrashOnADatabase(t *testing.T) {
	inBubble(t, func(w *world) {
		w.ledger = messages.New(sqlitetest.Open(w.T))
		w.platform.finds = true
		w.crashEverywhere(true, false)
	})
}

// TestCrashAtEveryBoundary kills the gateway at each boundary of a small talk, and
// once more in the life after it. A new gateway on the same database must leave
// people with each question answered once, in order, and whole.
func TestCrashAtEveryBoundary(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.platform.edits, w.platform.finds, w.platform.profile.Dedupes = p.edits, p.finds, p.dedupes
				w.crashEverywhere(p.dedupes || p.finds, true)
			})
		})
	}
}

// crashEverywhere holds talks with a crash at each boundary, until one has none
// left. exact: people must see each answer just once. twice: crash again in the
// life after it.
func (w *world) crashEverywhere(exact, twice bool) {
	w.Helper()
	w.platform.profile.MaxText = 60
	boundaries := 0
	for at := 1; !w.Failed(); at++ {
		crashes := w.tell(fmt.Sprintf("chat-%d", at), []int{at}, exact)
		if twice {
			w.tell(fmt.Sprintf("chat-%d-again", at), []int{at, at}, exact)
			w.tell(fmt.Sprintf("chat-%d-late", at), []int{at, at + 7}, exact)
		}
		boundaries += crashes
		if crashes == 0 {
			break
		}
	}
	w.settled()
	if boundaries < 20 {
		w.Errorf("only %d crashes: are the boundaries still there?", boundaries)
	}
}

const crashAnswer = "The first paragraph of the answer.\n\nThe second one, to be sure."

// tell has two people ask in a chat, with a gateway that crashes at the nth
// boundary in its first lives. It returns how many crashes there were.
func (w *world) tell(chat string, crashAt []int, exact bool) (crashes int) {
	w.Helper()
	questions := []gateway.Message{w.message(chat, "p", "first?"), w.message(chat, "q", "second?")}
	story := chat + ":"
	unsure := w.seen("fallback unsure")
	for life := 0; ; life++ {
		c := &crasher{}
		if life < len(crashAt) {
			c.at = crashAt[life]
		}
		stop := w.live(c)
		for _, m := range questions {
			// The platform offers a message until it is acknowledged. After a crash it
			// offers all again: it does not know either.
			for w.platform.Deliver(w.Context(), m) != nil {
				if _, dead := c.crashed(); dead {
					break
				}
				w.after(100 * time.Millisecond)
			}
		}
		for range 60 { // until it is dead, or has nothing left to do
			w.after(time.Second)
			n, err := w.ledger.Waiting(w.Context())
			if _, dead := c.crashed(); err != nil || dead || len(n) == 0 {
				break
			}
		}
		stop()
		where, dead := c.crashed()
		if !dead {
			break
		}
		crashes++
		story += " " + where + ";"
	}
	w.check(chat, story, questions, exact, w.seen("fallback unsure")-unsure)
	return crashes
}

// live runs one gateway until stop is called.
func (w *world) live(c *crasher) (stop func()) {
	ch := &crashChannel{platform: w.platform, c: c}
	config := gateway.Config{Owner: "test", Ledger: &crashLedger{w.ledger, c}, Events: w.event, Channels: []gateway.Named{{Name: "chat", Channel: ch.channel()}}}
	config.Handler = handler(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
		for _, piece := range strings.SplitAfter(m.Text+" "+crashAnswer, "paragraph") {
			if _, err := fmt.Fprint(r, piece); err != nil {
				return err
			}
			time.Sleep(1500 * time.Millisecond)
		}
		return nil
	})
	g := gateway.New(config)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := g.Run(ctx); err != nil {
			w.Error(err)
		}
	}()
	synctest.Wait()
	return func() { cancel(); <-ended }
}

// check compares what people see with what they should.
func (w *world) check(chat, story string, questions []gateway.Message, exact bool, unsure int) {
	w.Helper()
	var got, want []string
	for _, x := range w.shown(chat) {
		got = append(got, x.Text)
		if exact && !x.Final {
			w.Errorf("%s a half-written post was left behind: %q", story, x.Text)
		}
	}
	for _, m := range questions {
		want = append(want, m.Text+" The first paragraph of the answer.", "The second one, to be sure.")
	}
	if exact || unsure == 0 {
		if !slices.Equal(got, want) {
			w.Errorf("%s people see %q, want %q", story, got, want)
		}
		return
	}
	// Without a way to know, at most one post more for each time that was counted.
	if len(got) > len(want)+unsure {
		w.Errorf("%s %d posts more than wanted, %d were counted: %q", story, len(got)-len(want), unsure, got)
	}
	at := 0
	for _, text := range got {
		if at < len(want) && text == want[at] {
			at++
		}
	}
	if at != len(want) {
		w.Errorf("%s an answer is missing or out of order: %q", story, got)
	}
}

// crashChannel has boundaries around each call to the platform.
type crashChannel struct {
	*platform
	c   boundary
	box *gateway.Inbox // in place of the platform's, for one of several processes
}

func (p *crashChannel) Listen(ctx context.Context, deliver gateway.Deliver) error {
	if p.box != nil {
		return p.box.Listen(ctx, deliver)
	}
	return p.platform.Listen(ctx, deliver)
}

func (p *crashChannel) channel() gateway.Channel {
	switch {
	case p.edits && p.finds:
		return &crashBoth{crashEditor{p}}
	case p.edits:
		return &crashEditor{p}
	case p.finds:
		return &crashFinder{p}
	}
	return p
}

func (p *crashChannel) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	return around(ctx, p.c, "Post", func() (string, error) { return p.platform.Post(ctx, out) })
}

func (p *crashChannel) Typing(context.Context, gateway.Conversation) error { return nil }

type crashEditor struct{ *crashChannel }

func (p *crashEditor) Edit(ctx context.Context, id string, out gateway.Outgoing) error {
	return plain(ctx, p.c, "Edit", func() error { return p.edit(ctx, id, out) })
}

type crashFinder struct{ *crashChannel }

func (p *crashFinder) Find(ctx context.Context, c gateway.Conversation, key string) (string, error) {
	return around(ctx, p.c, "Find", func() (string, error) { return p.find(ctx, c, key) })
}

type crashBoth struct{ crashEditor }

func (p *crashBoth) Find(ctx context.Context, c gateway.Conversation, key string) (string, error) {
	return around(ctx, p.c, "Find", func() (string, error) { return p.find(ctx, c, key) })
}
