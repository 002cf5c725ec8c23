package webchat_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/live"
)

// deadBus refuses everything.
type deadBus struct{}

func (deadBus) Publish(context.Context, string, []byte) error { return errors.New("no route to host") }
func (deadBus) Subscribe(context.Context, string) (<-chan []byte, error) {
	return nil, errors.New("no route to host")
}

// lossy loses every third payload.
type lossy struct {
	live.Memory
	n chan int
}

func (l *lossy) Publish(ctx context.Context, topic string, payload []byte) error {
	n := <-l.n
	l.n <- n + 1
	if n%3 == 0 {
		return nil
	}
	return l.Memory.Publish(ctx, topic, payload)
}

// replicas opens two sites on one store.
func replicas(t *testing.T, bus live.Bus) (a, b *site) {
	t.Helper()
	store := newStore(t)
	a, b = openSite(t, fast, store, bus), openSite(t, fast, store, bus)
	a.listen(t)
	b.listen(t)
	return a, b
}

// elsewhere is the same visitor's browser at another replica.
func (b *browser) elsewhere(s *site) *browser {
	other := *b
	other.site = s
	other.origin = s.server.URL
	return &other
}

func reply(chat, key, text string, final bool) gateway.Outgoing {
	return gateway.Outgoing{Conversation: gateway.Conversation{Channel: "web", Chat: chat}, Key: key, Text: text, Final: final}
}

// What one replica writes is seen in tabs that are open at another.
func TestAnswerIsSeenAtAnotherReplica(t *testing.T) {
	for name, bus := range map[string]live.Bus{"bus": &live.Memory{}, "dead bus": deadBus{}, "lossy bus": newLossy()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := replicas(t, bus)
			visitor := a.browser(t)
			tab := visitor.open(t)
			tab.say(uuid.NewString(), "When does it come?")
			chat := tab.last.Chat
			text, grown := "It", 0
			id, err := b.channel.Post(t.Context(), reply(chat, "k/0", text, false))
			if err != nil {
				t.Fatal(err)
			}
			var steps []string
			for i := range 12 {
				text += fmt.Sprint(" word", i)
				steps = append(steps, text)
				if err := b.channel.Edit(t.Context(), id, reply(chat, "k/0", text, false)); err != nil {
					t.Fatal(err)
				}
			}
			if _, ok := bus.(*live.Memory); ok { // the others may see no step of it
				if f := tab.await("edit"); f.ID != id || f.Final || !contains(steps, f.Text) {
					t.Errorf("saw %+v growing", f)
				}
				grown++
			}
			final := text + ".\n\n" + strings.Repeat("长", 3000)
			begun := time.Now()
			if err := b.channel.Edit(t.Context(), id, reply(chat, "k/0", final, true)); err != nil {
				t.Fatal(err)
			}
			for {
				f := tab.await("post", "edit")
				if f.ID != id {
					t.Fatalf("saw %+v", f)
				}
				if f.Final {
					if f.Text != final {
						t.Errorf("the final text is %.40q, want %.40q", f.Text, final)
					}
					break
				}
				if f.Type == "edit" {
					grown++
					if !contains(steps, f.Text) {
						t.Errorf("saw %q, which the text never was", f.Text)
					}
				}
			}
			t.Logf("final after %v, seen growing %d times", time.Since(begun).Round(time.Millisecond), grown)
			// Whoever connects anew, wherever, sees everything.
			for _, s := range []*site{a, b} {
				again := visitor.elsewhere(s).open(t)
				h := again.last.History
				if len(h) != 2 || h[0].Type != "said" || h[1].Text != final || !h[1].Final {
					t.Errorf("history %+v", h)
				}
			}
		})
	}
}

func newLossy() *lossy {
	l := &lossy{n: make(chan int, 1)}
	l.n <- 0
	return l
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

// A tab that opens while the answer grows elsewhere sees it from then on.
func TestTabOpensWhileItGrowsElsewhere(t *testing.T) {
	a, b := replicas(t, &live.Memory{})
	visitor := a.browser(t)
	first := visitor.open(t)
	first.say(uuid.NewString(), "When?")
	chat := first.last.Chat
	id, err := b.channel.Post(t.Context(), reply(chat, "k/0", "One", false))
	if err != nil {
		t.Fatal(err)
	}
	first.await("post")
	first.close()
	late := visitor.open(t)
	for i := 0; ; i++ {
		text := "One two" + strings.Repeat(" more", i)
		if err := b.channel.Edit(t.Context(), id, reply(chat, "k/0", text, false)); err != nil {
			t.Fatal(err)
		}
		if f := late.await("edit"); f.Text == text || i > 200 {
			break
		}
	}
	// The answer's owner is replaced, and the next one begins anew in the same post.
	if again, err := a.channel.Post(t.Context(), reply(chat, "k/0", "Uno", false)); err != nil || again != id {
		t.Fatal(again, err)
	}
	if err := a.channel.Edit(t.Context(), id, reply(chat, "k/0", "Uno dos", true)); err != nil {
		t.Fatal(err)
	}
	for f := late.await("edit"); !f.Final; f = late.await("edit") {
	}
	if again := visitor.elsewhere(b).open(t); again.last.History[1].Text != "Uno dos" || !again.last.History[1].Final {
		t.Errorf("the first owner shows %+v", again.last.History[1])
	}
}

// The tabs of a visitor are at two replicas: they show the same.
func TestTabsAtTwoReplicas(t *testing.T) {
	for name, bus := range map[string]live.Bus{"bus": &live.Memory{}, "dead bus": deadBus{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := replicas(t, bus)
			visitor := a.browser(t)
			one := visitor.open(t)
			two := visitor.elsewhere(b).open(t)
			if one.last.Chat != two.last.Chat {
				t.Fatalf("chats %s and %s", one.last.Chat, two.last.Chat)
			}
			id := uuid.NewString()
			one.say(id, "hello")
			if f := two.await("said"); f.ID != id || f.Text != "hello" {
				t.Errorf("saw %+v", f)
			}
			if _, err := a.channel.Post(t.Context(), reply(one.last.Chat, "k/0", "Hi!", true)); err != nil {
				t.Fatal(err)
			}
			for _, tab := range []*tab{one, two} {
				if f := tab.await("post"); f.ID != "k/0" || f.Text != "Hi!" || !f.Final {
					t.Errorf("saw %+v", f)
				}
			}
			two.send(map[string]any{"type": "rate", "post": "k/0", "value": 1})
			for _, tab := range []*tab{one, two} {
				if f := tab.await("rated"); f.Post != "k/0" || f.Value != 1 {
					t.Errorf("saw %+v", f)
				}
			}
			if name == "bus" { // without, it is found when the tab is looked at next, half a minute later
				two.send(map[string]any{"type": "new"})
				first, second := one.await("welcome"), two.await("welcome")
				if first.Chat == one.last.Chat || first.Chat != second.Chat {
					t.Errorf("after a new chat: %s and %s", first.Chat, second.Chat)
				}
			}
			if got := len(two.drain()); got > 1 {
				t.Errorf("%d frames are told twice", got)
			}
		})
	}
}

// drain reads what comes until the answer to a ping.
func (x *tab) drain() (all []frame) {
	x.t.Helper()
	x.send(map[string]any{"type": "ping"})
	for {
		f := x.next()
		if f.Type == "pong" {
			return all
		}
		all = append(all, f)
	}
}
