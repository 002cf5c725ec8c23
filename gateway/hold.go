package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// A hold is what a process knows of its right to something: until when nobody else
// can have taken it. It is reckoned from before the database was asked, so it ends
// here before it ends there. Both clocks are looked at, the one that nobody can set
// and the one on the wall, because only the second goes on while a machine sleeps.
type hold struct {
	mu    sync.Mutex
	until time.Time
}

// extend notes that the lease was taken or renewed by a call that began then.
func (h *hold) extend(begun time.Time, lease time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until := begun.Add(lease - lease/15); until.After(h.until) {
		h.until = until
	}
}

// left is how long it still lasts, 0 if it may have ended.
func (h *hold) left() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	return max(0, min(h.until.Sub(now), h.until.Round(0).Sub(now.Round(0))))
}

// renewEvery is how often a lease is renewed.
func renewEvery(lease time.Duration) time.Duration { return lease / 3 }

// renew prolongs the lease of the conversation. It does not wait longer than the
// lease lasts; one that may have ended is tried once more, because nobody may have
// noticed.
func (x *turn) renew(ctx context.Context) error {
	limit := x.hold.left()
	if limit == 0 {
		limit = renewEvery(x.g.Lease)
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer done()
	begun := time.Now()
	if err := x.g.Ledger.Renew(ctx, x.Turn, x.g.Lease); err != nil {
		return fmt.Errorf("%w: %w", errLedger, err)
	}
	x.hold.extend(begun, x.g.Lease)
	return nil
}

// mine is asked right before anything that others can see. A process that was frozen
// finds out here that somebody else has taken over.
func (x *turn) mine(ctx context.Context) error {
	if x.hold.left() > 0 {
		return nil
	}
	if err := x.renew(ctx); err != nil {
		x.lose()
		return fmt.Errorf("%w: %w: %w", errLedger, errLost, err)
	}
	return nil
}

// lose ends the work: others may have the conversation.
func (x *turn) lose() {
	x.losing.Do(func() { close(x.lost) })
	x.cancel(errLost)
}

func (x *turn) isLost() bool {
	select {
	case <-x.lost:
		return true
	default:
		return false
	}
}

// keep renews the lease until ctx ends, and looks what came in behind the turn; now
// and then, and when there is a hint. If the lease is lost, the work is cancelled.
func (x *turn) keep(ctx context.Context) {
	timer := time.NewTimer(renewEvery(x.g.Lease))
	defer timer.Stop()
	for {
		select {
		case <-x.glance:
			x.look(ctx)
			continue
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		switch err := x.renew(ctx); {
		case err == nil:
			x.look(ctx)
			timer.Reset(renewEvery(x.g.Lease))
		case errors.Is(err, fault.Conflict) || x.hold.left() == 0:
			x.lose()
			return
		default:
			timer.Reset(x.g.Lease / 15)
		}
	}
}

// peek asks keep to look at once.
func (x *turn) peek() {
	select {
	case x.glance <- struct{}{}:
	default:
	}
}

// look finds in the ledger what other processes received, or what came before the
// turn was taken: a stop, or more of the question. An error is left to the next one.
func (x *turn) look(ctx context.Context) {
	ctx, done := context.WithTimeout(ctx, renewEvery(x.g.Lease)) // the next renewal waits for it
	defer done()
	behind, err := x.g.Ledger.Behind(ctx, x.Turn)
	if err != nil || len(behind) == 0 {
		return
	}
	for _, m := range behind {
		if x.g.isStop(m) {
			x.halt(m.Sender)
		}
	}
	x.followed(behind[0])
}

// limited is for a call to the platform: one that is under way is not cut off when
// the text grows on or the process stops, because then nobody would know whether
// it went through. When others may have taken over, it is: what a frozen process
// had not sent yet should not be sent any more.
func (x *turn) limited(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for left := x.hold.left(); left > 0; left = x.hold.left() {
			ends := time.NewTimer(left)
			select {
			case <-ends.C:
				continue
			case <-x.lost:
			case <-ctx.Done():
			}
			ends.Stop()
			break
		}
		cancel()
	}()
	return ctx, func() { cancel(); <-watched }
}

// store calls the ledger, again and again while it fails for a passing reason and
// the lease lasts. Such a call is never cut off: what it did would be unknown.
func (x *turn) store(ctx context.Context, f func(context.Context) error) error {
	begun := time.Now()
	for try := 1; ; try++ {
		err := x.storeOnce(ctx, f)
		kind := fault.Kind(err)
		if err == nil || kind != nil && kind != fault.Unavailable || x.hold.left() == 0 || time.Since(begun) > ledgerTimeout {
			return err
		}
		sleep(context.WithoutCancel(ctx), pause(try, 50*time.Millisecond, time.Second))
	}
}

// storeOnce is for what must not be done twice.
func (x *turn) storeOnce(ctx context.Context, f func(context.Context) error) error {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), ledgerTimeout)
	defer done()
	if err := f(ctx); err != nil {
		return fmt.Errorf("%w: %w", errLedger, err)
	}
	return nil
}
