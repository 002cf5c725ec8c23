package channeltest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
)

// texts are what channels have been seen to harm.
var texts = []string{
	"How long does delivery take?",
	"退货要几天?发票怎么开?",
	"emoji 👨‍👩‍👧‍👦 and flags 🇨🇳, 𠮷野家",
	"```go\nif a < b && c > d {\n\treturn \"x\"\n}\n```",
	"1 < 2 & \"quotes\" <b>not bold</b> &amp; *stars* _under_ \\ back",
	"first line\nsecond line\n\nafter a gap",
	"/help me",
}

func (s *suite) unharmed() {
	l := s.listen()
	for _, text := range texts {
		m := l.hear(Said{Chat: "one", Text: text})
		if m.Text != text {
			s.Errorf("text came as %q, want %q", m.Text, text)
		}
		if m.ID == "" || m.Conversation.Chat == "" || m.Conversation.Channel == "" || m.Sender.ID == "" {
			s.Errorf("message lacks an ID: %+v", m)
		}
		if m.SentAt.IsZero() || time.Since(m.SentAt).Abs() > time.Hour {
			s.Errorf("sent at %v", m.SentAt)
		}
	}
}

func (s *suite) inOrder() {
	l := s.listen()
	other := l.hear(Said{Chat: "two", Text: "from elsewhere"})
	ids := map[string]bool{}
	var first gateway.Message
	for i := range 10 {
		l.say(Said{Chat: "one", Text: fmt.Sprint("number ", i)})
	}
	for i := range 10 {
		m := l.next()
		if i == 0 {
			first = m
		}
		if want := fmt.Sprint("number ", i); m.Text != want {
			s.Errorf("message %d is %q, want %q", i, m.Text, want)
		}
		if m.Conversation != first.Conversation || m.Sender.ID != first.Sender.ID {
			s.Errorf("one chat gave %+v and %+v", first.Conversation, m.Conversation)
		}
		ids[m.ID] = true
	}
	if len(ids) != 10 {
		s.Errorf("10 messages have %d IDs", len(ids))
	}
	if other.Conversation == first.Conversation {
		s.Errorf("two chats are one conversation: %+v", first.Conversation)
	}
}

func (s *suite) threads() {
	s.need(s.far.Threads, "threads")
	l := s.listen()
	chat := "one"
	if s.far.Groups {
		chat = Group
	}
	main := l.hear(Said{Chat: chat, Text: "in the chat", Mention: s.far.Groups})
	a := l.hear(Said{Chat: chat, Thread: "a", Text: "in a", Mention: s.far.Groups})
	b := l.hear(Said{Chat: chat, Thread: "b", Text: "in b", Mention: s.far.Groups})
	again := l.hear(Said{Chat: chat, Thread: "a", Text: "in a again", Mention: s.far.Groups})
	if a.Conversation == b.Conversation || a.Conversation == main.Conversation {
		s.Errorf("threads are not apart: %+v %+v %+v", main.Conversation, a.Conversation, b.Conversation)
	}
	if a.Conversation != again.Conversation {
		s.Errorf("one thread is two conversations: %+v %+v", a.Conversation, again.Conversation)
	}
}

func (s *suite) redelivery() {
	l := s.listen()
	id := l.say(Said{Chat: "one", Text: "once"})
	first := l.next()
	if !s.far.Redeliver(s.T, id) {
		s.Error("the redelivery was not acknowledged")
	}
	// A channel may know the ID itself and drop it, or deliver it with the same ID.
	last := l.hear(Said{Chat: "one", Text: "marker"})
	if last.Text == "once" {
		if last.ID != first.ID || last.Conversation != first.Conversation {
			s.Errorf("redelivered as %q in %+v, was %q in %+v", last.ID, last.Conversation, first.ID, first.Conversation)
		}
		last = l.next()
	}
	if last.Text != "marker" || last.ID == first.ID {
		s.Errorf("after the redelivery came %q (%s), want the marker", last.Text, last.ID)
	}
}

func (s *suite) ignoresItself() {
	l := s.listen()
	m := l.hear(Said{Chat: "one", Text: "question"})
	ctx, done := s.deadline()
	defer done()
	if _, err := s.ch.Post(ctx, outgoing(m, "k-self/0", "my own words")); err != nil {
		s.Fatal(err)
	}
	if next := l.hear(Said{Chat: "one", Text: "marker"}); next.Text != "marker" {
		s.Errorf("delivered %q of %+v, want only what others say", next.Text, next.Sender)
	}
}

func (s *suite) flags() {
	l := s.listen()
	if m := l.hear(Said{Chat: "one", Text: "hello"}); !m.Direct {
		s.Error("a direct chat is not flagged")
	}
	s.need(s.far.Groups, "groups")
	if m := l.hear(Said{Chat: Group, Text: "to you", Mention: true}); m.Direct || !m.Mentioned || m.Text != "to you" {
		s.Errorf("mentioned in a group: direct %v, mentioned %v, text %q", m.Direct, m.Mentioned, m.Text)
	}
	m := l.hear(Said{Chat: Group, Text: "to others"})
	if m.Direct || m.Mentioned {
		s.Errorf("not mentioned in a group: direct %v, mentioned %v", m.Direct, m.Mentioned)
	}
	s.need(!s.far.Flat, "replies to a post")
	ctx, done := s.deadline()
	defer done()
	id, err := s.ch.Post(ctx, outgoing(m, "k-flags/0", "an answer"))
	if err != nil {
		s.Fatal(err)
	}
	if m := l.hear(Said{Chat: Group, Text: "and then?", ReplyTo: id}); !m.Mentioned {
		s.Error("a reply to the bot's own post is not flagged as mentioned")
	}
}

func (s *suite) otherBots() {
	s.need(s.far.Bots, "other bots")
	l := s.listen()
	chat := "one"
	if s.far.Groups {
		chat = Group
	}
	l.say(Said{Chat: chat, Text: "beep", Bot: true, Mention: s.far.Groups})
	m := l.hear(Said{Chat: chat, Text: "marker", Mention: s.far.Groups})
	if m.Text == "beep" {
		if !m.Sender.Bot {
			s.Error("another bot is not marked as one")
		}
		m = l.next()
	}
	if m.Sender.Bot {
		s.Error("a person is marked as a bot")
	}
}

func (s *suite) stopButton() {
	s.need(s.far.Stops, "stop button")
	l := s.listen()
	asked := l.hear(Said{Chat: "one", Text: "a long question"})
	m := l.hear(Said{Chat: "one", Stop: true})
	if !m.Stop || m.Conversation != asked.Conversation || m.Sender.ID != asked.Sender.ID || m.ID == "" {
		s.Errorf("stop came as %+v", m)
	}
	if asked.Stop {
		s.Error("a question came as a stop")
	}
}

func (s *suite) refused() {
	l := s.listen()
	l.hear(Said{Chat: "one", Text: "warm up"})
	calls := l.calls.Load()
	l.refuse.Store(1)
	id, acknowledged := s.far.Say(s.T, Said{Chat: "one", Text: "not now"})
	if l.calls.Load() == calls {
		s.Fatal("deliver was not called")
	}
	if acknowledged {
		s.Fatal("a message that was refused has been acknowledged")
	}
	ctx, done := s.deadline()
	defer done()
	for !s.far.Redeliver(s.T, id) {
		if ctx.Err() != nil {
			s.Fatal("offered again, it was never acknowledged")
		}
		sleep(ctx, s.T)
	}
	if m := l.next(); m.Text != "not now" {
		s.Errorf("offered again it came as %q", m.Text)
	}
}

func sleep(ctx context.Context, t *testing.T) {
	t.Helper()
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Millisecond):
	}
}
