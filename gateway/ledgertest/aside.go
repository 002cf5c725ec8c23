package ledgertest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-im/parley/gateway"
)

// talk is a message that the handler will ignore.
func (s *suite) talk(chat, person, text string) gateway.Message {
	m := s.message(chat, person, text)
	m.Direct, m.Aside = false, true
	return m
}

func (s *suite) aside() {
	m := s.receive(s.talk("a", "p", "has anybody seen my cup?"))
	s.receive(s.talk("a", "q", "which one?"))
	s.nothing(time.Now())
	if fresh, err := s.Receive(s.Context(), m); fresh || err != nil {
		s.Errorf("received again: fresh %v, %v", fresh, err)
	}
	if got := s.waits(); got != 0 {
		s.Errorf("%d messages wait, want none", got)
	}
	s.receive(s.message("a", "p", "question"))
	t := s.take()
	if got, want := texts(t.Messages), "question"; got != want {
		s.Errorf("taken %q, want %q", got, want)
	}
	s.done(t)
	s.receive(s.talk("a", "p", "thanks"))
	s.nothing(time.Now())
}

// Said directly after a question, and by the same person, it is part of it.
func (s *suite) asideBehind() {
	question := s.message("a", "p", "how do I")
	question.Direct, question.Mentioned = false, true
	s.receive(question)
	s.receive(s.talk("a", "p", "return it?"))
	t := s.takeAt(time.Now(), merge)
	if t == nil {
		s.Fatal("there is nothing to take")
	}
	if got, want := texts(t.Messages), "how do I|return it?"; got != want {
		s.Errorf("taken %q, want %q", got, want)
	}
	s.receive(s.talk("a", "q", "good question")) // while it is worked on
	s.done(t)
	t = s.take()
	if got, want := texts(t.Messages), "good question"; got != want {
		s.Errorf("then taken %q, want %q", got, want)
	}
	s.done(t)
	s.nothing(time.Now())
}

// flood lets many arrive at the same time, some of them twice, in few conversations.
// Each must be stored once, and in its conversation's order.
func (s *suite) flood() {
	const chats, each = 8, 12
	var fresh atomic.Int64
	var wg sync.WaitGroup
	for c := range chats {
		for range 2 { // the same, twice at a time
			wg.Go(func() {
				for n := range each {
					m := gateway.Message{ID: fmt.Sprint(c, "-", n), Conversation: gateway.Conversation{Channel: "test", Chat: fmt.Sprint("chat ", c)},
						Sender: gateway.Person{ID: "p"}, Text: fmt.Sprint(n), Direct: true, SentAt: time.Now()}
					ok, err := s.Receive(s.Context(), m)
					if err != nil {
						s.Error(err)
					}
					if ok {
						fresh.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	if got, want := fresh.Load(), int64(chats*each); got != want {
		s.Errorf("%d were fresh, want %d", got, want)
	}
	next := map[gateway.Conversation]int{}
	for range chats * each {
		t := s.take()
		if got, want := texts(t.Messages), fmt.Sprint(next[t.Conversation]); got != want {
			s.Errorf("%s: taken %q, want %q", t.Conversation.Chat, got, want)
		}
		next[t.Conversation]++
		s.done(t)
	}
	s.nothing(time.Now())
}

func (s *suite) waits() (n int) {
	s.Helper()
	waiting, err := s.Waiting(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, w := range waiting {
		n += w
	}
	return n
}
