package gateway_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/live"
)

// node is one of several processes on a ledger. Its calls to all that outlives it
// pass a boundary, where it can be frozen or killed.
type node struct {
	*gateway.Gateway
	*ice
	w    *world
	box  gateway.Inbox
	stop context.CancelFunc
	done chan struct{}
}

// ice is a boundary that holds up everything while it is frozen. As in a process
// that gets SIGSTOP, what was under way does not know; when it melts, contexts whose
// time is over have ended.
type ice struct {
	mu     sync.Mutex
	melted chan struct{} // nil: nothing is frozen
	dead   bool
	n, at  int           // freezes itself at the nth boundary
	cold   time.Duration // for so long
	where  string
	lag    func() time.Duration // on the way to the platform and back
}

func (i *ice) freeze() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.melted == nil {
		i.melted = make(chan struct{})
	}
}

func (i *ice) melt() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.melted != nil {
		close(i.melted)
		i.melted = nil
	}
}

// kill ends all effects for ever.
func (i *ice) kill() {
	i.mu.Lock()
	i.dead = true
	i.mu.Unlock()
	i.melt()
}

func (i *ice) frozen() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.melted != nil
}

func (i *ice) gone(ctx context.Context) error {
	i.mu.Lock()
	melted := i.melted
	i.mu.Unlock()
	if melted != nil {
		<-melted
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.dead {
		return errCrashed
	}
	return ctx.Err()
}

func (i *ice) step(ctx context.Context, where string) error {
	i.mu.Lock()
	if i.n++; i.n == i.at {
		i.where, i.melted = where, make(chan struct{})
		time.AfterFunc(i.cold, i.melt)
	}
	i.mu.Unlock()
	if i.lag != nil && strings.HasSuffix(where, "Post") {
		time.Sleep(i.lag())
	}
	return i.gone(ctx)
}

func (i *ice) froze() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.where
}

// cold is what a node has of the leases and the bus.
type coldLeases struct {
	gateway.Leases
	*ice
}

func (l *coldLeases) Hold(ctx context.Context, name, owner string, lease time.Duration) (int64, error) {
	if err := l.gone(ctx); err != nil {
		return 0, err
	}
	return l.Leases.Hold(ctx, name, owner, lease)
}

func (l *coldLeases) Free(ctx context.Context, name, owner string, fence int64) error {
	if err := l.gone(ctx); err != nil {
		return err
	}
	return l.Leases.Free(ctx, name, owner, fence)
}

// badBus loses and refuses whatever it can.
type badBus struct{ live.Memory }

func (*badBus) Publish(context.Context, string, []byte) error {
	return errors.New("no route to host")
}

func (*badBus) Subscribe(context.Context, string) (<-chan []byte, error) {
	return nil, errors.New("no route to host")
}

// deafBus takes everything and delivers nothing, after a long while.
type deafBus struct{ live.Memory }

func (*deafBus) Publish(ctx context.Context, _ string, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

// buses are what every promise between processes is kept with, and how soon.
var buses = []struct {
	name string
	make func() live.Bus
	soon time.Duration
}{
	{"bus", func() live.Bus { return &live.Memory{} }, 50 * time.Millisecond},
	{"no bus", func() live.Bus { return nil }, 2 * time.Second},
	{"broken bus", func() live.Bus { return &badBus{} }, 2 * time.Second},
	{"hanging bus", func() live.Bus { return &deafBus{} }, 2 * time.Second},
}

// onEachBus runs f in a bubble with each kind of bus, in w.config; what is told by
// the bus is known everywhere after soon.
func onEachBus(t *testing.T, f func(w *world, soon time.Duration)) {
	t.Helper()
	for _, b := range buses {
		t.Run(b.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.config.Leases, w.config.Bus = newLeases(), b.make()
				f(w, b.soon)
			})
		})
	}
}

// join starts one more process. The test's end stops it.
func (w *world) join(name string, h handler, change ...func(*gateway.Config)) *node {
	w.Helper()
	n := &node{w: w, ice: &ice{}, done: make(chan struct{})}
	return n.start(name, h, change...)
}

func (n *node) start(name string, h handler, change ...func(*gateway.Config)) *node {
	w := n.w
	if w.config.Leases == nil {
		w.config.Leases = newLeases()
	}
	c := w.config
	ch := &crashChannel{platform: w.platform, c: n.ice, box: &n.box}
	c.Owner, c.Handler, c.Events = name, h, w.event
	c.Ledger, c.Leases = &crashLedger{w.ledger, n.ice}, &coldLeases{c.Leases, n.ice}
	c.Channels = []gateway.Named{{Name: "chat", Kind: "fake", Channel: ch.channel()}}
	for _, f := range change {
		f(&c)
	}
	n.Gateway = gateway.New(c)
	ctx, stop := context.WithCancel(context.WithoutCancel(w.Context()))
	n.stop = stop
	go func() {
		defer close(n.done)
		if err := n.Run(ctx); err != nil {
			w.Error(err)
		}
	}()
	w.Cleanup(func() { n.melt(); n.end() })
	synctest.Wait()
	return n
}

// end is SIGTERM, and waits.
func (n *node) end() {
	n.stop()
	<-n.done
}

// hears delivers m to this process.
func (n *node) hears(m gateway.Message) {
	n.w.Helper()
	if err := n.box.Deliver(n.w.Context(), m); err != nil {
		n.w.Fatalf("deliver %s: %v", m.ID, err)
	}
}

// until waits until cond holds and returns how long that took.
func (w *world) until(what string, most time.Duration, cond func() bool) time.Duration {
	w.Helper()
	begun := time.Now()
	for !cond() {
		if time.Since(begun) > most {
			w.Errorf("%s took longer than %v", what, most)
			break
		}
		w.after(10 * time.Millisecond)
	}
	return time.Since(begun)
}

// answered reports whether a chat shows n posts that are final.
func (w *world) answered(chat string, n int) func() bool {
	return func() bool {
		final := 0
		for _, x := range w.shown(chat) {
			if x.Final {
				final++
			}
		}
		return final >= n
	}
}

var errAway = errors.Join(errors.New("the database is away"), fault.Unavailable)
