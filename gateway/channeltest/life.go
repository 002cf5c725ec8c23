package channeltest

import (
	"time"

	"go.uber.org/goleak"
)

func (s *suite) ratings() {
	s.need(s.far.Rate != nil, "thumbs")
	m := s.asked()
	id := s.post(outgoing(m, "k-thumb/0", "was this helpful?"))
	for i, value := range []int{1, -1, 0} {
		s.far.Rate(s.T, "one", id, value)
		for end := time.Now().Add(patience); len(s.far.Ratings()) <= i; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				s.Fatalf("thumb %d never came", value)
			}
		}
		got := s.far.Ratings()[i]
		if got.Value != value || got.Post != id || got.Conversation != m.Conversation || got.Person.ID != m.Sender.ID {
			s.Errorf("thumb came as %+v, want %d for %s", got, value, id)
		}
	}
}

func (s *suite) stops() {
	l := s.listen()
	first := l.hear(Said{Chat: "one", Text: "first"})
	l.cancel()
	l.wait()
	calls := l.calls.Load()
	s.far.Say(s.T, Said{Chat: "one", Text: "after the end"})
	if l.calls.Load() != calls {
		s.Error("deliver was called after Listen returned")
	}
	// It may be called again.
	again := s.listen()
	for {
		if m := again.hearAfter(Said{Chat: "one", Text: "second"}, first); m.Text == "second" {
			break
		} else if m.Text != "after the end" {
			s.Fatalf("delivered %q", m.Text)
		}
	}
	if s.profile.Silence > 0 && (s.far.Seen == nil || s.far.Seen() == 0) {
		s.Error("Profile.Silence is set but Setup.Seen was never called")
	}
}

func (s *suite) broken() {
	s.need(s.far.Cut != nil, "connection")
	l := s.listen()
	before := l.hear(Said{Chat: "one", Text: "before"})
	s.far.Cut(s.T)
	if err := l.wait(); err == nil {
		s.Error("Listen returned no error when the connection broke")
	}
	again := s.listen()
	if m := again.hearAfter(Said{Chat: "one", Text: "after"}, before); m.Text != "after" {
		s.Errorf("after the break came %q", m.Text)
	}
}

// deaf: a connection on which nothing comes any more looks like a quiet one.
func (s *suite) deaf() {
	s.need(s.far.Silence != nil, "connection that can fall silent")
	l := s.listen()
	l.hear(Said{Chat: "one", Text: "before"})
	s.far.Silence(s.T)
	begun := time.Now()
	if err := l.wait(); err == nil {
		s.Error("Listen returned no error when the connection had fallen silent")
	}
	if took := time.Since(begun); took > 30*time.Second {
		s.Errorf("it took %v to notice", took)
	}
}

func (s *suite) leaves() {
	before := goleak.IgnoreCurrent()
	l := s.listen()
	l.hear(Said{Chat: "one", Text: "hello"})
	l.cancel()
	l.wait()
	// Kept-alive HTTP connections belong to the client that Setup gave.
	err := goleak.Find(before,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("net/http.(*conn).serve"),
		goleak.IgnoreAnyFunction("net/http.(*connReader).backgroundRead"))
	if err != nil {
		s.Error(err)
	}
}
