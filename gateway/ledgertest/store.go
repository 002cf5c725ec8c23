package ledgertest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// workers lets ten workers empty a ledger that more is put into, some of them
// losing their lease on the way.
func (s *suite) workers() {
	const chats, each, workers = 12, 6, 10
	ctx := s.Context()
	var mu sync.Mutex
	holders := map[string]int64{}   // chat → fence of who may write
	answered := map[string]string{} // chat → what was finished, in order
	left := chats * each

	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range each {
			for c := range chats {
				m := gateway.Message{ID: fmt.Sprint(c, "-", n), Text: fmt.Sprint(n), SentAt: time.Now(),
					Conversation: gateway.Conversation{Channel: "test", Chat: fmt.Sprint(c)}, Sender: gateway.Person{ID: "p"}}
				if _, err := s.Receive(ctx, m); err != nil {
					s.Error(err)
				}
			}
		}
	})
	for w := range workers {
		wg.Go(func() {
			for i := 0; ; i++ {
				mu.Lock()
				end := left == 0 || s.Failed()
				mu.Unlock()
				if end {
					return
				}
				// Every fourth lease ends at once: somebody else takes over.
				short := i%4 == 3
				o := gateway.TakeOptions{Owner: fmt.Sprint("w", w), Now: time.Now(), Lease: lease, Merge: never}
				if short {
					o.Lease = -time.Second
				}
				t, err := s.Take(ctx, o)
				if err != nil {
					s.Error(err)
					return
				}
				if t == nil || short {
					continue
				}
				chat := t.Conversation.Chat
				mu.Lock()
				if fence, held := holders[chat]; held {
					s.Errorf("chat %s was given out with fence %d while fence %d is held", chat, t.Fence, fence)
				}
				holders[chat] = t.Fence
				mu.Unlock()

				if err := s.Intend(ctx, t, gateway.Post{Key: t.ReplyKey + "/0", ID: "x"}); err != nil {
					s.Error(err)
				}
				mu.Lock()
				delete(holders, chat)
				answered[chat] += t.Messages[0].Text
				left--
				mu.Unlock()
				if err := s.Finish(ctx, t, gateway.Outcome{State: gateway.Done}); err != nil {
					s.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for c := range chats {
		if got, want := answered[fmt.Sprint(c)], "012345"; got != want {
			s.Errorf("chat %d was answered in the order %s, want %s", c, got, want)
		}
	}
}

func (s *suite) reclaim() {
	s.receive(s.message("a", "p", "1"))
	s.receive(s.message("b", "p", "2"))
	s.receive(s.message("c", "p", "3"))
	old := s.take()
	other, err := s.Take(s.Context(), gateway.TakeOptions{Owner: "other", Now: time.Now(), Lease: lease})
	s.ok(err)
	s.ok(s.Release(s.Context(), s.take(), time.Hour))
	s.nothing(time.Now())
	s.ok(s.Reclaim(s.Context()))
	for _, before := range []*gateway.Turn{old, other} {
		t := s.take()
		if t.ID != before.ID || t.Attempt != 2 || t.Released != 0 || t.Fence <= before.Fence {
			s.Errorf("reclaimed %+v, was %+v", t, before)
		}
		s.is(s.Renew(s.Context(), before, lease), fault.Conflict)
	}
	s.nothing(time.Now()) // who waits for a later try still does
}

func (s *suite) waiting() {
	count := func(want map[string]int) {
		s.Helper()
		got, err := s.Waiting(s.Context())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			s.Errorf("waiting, %v (-want +got):\n%s", err, diff)
		}
	}
	count(map[string]int{})
	s.receive(s.message("a", "p", "1"))
	s.receive(s.message("a", "p", "2"))
	m := s.message("a", "p", "3")
	m.Conversation.Channel = "other"
	s.receive(m)
	count(map[string]int{"test": 2, "other": 1})
	s.done(s.take())
	s.ok(s.Finish(s.Context(), s.take(), gateway.Outcome{State: gateway.Dead}))
	count(map[string]int{"other": 1})
}

func (s *suite) cursors() {
	ctx := s.Context()
	for _, want := range []string{"", "a", "b"} {
		if want != "" {
			s.ok(s.SetCursor(ctx, "test", want))
			s.ok(s.SetCursor(ctx, "other", "x"))
		}
		if got, err := s.Cursor(ctx, "test"); err != nil || got != want {
			s.Errorf("cursor %q, %v; want %q", got, err, want)
		}
	}
}

func (s *suite) ratings() {
	ctx := s.Context()
	m := s.receive(s.message("a", "p", "1"))
	t := s.take()
	s.ok(s.Intend(ctx, t, gateway.Post{Key: t.ReplyKey + "/0", ID: "p1", Done: true}))
	s.done(t)
	r := gateway.Rating{Conversation: m.Conversation, Post: "p1", Person: gateway.Person{ID: "p", Name: "Wang"}}
	for _, value := range []int{1, -1, 0, 0, 1} {
		r.Value = value
		if err := s.Rate(ctx, r); err != nil {
			s.Errorf("thumb %d: %v", value, err)
		}
	}
	r.Value = 7
	s.is(s.Rate(ctx, r), fault.Invalid)
	for _, x := range []gateway.Rating{
		{Conversation: m.Conversation, Post: "p2", Value: 1},
		{Conversation: m.Conversation, Post: "", Value: 1},
		{Conversation: gateway.Conversation{Channel: "other", Chat: "a"}, Post: "p1", Value: 1},
		{Conversation: gateway.Conversation{Channel: "test", Chat: "b"}, Post: "p1", Value: 1},
	} {
		if err := s.Rate(ctx, x); !errors.Is(err, fault.NotFound) {
			s.Errorf("a thumb for post %q in %+v gave %v, want fault.NotFound", x.Post, x.Conversation, err)
		}
	}
}
