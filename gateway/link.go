package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

const (
	restartFirst = time.Second
	restartMost  = time.Minute
	healthyAfter = time.Minute      // a connection that lived so long starts the pauses anew
	patience     = 10 * time.Second // for what was cancelled to return
	catchTimeout = 10 * time.Minute // for the history after a break
	sweepTimeout = 20 * time.Second // for what slipped through while connected
)

var (
	errDeaf      = fmt.Errorf("nothing was heard from the platform for too long: %w", fault.Unavailable)
	errAnew      = errors.New("the connection is made anew because somebody asked for it")
	errAbandoned = errors.New("does not return although it was cancelled")
)

// link is a channel with what the Gateway knows of it.
type link struct {
	g          *Gateway
	name, kind string
	ch         Channel
	profile    Profile

	mu     sync.Mutex
	health Health
	heard  time.Time // last frame or start of Listen

	failures int           // in a row
	yield    time.Duration // let others try for so long

	listens bool          // this process holds the channel's connection, or everybody may
	hold    hold          // the lease, if the channel has one
	again   chan struct{} // the lease may be free
	anew    chan struct{} // somebody wants the connection made anew
	left    chan struct{} // closed when a Listen that was left behind returns
}

func (g *Gateway) link(name, kind string) *link {
	l := &link{g: g, name: name, kind: kind, profile: DefaultProfile, again: make(chan struct{}, 1), anew: make(chan struct{}, 1)}
	l.health = Health{Name: name, Kind: kind, State: Stopped, Since: time.Now()}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.links = append(g.links, l)
	return l
}

func (l *link) use(ch Channel) {
	l.ch = ch
	if p, ok := ch.(Profiler); ok {
		l.profile = p.Profile()
	}
}

func (l *link) state() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health
}

func (l *link) set(state string, err error) {
	l.mu.Lock()
	was := l.health.State
	if was != state {
		l.health.State, l.health.Since = state, time.Now()
	}
	switch {
	case err != nil:
		_, l.health.Error = fault.Public(err)
	case state == Connected:
		l.health.Error = ""
	}
	l.mu.Unlock()
	if state == Connected && was != Connected {
		l.g.event(EventUp, l.name, "", time.Time{})
	}
}

// seen notes a sign of life. It is Setup.Seen.
func (l *link) seen() {
	l.mu.Lock()
	l.heard = time.Now()
	l.health.LastFrameAt = l.heard
	connecting := l.health.State == Connecting
	l.mu.Unlock()
	if connecting {
		l.set(Connected, nil)
	}
}

func (l *link) received() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.health.LastInAt = time.Now()
}

func (l *link) sent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.health.LastOutAt = time.Now()
}

// run keeps the channel listening until ctx ends.
func (l *link) run(ctx context.Context) {
	defer l.set(Stopped, nil)
	for {
		started := time.Now()
		l.set(Connecting, nil)
		err := l.catchUp(ctx, catchTimeout)
		detail := "catch_up"
		if err == nil {
			detail, err = l.listen(ctx)
		}
		if ctx.Err() != nil {
			if errors.Is(err, errAbandoned) {
				l.g.Log.Error("channel left behind", "channel", l.name, "err", err)
			}
			return
		}
		if errors.Is(err, errAnew) {
			l.failures = 0
			l.g.Log.Info("channel is connected anew", "channel", l.name)
			continue
		}
		if time.Since(started) >= healthyAfter {
			l.failures = 0
		}
		l.failures++
		wait := pause(l.failures, restartFirst, restartMost)
		if err == nil {
			err = fmt.Errorf("listening ended: %w", fault.Unavailable)
		}
		l.g.Log.Warn("channel broke", "channel", l.name, "reason", detail, "again_in", wait.Round(time.Millisecond), "err", err)
		l.g.event(EventDown, l.name, detail, time.Time{})
		l.set(Waiting, err)
		l.mu.Lock()
		l.health.Restarts++
		l.mu.Unlock()
		if l.alone() && l.failures%yieldAfter == 0 {
			l.yield = wait
			return
		}
		if !l.rested(ctx, wait) {
			return
		}
	}
}

// rested is sleep, until somebody wants the connection made anew.
func (l *link) rested(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.anew:
		l.failures = 0
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// catchUp reads what was missed. The cursor moves when all of it is stored.
func (l *link) catchUp(ctx context.Context, limit time.Duration) (err error) {
	c, ok := l.ch.(Catcher)
	if !ok {
		return nil
	}
	defer recovered(&err)
	ctx, done := context.WithTimeout(ctx, limit)
	defer done()
	cursor, err := l.g.Ledger.Cursor(ctx, l.name)
	if err != nil {
		return err
	}
	next, err := c.Since(ctx, cursor, l.g.deliver(l))
	if err != nil {
		return fmt.Errorf("catch up: %w", err)
	}
	if next == cursor {
		return nil
	}
	return l.g.Ledger.SetCursor(ctx, l.name, next)
}

// listen runs Listen once, and a watchdog beside it.
func (l *link) listen(parent context.Context) (detail string, err error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	l.mu.Lock()
	l.heard = time.Now()
	l.mu.Unlock()
	ended, left := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(left)
		ended <- l.call(ctx)
	}()
	if l.profile.Silence == 0 {
		l.set(Connected, nil) // it cannot tell more
	}
	watch := time.NewTicker(max(l.profile.Silence/4, time.Second))
	defer watch.Stop()
	sweep := time.NewTicker(l.g.SweepEvery)
	defer sweep.Stop()
	var overdue, late <-chan time.Time
	deaf, anew, stopping := false, false, parent.Done()
	for {
		select {
		case err := <-ended:
			switch {
			case deaf:
				return "deaf", errDeaf
			case anew:
				return "anew", errAnew
			case errors.Is(err, errPanic):
				return "panic", err
			}
			return "broken", err
		case <-watch.C:
			l.mu.Lock()
			silent := time.Since(l.heard)
			l.mu.Unlock()
			if l.profile.Silence == 0 || silent < l.profile.Silence {
				continue
			}
			if !deaf && !anew {
				deaf = true
				cancel(errDeaf)
				l.set(Waiting, errDeaf)
				overdue = time.After(patience)
			}
		case <-l.anew:
			if !deaf && !anew {
				anew = true
				cancel(errAnew)
				overdue = time.After(patience)
			}
		case <-overdue:
			// Two at a time would be worse than none: it is waited for. Health and this
			// line tell.
			l.g.Log.Error("channel is deaf", "channel", l.name, "err", errAbandoned)
		case <-sweep.C:
			// What slipped between the first catch-up and Listen is found here.
			if err := l.catchUp(ctx, sweepTimeout); err != nil && ctx.Err() == nil {
				l.g.Log.Warn("catch up", "channel", l.name, "err", err)
			}
		case <-stopping:
			stopping, late = nil, time.After(patience)
		case <-late:
			l.left = left
			return "broken", errAbandoned
		}
	}
}

func (l *link) call(ctx context.Context) (err error) {
	defer recovered(&err)
	deliver := l.g.deliver(l)
	return l.ch.Listen(ctx, func(c context.Context, m Message) error {
		if ctx.Err() != nil {
			return fmt.Errorf("deliver message: the channel is being stopped: %w", fault.Unavailable)
		}
		return deliver(c, m)
	})
}

// pause is how long to wait after n failures in a row: twice as long each time, a
// little by chance, so that many do not come back at once.
func pause(n int, first, most time.Duration) time.Duration {
	d := most
	if n < 30 {
		d = min(first<<max(n-1, 0), most)
	}
	return d*3/4 + rand.N(d/2)
}

// sleep reports whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
