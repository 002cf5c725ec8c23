package ledgertest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/gateway"
)

func (s *suite) once() {
	m := s.receive(s.message("a", "p", "hello"))
	again := func(when string) {
		s.Helper()
		if fresh, err := s.Receive(s.Context(), m); fresh || err != nil {
			s.Errorf("%s: received again: fresh %v, %v", when, fresh, err)
		}
	}
	again("at once")
	t := s.take()
	again("while taken")
	s.done(t)
	again("when done")
	s.nothing(time.Now())

	elsewhere := m
	elsewhere.Conversation.Channel = "other"
	s.receive(elsewhere) // the ID is only unique within its channel
}

func (s *suite) onceAtOnce() {
	m := s.message("a", "p", "hello")
	var fresh atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			ok, err := s.Receive(s.Context(), m)
			if err != nil {
				s.Error(err)
			}
			if ok {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if fresh.Load() != 1 {
		s.Errorf("16 deliveries at once: %d were fresh", fresh.Load())
	}
}

func (s *suite) order() {
	for _, text := range []string{"1", "2", "3", "4"} {
		s.receive(s.message("a", "p", text))
	}
	for _, want := range []string{"1", "2", "3", "4"} {
		t := s.take()
		if got := texts(t.Messages); got != want {
			s.Errorf("took %q, want %q", got, want)
		}
		s.nothing(time.Now()) // the rest waits for this one
		s.done(t)
	}
	s.nothing(time.Now())
}

func (s *suite) longest() {
	s.receive(s.message("a", "p", "a1"))
	s.receive(s.message("b", "p", "b1"))
	s.receive(s.message("a", "p", "a2"))
	s.receive(s.message("c", "p", "c1"))
	first := s.take()
	if got := texts(first.Messages); got != "a1" {
		s.Fatalf("took %q first, want a1", got)
	}
	s.done(first)
	for _, want := range []string{"b1", "a2", "c1"} {
		t := s.take()
		if got := texts(t.Messages); got != want {
			s.Errorf("took %q, want %q", got, want)
		}
	}
}

func (s *suite) whole() {
	m := s.message("a", "p", "退货 👍 \"quoted\"\n```x```")
	m.Conversation.Thread = "t"
	m.Sender = gateway.Person{ID: "p", Name: "王小明", Bot: true}
	m.Locale, m.Mentioned = "zh-CN", true
	m.Attachments = []gateway.Attachment{{Name: "a.png", Type: "image/png", Size: 12, URL: "https://example.com/a.png"}}
	before := time.Now()
	s.receive(m)
	t := s.take()
	if diff := cmp.Diff([]gateway.Message{m}, t.Messages); diff != "" {
		s.Errorf("the message changed (-want +got):\n%s", diff)
	}
	if t.Conversation != m.Conversation || t.State != gateway.Taken || t.Attempt != 1 || t.Released != 0 ||
		t.ReplyKey == "" || t.Answer != nil || len(t.Posts) != 0 {
		s.Errorf("a new turn is %+v", t)
	}
	if t.ReceivedAt.Before(before.Truncate(time.Millisecond)) || t.ReceivedAt.After(time.Now()) {
		s.Errorf("received at %v, want between %v and now", t.ReceivedAt, before)
	}
}

func (s *suite) merge() {
	stop := s.message("a", "p", "")
	stop.Stop = true
	command := s.message("a", "p", "/reset")
	command.Alone = true
	for _, x := range []struct {
		name  string
		first gateway.Message
		then  []gateway.Message
		want  string
	}{
		{"same person", s.message("a", "p", "hi"), []gateway.Message{s.message("a", "p", "there"), s.message("a", "p", "you")}, "hi|there|you"},
		{"another person", s.message("b", "p", "hi"), []gateway.Message{s.message("b", "q", "there"), s.message("b", "p", "you")}, "hi"},
		{"stop", s.message("c", "p", "hi"), []gateway.Message{in("c", stop), s.message("c", "p", "you")}, "hi"},
		{"command", s.message("d", "p", "hi"), []gateway.Message{in("d", command)}, "hi"},
		{"after a command", in("e", with(command, "m-first")), []gateway.Message{s.message("e", "p", "you")}, "/reset"},
	} {
		s.receive(x.first)
		for _, m := range x.then {
			m.ID += x.name
			s.receive(m)
		}
		t := s.takeAt(time.Now(), merge)
		if t == nil {
			s.Fatalf("%s: nothing taken", x.name)
		}
		if got := texts(t.Messages); got != x.want {
			s.Errorf("%s: merged to %q, want %q", x.name, got, x.want)
		}
	}
	for i := range gateway.MaxMerged + 5 {
		s.receive(s.message("many", "p", string(rune('a'+i))))
	}
	if t := s.takeAt(time.Now(), merge); len(t.Messages) != gateway.MaxMerged {
		s.Errorf("%d messages in one turn, want %d at most", len(t.Messages), gateway.MaxMerged)
	}
}

func in(chat string, m gateway.Message) gateway.Message {
	m.Conversation.Chat = chat
	return m
}

func with(m gateway.Message, id string) gateway.Message {
	m.ID = id
	return m
}

func (s *suite) pause() {
	const gap = 50 * time.Millisecond
	s.receive(s.message("a", "p", "1"))
	time.Sleep(gap)
	s.receive(s.message("a", "p", "2"))
	t := s.takeAt(time.Now(), gap/10)
	if got := texts(t.Messages); got != "1" {
		s.Errorf("took %q although there was a pause, want 1", got)
	}
	if added, err := s.Extend(s.Context(), t, gap/10); err != nil || len(added) != 0 {
		s.Errorf("extended by %q over a pause, %v", texts(added), err)
	}
	if added, err := s.Extend(s.Context(), t, merge); err != nil || texts(added) != "2" {
		s.Errorf("extended by %q, %v; want 2", texts(added), err)
	}
}

func (s *suite) extend() {
	ctx := s.Context()
	add := func(t *gateway.Turn, want string) {
		s.Helper()
		added, err := s.Extend(ctx, t, merge)
		if got := texts(added); err != nil || got != want {
			s.Errorf("extended by %q, %v; want %q", got, err, want)
		}
	}
	s.receive(s.message("a", "p", "1"))
	t := s.take()
	add(t, "")
	s.receive(s.message("a", "p", "2"))
	s.receive(s.message("a", "p", "3"))
	add(t, "2|3")
	add(t, "")
	s.receive(s.message("a", "q", "other"))
	s.receive(s.message("a", "p", "4"))
	add(t, "") // somebody else spoke in between
	s.done(t)
	t = s.take()
	if got := texts(t.Messages); got != "other" {
		s.Errorf("after the merged turn came %q, want other", got)
	}
	s.receive(s.message("a", "q", "more"))
	s.ok(s.Intend(ctx, t, gateway.Post{Key: t.ReplyKey + "/0"}))
	add(t, "") // it may show by now
	s.done(t)

	t = s.take()
	s.receive(s.message("a", "p", "5"))
	s.ok(s.Settle(ctx, t, answer))
	add(t, "") // it is answered
}

func (s *suite) behind() {
	ctx := s.Context()
	look := func(t *gateway.Turn, want string) {
		s.Helper()
		waiting, err := s.Behind(ctx, t)
		if got := texts(waiting); err != nil || got != want {
			s.Errorf("behind the turn wait %q, %v; want %q", got, err, want)
		}
	}
	s.receive(s.message("a", "p", "1"))
	t := s.take()
	look(t, "")
	s.receive(s.message("a", "q", "2"))
	stop := s.message("a", "p", "3")
	stop.Stop, stop.Alone = true, true
	s.receive(stop)
	s.receive(s.message("b", "p", "elsewhere"))
	look(t, "2|3")
	waiting, err := s.Behind(ctx, t)
	if err != nil || len(waiting) != 2 {
		s.Fatal(waiting, err)
	}
	if m := waiting[1]; m.ID != stop.ID || !m.Stop || !m.Alone || m.Sender != stop.Sender || m.Conversation != stop.Conversation {
		s.Errorf("the stop came back as %+v", m)
	}
	s.ok(s.Settle(ctx, t, answer))
	look(t, "2|3")
	s.done(t)
	t = s.takeAt(time.Now(), merge)
	look(t, "3")
	s.done(t)
	for i := range gateway.MaxMerged + 5 {
		s.receive(s.message("a", "p", string(rune('a'+i))))
	}
	t = s.take() // the stop
	if waiting, err := s.Behind(ctx, t); err != nil || len(waiting) > gateway.MaxMerged || len(waiting) == 0 || waiting[0].Text != "a" {
		s.Errorf("%d messages from %q, %v; want the oldest %d at most", len(waiting), texts(waiting), err, gateway.MaxMerged)
	}
}

func (s *suite) except() {
	for _, channel := range []string{"one", "it's \"two\"", "three"} {
		m := s.message("a", "p", channel)
		m.Conversation.Channel = channel
		s.receive(m)
	}
	take := func(want string, except ...string) {
		s.Helper()
		t, err := s.Take(s.Context(), gateway.TakeOptions{Owner: "w", Lease: lease, Merge: never, Except: except})
		s.ok(err)
		got := ""
		if t != nil {
			got = texts(t.Messages)
			s.done(t)
		}
		if got != want {
			s.Errorf("took %q except %q, want %q", got, except, want)
		}
	}
	take("", "three", "one", "it's \"two\"", "none")
	take("three", "one", "it's \"two\"")
	take("it's \"two\"", "one")
	take("", "one")
	take("one")
}
