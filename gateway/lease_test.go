package gateway_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
)

// A question that was being worked on at five crashes is not tried a sixth time.
func TestGivenUpAfterFiveCrashes(t *testing.T) {
	inBubble(t, func(w *world) {
		w.receivedBefore("a", "p", "poison?")
		for range 5 {
			turn, err := w.ledger.Take(w.Context(), gateway.TakeOptions{Owner: "test", Now: time.Now(), Lease: time.Minute})
			if err != nil || turn == nil {
				t.Fatal(turn, err)
			}
			if err := w.ledger.Reclaim(w.Context()); err != nil { // the process died
				t.Fatal(err)
			}
		}
		w.start(echo)
		w.after(5 * time.Second)
		w.want("a", "Sorry, no answer.")
		w.wantEvent("dead", 1)
		w.settled()
	})
}

// receivedBefore stores a message as a process did that is gone now.
func (w *world) receivedBefore(chat, person, text string) {
	w.Helper()
	m := w.message(chat, person, text)
	m.Conversation.Channel = "chat"
	if _, err := w.ledger.Receive(w.Context(), m); err != nil {
		w.Fatal(err)
	}
}

// cutOff is a ledger that cannot be reached for renewing.
type cutOff struct{ gateway.Ledger }

func (cutOff) Renew(context.Context, *gateway.Turn, time.Duration) error {
	return errors.New("no route to host")
}

// A worker that cannot renew its lease stops before the lease ends for others, and
// writes nothing any more.
func TestLeaseLost(t *testing.T) {
	inBubble(t, func(w *world) {
		real := w.ledger
		w.ledger = cutOff{real}
		var cause error
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			select {
			case <-ctx.Done():
				cause = ctx.Err()
				return ctx.Err()
			case <-time.After(time.Hour):
				return echo(ctx, m, r)
			}
		})
		w.say("a", "p", "long?")
		w.after(16 * time.Second)
		if cause == nil {
			t.Error("the handler goes on although the lease has ended")
		}
		w.want("a")
		w.wantEvent("done", 0)
	})
}

// Two gateways share a ledger: each question is answered once, whoever takes it.
func TestTwoGatewaysShareALedger(t *testing.T) {
	inBubble(t, func(w *world) {
		w.config.Leases = newLeases()
		w.start(echo)
		second := gateway.New(gateway.Config{Leases: w.config.Leases, Ledger: w.ledger, Handler: handler(echo), Owner: "second", Events: w.event,
			Channels: []gateway.Named{{Name: "chat", Channel: &quiet{w.platform}}}})
		ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
		ended := make(chan error, 1)
		go func() { ended <- second.Run(ctx) }()
		for i := range 30 {
			w.say(string(rune('a'+i%10)), "p", "what?")
			w.after(2 * time.Second)
		}
		for i := range 10 {
			w.want(string(rune('a'+i)), "re: what?", "re: what?", "re: what?")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.settled()
	})
}

// quiet listens to nothing: the other gateway does.
type quiet struct{ *platform }

func (q *quiet) Listen(ctx context.Context, _ gateway.Deliver) error {
	<-ctx.Done()
	return ctx.Err()
}
