package gateway

import (
	"context"
	"errors"
	"io"
	"time"
)

// typingEvery is how often the sign that the bot is busy is renewed.
const typingEvery = 4 * time.Second

// ask calls the Handler, once more for each follow-up that joins the question.
func (x *turn) ask(ctx context.Context) (Answer, error) {
	busy, seen := context.WithCancel(ctx)
	defer seen()
	x.out.visible = seen
	typed := make(chan struct{})
	go func() { defer close(typed); x.typing(busy) }()
	defer func() { seen(); <-typed }()

	x.gather(ctx)
	for {
		a, err := x.handle(ctx)
		if !errors.Is(err, ErrMerged) {
			return a, err
		}
	}
}

// inviting reports whether an answer is expected, so that a sign may be given.
func (x *turn) inviting() bool {
	x.mu.Lock()
	last := x.last
	x.mu.Unlock()
	if i, ok := x.g.Handler.(Ignorer); ok {
		return !i.Ignores(last)
	}
	return (last.Direct || last.Mentioned) && !last.Sender.Bot
}

func (x *turn) typing(ctx context.Context) {
	t, ok := x.link.ch.(Typer)
	for ok && x.inviting() && ctx.Err() == nil && x.hold.left() > 0 {
		call, done := context.WithTimeout(ctx, typingEvery)
		err := x.link.sign(call, t, x.Conversation)
		done()
		if err != nil && ctx.Err() == nil {
			x.g.event(EventTyping, x.link.name, "", time.Time{})
		}
		sleep(ctx, typingEvery)
	}
}

func (l *link) sign(ctx context.Context, t Typer, c Conversation) (err error) {
	defer recovered(&err)
	return t.Typing(ctx, c)
}

// gather waits for the rest of a question that does not stand by itself.
func (x *turn) gather(ctx context.Context) {
	for x.Attempt == 1 && !x.shown && x.inviting() && !x.last.Alone && !x.g.Complete(joined(x.Turn).Text) {
		x.mu.Lock()
		wait, stopped := time.Until(x.lastAt.Add(x.g.MergeWindow)), x.stopped
		x.mu.Unlock()
		if stopped || ctx.Err() != nil {
			return
		}
		if wait <= 0 {
			if !x.extend(ctx, nil) { // rows that other processes received
				return
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-x.follow:
			x.extend(ctx, nil)
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// extend adds what followed to the question, unless something shows already. r is
// closed then, so that nothing of the call in progress gets out.
func (x *turn) extend(ctx context.Context, r *reply) bool {
	x.gate.Lock()
	defer x.gate.Unlock()
	if x.shown {
		return false
	}
	var added []Message
	err := x.storeOnce(ctx, func(ctx context.Context) (err error) {
		added, err = x.g.Ledger.Extend(ctx, x.Turn, x.g.MergeWindow)
		return err
	})
	if err != nil { // nobody knows what the turn holds now: it is taken anew
		x.cancel(err)
		return false
	}
	if len(added) == 0 {
		return false
	}
	if r != nil {
		r.close()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.Messages = append(x.Messages, added...)
	x.last, x.lastAt = added[len(added)-1], time.Now()
	x.g.event(EventMerged, x.link.name, "", x.ReceivedAt)
	return true
}

// followed is called when m was received while the turn runs.
func (x *turn) followed(m Message) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !Follows(x.last, m) || time.Since(x.lastAt) > x.g.MergeWindow+renewEvery(x.g.Lease)+poll {
		return
	}
	select {
	case x.follow <- struct{}{}:
	default:
	}
}

// halt ends the answer, if the one who asked wants it.
func (x *turn) halt(by Person) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.last.Sender.ID != by.ID {
		return
	}
	x.stopped = true
	if x.stop != nil {
		x.stop(ErrStopped)
	}
	select {
	case x.follow <- struct{}{}: // wakes gather
	default:
	}
}

// running notes how the call in progress is stopped; nil: there is none.
func (x *turn) running(stop context.CancelCauseFunc) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stop = stop
	if x.stopped && stop != nil {
		stop(ErrStopped)
	}
}

// handle calls the Handler once.
func (x *turn) handle(ctx context.Context) (Answer, error) {
	call, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	call, done := context.WithTimeoutCause(call, x.g.AnswerTimeout, errTooLong)
	defer done()
	r := newReply()
	x.running(cancel)
	defer x.running(nil)

	growing, still := context.WithCancel(ctx)
	stilled := make(chan struct{})
	go func() { defer close(stilled); x.out.stream(growing, r) }()
	defer func() { r.close(); still(); <-stilled }()

	ended := make(chan error, 1)
	m := joined(x.Turn)
	go func() { ended <- x.call(call, m, r) }()
	for {
		select {
		case err := <-ended:
			return x.result(call, r, err)
		case <-x.follow:
			if x.extend(ctx, r) {
				cancel(ErrMerged)
				x.await(ended)
				return Answer{}, ErrMerged
			}
		case <-call.Done():
			return x.result(call, r, x.await(ended))
		}
	}
}

func (x *turn) call(ctx context.Context, m Message, w io.Writer) (err error) {
	defer recovered(&err)
	if err := ctx.Err(); err != nil {
		return err
	}
	return x.g.Handler.Handle(ctx, m, w)
}

// await waits for a Handle that was cancelled, but not for ever.
func (x *turn) await(ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		x.g.Log.Error("handler left behind", "channel", x.link.name, "err", errAbandoned)
		return errAbandoned
	}
}

// result is what the call came to.
func (x *turn) result(call context.Context, r *reply, err error) (Answer, error) {
	a := r.answer()
	switch cause := context.Cause(call); {
	case errors.Is(cause, ErrStopped):
		a.Stopped = true
		return a, nil
	case err != nil && cause != nil:
		return Answer{}, cause
	case err != nil:
		return Answer{}, err
	}
	return a, nil
}
