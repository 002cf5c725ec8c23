package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// line is the one connection that a platform allows, and counts who has it.
type line struct {
	*platform
	mu     sync.Mutex
	on     map[string]int // by process
	most   int            // at a time, frozen ones aside
	frozen string
	begun  []string
	broken string // the process that cannot connect
}

// plug is how one process listens.
type plug struct {
	gateway.Channel
	*line
	name  string
	box   *gateway.Inbox
	bound bool
}

func (p *plug) Profile() gateway.Profile {
	profile := p.platform.profile
	profile.Once, profile.Bound = true, p.bound
	return profile
}

func (p *plug) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	p.line.mu.Lock()
	on := p.on[p.name]
	p.line.mu.Unlock()
	if p.bound && on == 0 {
		return "", fmt.Errorf("%s is not connected: %w", p.name, fault.Unavailable)
	}
	return p.platform.Post(ctx, out)
}

func (p *plug) Listen(ctx context.Context, deliver gateway.Deliver) error {
	p.line.mu.Lock()
	if p.broken == p.name {
		p.line.mu.Unlock()
		return errors.New("no route to host")
	}
	p.begun = append(p.begun, p.name)
	p.on[p.name]++
	n := 0
	for name, on := range p.on {
		if name != p.frozen {
			n += on
		}
	}
	p.most = max(p.most, n)
	p.line.mu.Unlock()
	err := p.box.Listen(ctx, deliver)
	p.line.mu.Lock()
	defer p.line.mu.Unlock()
	p.on[p.name]--
	return err
}

// listener is who listens now.
func (l *line) listener() (names string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, on := range l.on {
		if on > 0 && name != l.frozen {
			names += name
		}
	}
	return names
}

func (l *line) times() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.begun)
}

// connect starts a process that wants the line.
func (w *world) connect(l *line, name string, h handler, bound bool) *node {
	w.Helper()
	n := &node{w: w, ice: &ice{}, done: make(chan struct{})}
	return n.start(name, h, func(c *gateway.Config) {
		c.Channels = []gateway.Named{{Name: "chat", Channel: &plug{Channel: w.platform, line: l, name: name, box: &n.box, bound: bound}}}
	})
}

func newLine(w *world) *line {
	w.platform.edits = false
	return &line{platform: w.platform, on: map[string]int{}}
}

func TestOneListens(t *testing.T) {
	onEachBus(t, func(w *world, soon time.Duration) {
		l := newLine(w)
		nodes := map[string]*node{}
		for _, name := range []string{"a", "b", "c"} {
			nodes[name] = w.connect(l, name, echo, false)
		}
		w.after(10 * time.Minute)
		if l.times() != 1 {
			t.Fatalf("connected %d times, want once: %v", l.times(), l.begun)
		}
		first := l.listener()
		for name, n := range nodes {
			want := gateway.Standby
			if name == first {
				want = gateway.Connected
			}
			if h := n.Health()[0]; h.State != want || h.Error != "" {
				t.Errorf("%s is %+v, want %s", name, h, want)
			}
		}
		nodes[first].hears(w.message("x", "p", "q?"))
		w.until("answering", time.Second, w.answered("x", 1))

		// It is stopped: another one listens at once.
		nodes[first].stop()
		second := ""
		w.until("handing over", min(soon, 1100*time.Millisecond), func() bool { second = l.listener(); return second != "" && second != first })
		<-nodes[first].done

		// It dies: the last one takes over when the lease has ended.
		l.mu.Lock()
		l.frozen = second
		l.mu.Unlock()
		nodes[second].freeze()
		w.until("taking over", takeover, func() bool { return l.listener() != "" })
		third := l.listener()
		w.after(10 * time.Second)
		nodes[second].melt()
		w.until("leaving", 2*time.Second, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.on[second] == 0 })
		l.mu.Lock()
		l.frozen = ""
		l.mu.Unlock()
		w.after(time.Minute)
		if got := l.listener(); got != third || l.most != 1 || l.times() != 3 {
			t.Errorf("%s listens, want %s; %d at a time; connected %v", got, third, l.most, l.begun)
		}
		nodes[third].hears(w.message("x", "p", "still?"))
		w.until("answering", time.Second, w.answered("x", 2))
	})
}

// Where an answer needs the connection, it is given where the connection is.
func TestBoundChannel(t *testing.T) {
	inBubble(t, func(w *world) {
		l := newLine(w)
		a := w.connect(l, "a", echo, true)
		w.after(time.Second)
		b := w.connect(l, "b", echo, true)
		for i := range 20 {
			a.hears(w.message(fmt.Sprint("x", i), "p", "q?"))
		}
		w.after(5 * time.Second)
		w.wantEvent("retry", 0)
		for i := range 20 {
			w.want(fmt.Sprint("x", i), "re: q?")
		}
		w.receivedBefore("y", "p", "left?")
		a.kill()
		l.mu.Lock()
		l.frozen = "a"
		l.mu.Unlock()
		w.until("taking over", takeover, func() bool { return l.listener() == "b" })
		b.hears(w.message("z", "p", "new?"))
		w.after(2 * time.Second)
		w.want("y", "re: left?")
		w.want("z", "re: new?")
	})
}

// A process that cannot reach the platform lets another one try.
func TestWhoCannotConnectYields(t *testing.T) {
	inBubble(t, func(w *world) {
		l := newLine(w)
		l.broken = "a"
		w.connect(l, "a", echo, false)
		w.after(100 * time.Millisecond)
		w.connect(l, "b", echo, false)
		w.until("yielding", 15*time.Second, func() bool { return l.listener() == "b" })
		w.after(time.Hour)
		if l.times() != 1 {
			t.Errorf("connected %v, want b once", l.begun)
		}
	})
}

// A Listen that ignores its end is waited for, whoever has the lease by then.
func TestListenIsNeverCalledTwice(t *testing.T) {
	inBubble(t, func(w *world) {
		var now, most atomic.Int32
		slow := func(ctx context.Context) error {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			<-ctx.Done()
			time.Sleep(time.Minute)
			return ctx.Err()
		}
		w.platform.listen = slow
		n := &node{w: w, ice: &ice{}, done: make(chan struct{})}
		w.platform.profile.Once = true
		n.start("a", echo, func(c *gateway.Config) { c.Channels = []gateway.Named{{Name: "chat", Channel: w.platform}} })
		w.after(10 * time.Second)
		for range 5 {
			n.freeze()
			w.after(10 * time.Second)
			n.melt()
			w.after(30 * time.Second)
		}
		if most.Load() != 1 {
			t.Errorf("%d Listens at a time", most.Load())
		}
		w.after(5 * time.Minute)
		if now.Load() != 1 {
			t.Errorf("%d Listens at the end, want 1", now.Load())
		}
		n.end()
		w.after(2 * time.Minute) // it was left behind
	})
}

// Running answers are finished, or given to others at once; who stops says so first.
func TestHandingOver(t *testing.T) {
	onEachBus(t, func(w *world, soon time.Duration) {
		slow := func(takes time.Duration) handler {
			return func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
				select {
				case <-time.After(takes):
					return echo(ctx, m, r)
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		a := w.join("a", func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			if m.Conversation.Chat == "long" {
				return hang(ctx, m, r)
			}
			return slow(10*time.Second)(ctx, m, r)
		}, func(c *gateway.Config) { c.DrainTimeout, c.Linger = 15*time.Second, 3*time.Second })
		if err := a.Ready(w.Context()); err != nil {
			t.Error(err)
		}
		a.hears(w.message("long", "p", "q?"))
		a.hears(w.message("short", "p", "q?"))
		w.after(time.Second)
		b := w.join("b", slow(0))
		a.stop()
		w.after(time.Millisecond)
		if err := a.Ready(w.Context()); !errors.Is(err, fault.Unavailable) {
			t.Errorf("ready while it stops: %v", err)
		}
		a.hears(w.message("new", "p", "while it stops?")) // is answered by the other
		w.until("taking", min(soon, 1100*time.Millisecond), w.answered("new", 1))
		w.after(9 * time.Second)
		w.want("short", "re: q?")
		w.want("long")
		<-a.done
		w.until("handing over", min(soon, 1100*time.Millisecond), w.answered("long", 1))
		w.wantEvent("done answered", 3)
		if err := b.Ready(w.Context()); err != nil {
			t.Error(err)
		}
		w.settled()
	})
}
