package gateway

import (
	"context"
	"sync"
	"time"
)

// dispatch hands out turns until ctx ends, and returns when all have ended.
func (g *Gateway) dispatch(ctx context.Context) {
	working, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	var turns sync.WaitGroup
	tick := time.NewTicker(poll)
	defer tick.Stop()
	g.open(true)
	for ctx.Err() == nil {
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		if wait := g.flow.wait(); wait > 0 {
			<-g.slots
			sleep(ctx, wait)
			continue
		}
		begun := time.Now()
		if t := g.take(ctx); t != nil {
			turns.Go(func() {
				defer func() { <-g.slots }()
				g.work(working, t, begun)
			})
			continue
		}
		<-g.slots
		select {
		case <-g.wake:
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	g.open(false)
	linger := time.Now().Add(g.Linger)
	g.hint(hint{Wanted: true}) // what waits is for the others now
	ended := make(chan struct{})
	go func() { defer close(ended); turns.Wait() }()
	select {
	case <-ended:
	case <-time.After(g.DrainTimeout):
		end(errDrained)
		<-ended
	}
	sleep(context.WithoutCancel(ctx), time.Until(linger))
}

// take asks the ledger for a turn. A Take that is cut off half way would leave a
// lease behind, so it is not cancelled.
func (g *Gateway) take(ctx context.Context) *Turn {
	if g.overdue() {
		return nil
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), ledgerTimeout)
	defer done()
	t, err := g.Ledger.Take(ctx, TakeOptions{Owner: g.Owner, Lease: g.Lease, Merge: g.MergeWindow, Except: g.others()})
	if err != nil {
		g.Log.Error("take a turn", "err", err)
		return nil
	}
	return t
}

// overdue reports whether a turn of this process may have lost its lease and does
// not know yet: everything was frozen, or the clock was set. It is renewed first, so
// that this process does not take over from itself.
func (g *Gateway) overdue() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, x := range g.running {
		if x.hold.left() == 0 && !x.isLost() {
			return true
		}
	}
	return false
}

// others are the channels whose turns are not for this process: somebody else holds
// their only connection, or nobody here knows them.
func (g *Gateway) others() (names []string) {
	for _, l := range g.all() {
		if !l.able() {
			names = append(names, l.name)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, met := range g.strange {
		if time.Since(met) < g.StaleAfter {
			names = append(names, name)
		} else {
			delete(g.strange, name)
		}
	}
	return names
}

// unknown tells what becomes of a turn whose channel is not configured here. While
// an installation is being changed, another process may know the channel already:
// the turn is left to it. After StaleAfter nobody does.
func (g *Gateway) unknown(t *Turn) (Outcome, error) {
	if g.Leases == nil || time.Since(t.ReceivedAt) > g.StaleAfter {
		return Outcome{Dead, "the channel is not configured any more"}, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strange[t.Conversation.Channel] = time.Now()
	return Outcome{}, &later{0, errStrange}
}

// busy reports whether what waits had better be taken by others.
func (g *Gateway) busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.taking || len(g.slots) == cap(g.slots)
}
