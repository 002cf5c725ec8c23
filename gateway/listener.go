package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

const (
	// tryEvery is how often a process that stands by asks whether it may listen now.
	tryEvery = time.Second
	// yieldAfter so many failures in a row, another process may try: perhaps only this
	// one cannot reach the platform.
	yieldAfter = 3
)

// alone reports whether only one process may listen to the channel at a time.
func (l *link) alone() bool { return l.profile.Once && l.g.Leases != nil }

// serve runs the channel until ctx ends: always, or while this process holds the
// channel's lease, if only one may listen.
func (l *link) serve(ctx context.Context) {
	if l.ch == nil {
		return
	}
	if !l.alone() {
		l.listening(true)
		defer l.listening(false)
		l.run(ctx)
		return
	}
	defer l.set(Stopped, nil)
	for l.returned(ctx) {
		fence, err := l.seize(ctx)
		if err != nil {
			if !errors.Is(err, fault.Conflict) {
				l.g.Log.Warn("lease of channel", "channel", l.name, "err", err)
			}
			l.set(Standby, nil)
			l.rest(ctx)
			continue
		}
		l.g.Log.Info("listens", "channel", l.name, "fence", fence)
		l.attend(ctx, fence)
		l.g.Log.Info("does not listen any more", "channel", l.name, "fence", fence)
		if wait := l.yield; wait > 0 {
			l.yield = 0
			l.set(Waiting, nil)
			sleep(ctx, wait)
		}
	}
}

// seize takes the channel's lease or prolongs it.
func (l *link) seize(ctx context.Context) (fence int64, err error) {
	limit := l.hold.left()
	if limit == 0 {
		limit = renewEvery(l.g.Lease)
	}
	ctx, done := context.WithTimeout(ctx, limit)
	defer done()
	begun := time.Now()
	if fence, err = l.g.Leases.Hold(ctx, "channel "+l.name, l.g.Owner, l.g.Lease); err == nil {
		l.hold.extend(begun, l.g.Lease)
	}
	return fence, err
}

// attend listens while the lease lasts, and gives it back.
func (l *link) attend(ctx context.Context, fence int64) {
	held, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		l.keep(held, fence, cancel)
	}()
	l.listening(true)
	l.run(held)
	l.listening(false)
	cancel(nil)
	<-kept
	free, done := context.WithTimeout(context.WithoutCancel(ctx), renewEvery(l.g.Lease))
	defer done()
	if err := l.g.Leases.Free(free, "channel "+l.name, l.g.Owner, fence); err != nil {
		l.g.Log.Warn("lease of channel not given back", "channel", l.name, "err", err) // it ends by itself
	}
	l.g.hint(hint{Freed: l.name})
}

// keep renews the lease until ctx ends; if it is lost, listening is cancelled.
func (l *link) keep(ctx context.Context, fence int64, cancel context.CancelCauseFunc) {
	for wait := renewEvery(l.g.Lease); sleep(ctx, wait); {
		got, err := l.seize(ctx)
		switch {
		case err == nil && got == fence:
			wait = renewEvery(l.g.Lease)
		case err == nil || errors.Is(err, fault.Conflict) || l.hold.left() == 0:
			cancel(errLost) // taken back under another fence, it begins anew
			return
		default:
			wait = l.g.Lease / 15
		}
	}
}

// try ends the pause of one who stands by.
func (l *link) try() {
	select {
	case l.again <- struct{}{}:
	default:
	}
}

func (l *link) rest(ctx context.Context) {
	t := time.NewTimer(tryEvery)
	defer t.Stop()
	select {
	case <-l.again:
	case <-t.C:
	case <-ctx.Done():
	}
}

// returned waits for a Listen that did not return when it was cancelled: two at a
// time would be worse than none. It reports false if ctx ends.
func (l *link) returned(ctx context.Context) bool {
	if l.left != nil {
		select {
		case <-l.left:
			l.left = nil
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

func (l *link) listening(yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listens = yes
}

// able reports whether turns of this channel can be worked on here.
func (l *link) able() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.profile.Bound || l.listens
}
