package gateway_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-im/parley/gateway"
)

// handler answers with a function; apologises and knows /stop.
type handler func(ctx context.Context, m gateway.Message, w gateway.Reply) error

func (h handler) Handle(ctx context.Context, m gateway.Message, w io.Writer) error {
	return h(ctx, m, w.(gateway.Reply))
}
func (h handler) Apology(gateway.Message, error) string { return "Sorry, no answer." }
func (h handler) Stops(m gateway.Message) bool          { return m.Text == "/stop" }

// echo answers at once.
func echo(_ context.Context, m gateway.Message, w gateway.Reply) error {
	_, err := fmt.Fprint(w, "re: "+m.Text)
	return err
}

// world is a gateway with a fake platform in a bubble of fake time.
type world struct {
	*testing.T
	*platform
	*gateway.Gateway
	ledger gateway.Ledger
	config gateway.Config
	ids    int
	run    sync.WaitGroup
	stop   context.CancelFunc

	mu     sync.Mutex
	events map[string]int // "what" and "what detail"
}

// inBubble runs f with a world that is not started yet.
func inBubble(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, events: map[string]int{}}
		w.platform = &platform{edits: true, profile: gateway.Profile{Format: gateway.Markdown, Pace: time.Second}}
		w.ledger = newMemory()
		f(w)
	})
}

func (w *world) event(e gateway.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events[string(e.What)]++
	if e.Detail != "" {
		w.events[string(e.What)+" "+e.Detail]++
	}
}

func (w *world) seen(event string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.events[event]
}

// start runs a gateway with h; the test's end stops it.
func (w *world) start(h handler) {
	w.Helper()
	c := w.config
	c.Ledger, c.Handler, c.Events, c.Owner = w.ledger, h, w.event, "test"
	c.Channels = []gateway.Named{{Name: "chat", Kind: "fake", Channel: w.platform.channel()}}
	w.Gateway = gateway.New(c)
	ctx, stop := context.WithCancel(context.WithoutCancel(w.Context()))
	w.stop = stop
	w.run.Go(func() {
		if err := w.Gateway.Run(ctx); err != nil {
			w.Error(err)
		}
	})
	w.Cleanup(w.end)
	synctest.Wait()
}

func (w *world) end() {
	w.stop()
	w.run.Wait()
}

// message is one of person in chat.
func (w *world) message(chat, person, text string) gateway.Message {
	w.ids++
	return gateway.Message{ID: fmt.Sprint("m", w.ids), Conversation: gateway.Conversation{Chat: chat},
		Sender: gateway.Person{ID: person}, Text: text, Direct: true, SentAt: time.Now()}
}

// say delivers a message.
func (w *world) say(chat, person, text string) gateway.Message {
	w.Helper()
	m := w.message(chat, person, text)
	w.deliver(m)
	return m
}

func (w *world) deliver(m gateway.Message) {
	w.Helper()
	if err := w.platform.Deliver(w.Context(), m); err != nil {
		w.Fatalf("deliver %s: %v", m.ID, err)
	}
}

// after lets time pass.
func (w *world) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// want checks the texts that people see in a chat.
func (w *world) want(chat string, texts ...string) {
	w.Helper()
	var got []string
	for _, x := range w.shown(chat) {
		got = append(got, x.Text)
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", texts) {
		w.Errorf("in %s people see %q, want %q", chat, got, texts)
	}
}

// wantEvent checks how often something was counted.
func (w *world) wantEvent(event string, n int) {
	w.Helper()
	synctest.Wait() // what was posted is counted a moment later
	if got := w.seen(event); got != n {
		w.mu.Lock()
		all := maps.Clone(w.events)
		w.mu.Unlock()
		w.Errorf("event %q was counted %d times, want %d; all: %v", event, got, n, all)
	}
}

// settled checks that nothing waits any more.
func (w *world) settled() {
	w.Helper()
	n, err := w.ledger.Waiting(w.Context())
	if err != nil || len(n) != 0 {
		w.Errorf("still waiting: %v, %v", n, err)
	}
}
