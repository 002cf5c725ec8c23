package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// turn is a Turn while this process works on it.
type turn struct {
	*Turn
	g    *Gateway
	link *link
	out  *poster

	// gate is held while the first post is intended and while a follow-up is added, so
	// that what shows first is an answer to all that was merged.
	gate  sync.Mutex
	shown bool // something was intended: what follows is another question

	hold   hold          // the lease
	lost   chan struct{} // closed by lose
	losing sync.Once
	cancel context.CancelCauseFunc // of all the work

	follow chan struct{} // a message came that may belong to the question
	glance chan struct{} // look at the ledger

	mu      sync.Mutex
	last    Message
	lastAt  time.Time
	stop    context.CancelCauseFunc // of the running Handle
	stopped bool
}

// waitedLong is when a turn is looked at before it is begun: a stop may wait behind it.
const waitedLong = 100 * time.Millisecond

// work carries t to its end, or gives it back. It was taken by a call that began then.
func (g *Gateway) work(ctx context.Context, t *Turn, begun time.Time) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	x := &turn{Turn: t, g: g, link: g.find(t.Conversation.Channel), cancel: cancel, lost: make(chan struct{}),
		follow: make(chan struct{}, 1), glance: make(chan struct{}, 1),
		shown: len(t.Posts) > 0, last: t.Messages[len(t.Messages)-1], lastAt: time.Now()}
	x.hold.extend(begun, g.Lease)
	if len(t.Messages) == 1 {
		x.lastAt = t.ReceivedAt
	}
	g.event(EventTaken, t.Conversation.Channel, "", t.ReceivedAt)
	remove := g.register(x)
	if t.Attempt > 1 || time.Since(t.ReceivedAt) > waitedLong {
		x.look(ctx)
	} else {
		x.peek() // meanwhile
	}
	var lease sync.WaitGroup
	lease.Go(func() { x.keep(ctx) })
	o, err := x.carry(ctx)
	cause := context.Cause(ctx)
	cancel(nil)
	lease.Wait()
	remove()
	if err != nil && cause != nil {
		err = cause
	}
	x.end(context.WithoutCancel(ctx), o, err)
	g.poke()
	if g.Ready(ctx) != nil {
		g.hint(hint{Wanted: true}) // what waits behind it is for the others
	}
}

// end writes how the work ended, in the ledger and in one line of the log.
func (x *turn) end(ctx context.Context, o Outcome, err error) {
	log := x.g.Log.With("channel", x.Conversation.Channel, "message", x.Messages[len(x.Messages)-1].ID,
		"attempt", x.Attempt, "took", time.Since(x.ReceivedAt).Round(time.Millisecond))
	switch {
	case err == nil:
		if err := x.store(ctx, func(ctx context.Context) error { return x.g.Ledger.Finish(ctx, x.Turn, o) }); err != nil {
			log.Error("turn not finished", "state", o.State, "err", err)
			return
		}
		what := EventDone
		if o.State == Dead {
			what = EventDead
		}
		x.g.event(what, x.Conversation.Channel, o.Reason, x.ReceivedAt)
		log.Info("turn ended", "state", o.State, "reason", o.Reason)
	default: // also if the lease was lost: perhaps nobody noticed, and if so this changes nothing
		after := pause(x.Released+1, time.Second, time.Minute)
		if e, ok := errors.AsType[*later](err); ok {
			after = e.after
		} else if errors.Is(err, errDrained) || errors.Is(err, errLost) {
			after = 0
		}
		again := x.store(ctx, func(ctx context.Context) error { return x.g.Ledger.Release(ctx, x.Turn, after) })
		if errors.Is(again, fault.Conflict) {
			log.Warn("turn lost to another worker", "err", err)
			return
		}
		x.g.event(EventRetry, x.Conversation.Channel, "", x.ReceivedAt)
		log.Warn("turn given back", "again_in", after.Round(time.Millisecond), "err", err)
		if again != nil {
			log.Error("turn not released", "err", again) // the lease will end
		}
	}
}

// carry answers and posts. An error gives the turn back.
func (x *turn) carry(ctx context.Context) (o Outcome, err error) {
	defer recovered(&err)
	if x.link == nil {
		return x.g.unknown(x.Turn)
	}
	x.out = newPoster(x)
	if x.Answer == nil {
		if reason := x.needless(); reason != "" {
			return Outcome{Done, reason}, nil
		}
		a, err := x.answer(ctx)
		if err != nil {
			return o, err
		}
		if a.Text == "" {
			return unanswered(a), nil
		}
		if err := x.store(ctx, func(ctx context.Context) error { return x.g.Ledger.Settle(ctx, x.Turn, a) }); err != nil {
			return o, err
		}
		x.Answer, x.State = &a, Answered
		x.g.event(EventAnswered, x.link.name, "", x.ReceivedAt)
	}
	err = x.out.finish(ctx, *x.Answer)
	switch _, no := errors.AsType[*refused](err); {
	case no:
		x.g.Log.Error("answer refused", "channel", x.link.name, "err", err)
		return Outcome{Dead, "the platform refused the answer"}, nil
	case err != nil && ctx.Err() == nil && !errors.Is(err, errLedger) && time.Since(x.ReceivedAt) > x.g.PostTimeout:
		x.g.Log.Error("answer not posted", "channel", x.link.name, "err", err)
		return Outcome{Dead, "the platform did not take the answer in time"}, nil
	case err != nil:
		return o, err
	case x.Answer.Failed != "":
		return Outcome{Dead, x.Answer.Failed}, nil
	case x.Answer.Stopped:
		return Outcome{Done, "stopped"}, nil
	}
	return Outcome{Done, "answered"}, nil
}

func unanswered(a Answer) Outcome {
	switch {
	case a.Failed != "":
		return Outcome{Dead, a.Failed}
	case a.Stopped:
		return Outcome{Done, "stopped"}
	}
	return Outcome{Done, "not answered"}
}

// needless tells why a turn needs no answer, or "".
func (x *turn) needless() string {
	m := x.Messages[len(x.Messages)-1]
	switch {
	case m.Stop:
		return "stop"
	case x.shown:
		return "" // begun, so it is brought to its end
	case !m.SentAt.IsZero() && time.Since(m.SentAt) > x.g.StaleAfter, time.Since(x.ReceivedAt) > x.g.StaleAfter:
		return "too old"
	}
	return ""
}

// answer asks the handler. If there is none and none can be had, it is the apology.
func (x *turn) answer(ctx context.Context) (Answer, error) {
	if crashes := x.Attempt - 1 - x.Released; crashes >= x.g.MaxCrashes {
		return x.apology(fault.Unavailable, fmt.Sprintf("given up: %d attempts ended with the process", crashes)), nil
	}
	a, err := x.ask(ctx)
	switch {
	case ctx.Err() != nil && err != nil:
		return a, context.Cause(ctx)
	case err == nil && a.Text == "" && x.shown && !a.Stopped:
		return x.apology(fault.Unavailable, "no answer at a later try"), nil
	case err == nil:
		return a, nil
	case !x.hopeless(err):
		return a, err
	}
	x.g.Log.Error("no answer", "channel", x.link.name, "message", x.last.ID, "attempt", x.Attempt, "err", err)
	_, sentence := fault.Public(err)
	return x.apology(err, "no answer: "+sentence), nil
}

// hopeless reports whether asking again makes no sense.
func (x *turn) hopeless(err error) bool {
	if kind := fault.Kind(err); kind != nil && kind != fault.Unavailable {
		return true
	}
	return x.Released+1 >= x.g.MaxAttempts || time.Since(x.ReceivedAt) > x.g.AnswerTimeout
}

func (x *turn) apology(err error, reason string) Answer {
	a := Answer{Notice: true, Failed: reason}
	if h, ok := x.g.Handler.(Apologizer); ok {
		a.Text = h.Apology(joined(x.Turn), err)
	}
	return a
}
