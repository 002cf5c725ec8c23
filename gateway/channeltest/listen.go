package channeltest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// listener runs Listen and keeps what it delivers.
type listener struct {
	s      *suite
	cancel context.CancelFunc
	got    chan gateway.Message
	calls  atomic.Int64 // of deliver
	refuse atomic.Int64 // so many calls to refuse
	ended  chan struct{}
	err    error // why Listen returned; read after ended is closed
}

// listen starts Listen; the end of the case stops it and waits for it.
func (s *suite) listen() *listener {
	s.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.Context()))
	l := &listener{s: s, cancel: cancel, got: make(chan gateway.Message, 100), ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		l.err = s.ch.Listen(ctx, l.deliver)
	}()
	s.Cleanup(func() {
		cancel()
		l.wait()
	})
	return l
}

func (l *listener) deliver(_ context.Context, m gateway.Message) error {
	l.calls.Add(1)
	if l.refuse.Add(-1) >= 0 {
		return fmt.Errorf("the suite refuses: %w", fault.Unavailable)
	}
	l.got <- m
	return nil
}

// wait waits until Listen has returned.
func (l *listener) wait() error {
	l.s.Helper()
	select {
	case <-l.ended:
		return l.err
	case <-time.After(patience):
		l.s.Fatal("Listen did not return")
		return nil
	}
}

// say says x and makes sure that it was acknowledged. What comes before Listen is
// up is refused by a pushed channel and offered again, as a platform would.
func (l *listener) say(x Said) (id string) {
	l.s.Helper()
	id, ok := l.s.far.Say(l.s.T, x)
	for end := time.Now().Add(patience); !ok; {
		if time.Now().After(end) {
			l.s.Fatalf("%q was never acknowledged", x.Text)
		}
		time.Sleep(5 * time.Millisecond)
		ok = l.s.far.Redeliver(l.s.T, id)
	}
	return id
}

// next is the next message that was delivered.
func (l *listener) next() gateway.Message {
	l.s.Helper()
	select {
	case m := <-l.got:
		return m
	case <-time.After(patience):
		l.s.Fatal("nothing was delivered")
		return gateway.Message{}
	}
}

// hear says x and returns the message it becomes.
func (l *listener) hear(x Said) gateway.Message {
	l.s.Helper()
	l.say(x)
	return l.next()
}

// hearAfter says x and returns the message it becomes. What was heard before may come
// once more, under the same ID, since its acknowledgement may have been lost.
func (l *listener) hearAfter(x Said, before ...gateway.Message) gateway.Message {
	l.s.Helper()
	l.say(x)
	for {
		m := l.next()
		if !slices.ContainsFunc(before, func(b gateway.Message) bool { return b.ID == m.ID && b.Text == m.Text }) {
			return m
		}
	}
}
