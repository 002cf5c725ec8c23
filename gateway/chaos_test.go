package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/live"
	"github.com/parley-im/parley/internal/sqlite/messages"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

// cluster is a few processes that come and go.
type cluster struct {
	*world
	nodes []*node
	count int
	h     handler
	lag   func() time.Duration
}

func (c *cluster) add() {
	c.count++
	n := &node{w: c.world, ice: &ice{lag: c.lag}, done: make(chan struct{})}
	c.nodes = append(c.nodes, n.start(fmt.Sprint("node-", c.count), c.h, func(g *gateway.Config) { g.Linger = time.Second }))
}

// deliver offers m to one process after the other, as a balancer and a platform that
// offers a message until it is acknowledged do.
func (c *cluster) deliver(m gateway.Message) {
	c.Helper()
	for try := range 600 {
		for i := range c.nodes {
			n := c.nodes[(i+try+len(m.ID))%len(c.nodes)]
			ctx, done := context.WithTimeout(c.Context(), 2*time.Second)
			err := errAway
			if !n.frozen() {
				err = n.box.Deliver(ctx, m)
			}
			done()
			if err == nil {
				return
			}
			if !errors.Is(err, fault.Unavailable) && !errors.Is(err, errCrashed) && !errors.Is(err, context.DeadlineExceeded) {
				c.Errorf("deliver %s: %v", m.ID, err)
			}
		}
		c.after(100 * time.Millisecond)
	}
	c.Errorf("%s is taken by nobody", m.ID)
}

// Three processes are replaced one after the other while people ask: nothing is lost,
// nothing is said twice, and nobody waits longer than usual.
func TestRollingRestart(t *testing.T) {
	onEachBus(t, func(w *world, _ time.Duration) {
		w.platform.edits = false // and it drops nothing by itself
		c := &cluster{world: w, h: func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			time.Sleep(700 * time.Millisecond)
			return echo(ctx, m, r)
		}}
		for range 3 {
			c.add()
		}
		const chats, rounds = 8, 60
		for i := range rounds {
			for chat := range chats {
				c.deliver(w.message(fmt.Sprint("x", chat), fmt.Sprint("p", i), fmt.Sprint(i, "?")))
			}
			w.after(time.Second)
			if i%5 == 4 { // SIGTERM to the oldest, when a new one runs
				old := c.nodes[0]
				c.nodes = c.nodes[1:]
				c.add()
				old.stop()
			}
		}
		w.after(10 * time.Second)
		var want []string
		for i := range rounds {
			want = append(want, fmt.Sprint("re: ", i, "?"))
		}
		for chat := range chats {
			w.want(fmt.Sprint("x", chat), want...)
		}
		w.wantEvent("fallback unsure", 0)
		w.wantEvent("dead", 0)
		w.wantEvent("retry", 0)
		w.settled()
	})
}

// Processes are frozen, killed, stopped and started at random, while the bus comes
// and goes. Every question is answered once and in order, on a platform that lets us
// look for a post; on one that does not, each answer more was counted.
func TestChaos(t *testing.T) {
	seeds := 8
	if testing.Short() {
		seeds = 2
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) { w.chaos(seed, 300) })
		})
	}
}

func TestChaosOnADatabase(t *testing.T) {
	inBubble(t, func(w *world) {
		w.ledger = messages.New(sqlitetest.Open(w.T))
		w.chaos(1, 60)
	})
}

func (w *world) chaos(seed uint64, rounds int) {
	random := rand.New(&locked{Source: rand.NewPCG(seed, 0)})
	w.platform.edits, w.platform.finds = seed%2 == 0, seed%4 < 3
	exact := w.platform.finds
	bus := &flaky{}
	w.config.Bus, w.config.Leases = bus, newLeases()
	w.config.MaxCrashes = 100 // this is not what is tested here
	c := &cluster{world: w, h: func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
		for _, s := range []string{"re: ", m.Text, " and some more"} {
			if _, err := fmt.Fprint(r, s); err != nil {
				return err
			}
			select {
			case <-time.After(time.Duration(random.IntN(1500)) * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}}
	c.lag = func() time.Duration { return time.Duration(random.IntN(1000)) * time.Millisecond }
	for range 3 {
		c.add()
	}
	asked := map[string][]string{}
	for i := range rounds {
		n := c.nodes[random.IntN(len(c.nodes))]
		switch random.IntN(30) {
		case 0:
			n.freeze()
			time.AfterFunc(time.Duration(random.IntN(20))*time.Second, n.melt)
		case 1:
			n.kill()
			c.nodes = slices.DeleteFunc(c.nodes, func(x *node) bool { return x == n })
			n.stop()
		case 2:
			n.stop()
			c.nodes = slices.DeleteFunc(c.nodes, func(x *node) bool { return x == n })
		case 3:
			bus.dead.Store(random.IntN(2) == 0)
		}
		for len(c.nodes) < 2+random.IntN(2) {
			c.add()
		}
		chat := fmt.Sprint("x", random.IntN(6))
		text := fmt.Sprint("number ", i, "?")
		asked[chat] = append(asked[chat], "re: "+text+" and some more")
		c.deliver(w.message(chat, fmt.Sprint("p", i), text))
		w.after(time.Duration(random.IntN(1000)) * time.Millisecond)
	}
	for _, n := range c.nodes {
		n.melt()
	}
	w.until("answering all", time.Hour, func() bool { // there may be a backlog
		w.after(time.Second)
		n, err := w.ledger.Waiting(w.Context())
		return err == nil && len(n) == 0
	})
	w.after(30 * time.Second)
	w.settled()
	extra := 0
	for chat, want := range asked {
		var got []string
		for _, x := range w.shown(chat) {
			got = append(got, x.Text)
		}
		if exact && len(got) > len(want) {
			w.Errorf("seed %d: %s shows %d answers to %d questions", seed, chat, len(got), len(want))
		}
		at := 0
		for _, text := range got {
			if at < len(want) && text == want[at] {
				at++
			}
		}
		if at != len(want) {
			w.Errorf("seed %d: %s misses %q, or shows it out of order; the last one of %d is %q", seed, chat, want[at], len(got), got[len(got)-1])
		}
		extra += len(got) - len(want)
	}
	w.Logf("%d posts too many; %v", extra, w.events)
	if unsure := w.seen("fallback unsure"); extra > unsure {
		w.Errorf("seed %d: %d posts too many, %d counted as unsure", seed, extra, unsure)
	}
}

// locked is a source for many goroutines.
type locked struct {
	sync.Mutex
	rand.Source
}

func (l *locked) Uint64() uint64 {
	l.Lock()
	defer l.Unlock()
	return l.Source.Uint64()
}

// flaky is a bus that dies now and then.
type flaky struct {
	live.Memory
	dead atomic.Bool
}

func (f *flaky) Publish(ctx context.Context, topic string, payload []byte) error {
	if f.dead.Load() {
		return errAway
	}
	return f.Memory.Publish(ctx, topic, payload)
}
