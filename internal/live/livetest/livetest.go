// Package livetest is the suite that every live.Bus runs. An implementation's test
// calls
//
//	livetest.Run(t, func(t *testing.T) livetest.Ends { … })
//
// and gets two fresh ends of one bus in each case, as two processes would have
// them.
package livetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/live"
)

// Ends are the bus as two processes see it. A bus within one process is both.
type Ends struct {
	A, B live.Bus
	// Cut breaks the connections of both ends once; nil if there are none. The far
	// side takes new ones at once.
	Cut func(t *testing.T)
}

// patience is for what should come soon.
const patience = 15 * time.Second

// Run runs every case.
func Run(t *testing.T, open func(t *testing.T) Ends) {
	t.Helper()
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			c.run(&suite{T: t, Ends: open(t)})
		})
	}
}

var cases = []struct {
	name string
	run  func(*suite)
}{
	{"everybody hears it", (*suite).everybody},
	{"topics are apart", (*suite).apart},
	{"order is kept", (*suite).order},
	{"payloads arrive unharmed", (*suite).unharmed},
	{"what no bus carries is refused", (*suite).refused},
	{"a subscription ends with its context", (*suite).ends},
	{"nobody waits for a slow subscriber", (*suite).slow},
	{"many at once", (*suite).many},
	{"an ended context does not hang", (*suite).ended},
	{"it mends itself", (*suite).mends},
}

type suite struct {
	*testing.T
	Ends
}

func (s *suite) subscribe(b live.Bus, topic string) <-chan []byte {
	s.Helper()
	c, err := b.Subscribe(s.Context(), topic)
	if err != nil {
		s.Fatal(err)
	}
	return c
}

func (s *suite) publish(b live.Bus, topic, payload string) {
	s.Helper()
	ctx, done := context.WithTimeout(s.Context(), patience)
	defer done()
	if err := b.Publish(ctx, topic, []byte(payload)); err != nil {
		s.Fatal(err)
	}
}

// hear waits for the next payload, which must be want.
func (s *suite) hear(c <-chan []byte, want string) {
	s.Helper()
	select {
	case got, ok := <-c:
		if !ok {
			s.Fatalf("the subscription ended, want %.40q", want)
		}
		if string(got) != want {
			s.Fatalf("heard %.40q, want %.40q", got, want)
		}
	case <-time.After(patience):
		s.Fatalf("nothing was heard, want %.40q", want)
	}
}

func (s *suite) everybody() {
	all := []<-chan []byte{s.subscribe(s.A, "t"), s.subscribe(s.A, "t"), s.subscribe(s.B, "t")}
	s.publish(s.A, "t", "one")
	for _, c := range all {
		s.hear(c, "one")
	}
	s.publish(s.B, "t", "two")
	for _, c := range all {
		s.hear(c, "two")
	}
}

func (s *suite) apart() {
	one, two := s.subscribe(s.B, "topic.one"), s.subscribe(s.B, "topic.two")
	s.publish(s.A, "nobody.listens", "x")
	s.publish(s.A, "topic.one", "1")
	s.publish(s.A, "topic.two", "2")
	s.publish(s.A, "topic", "x")
	s.publish(s.A, "topic.one", "last")
	s.publish(s.A, "topic.two", "last")
	s.hear(one, "1")
	s.hear(one, "last")
	s.hear(two, "2")
	s.hear(two, "last")
}

func (s *suite) order() {
	c := s.subscribe(s.B, "t")
	for i := range 100 {
		s.publish(s.A, "t", fmt.Sprint(i))
	}
	for i := range 100 {
		s.hear(c, fmt.Sprint(i))
	}
}

func (s *suite) unharmed() {
	topic := "a.b:c_d-9" + strings.Repeat("x", live.MaxTopic-9)
	c := s.subscribe(s.B, topic)
	for _, p := range []string{
		"plain", "", "退货要几天?", "nul \x00 inside", "\xff\xfe not UTF-8", "'quoted' \"twice\" \\ back\nline",
		strings.Repeat("\x00", live.MaxPayload), strings.Repeat("漢", live.MaxPayload/3),
	} {
		s.publish(s.A, topic, p)
		s.hear(c, p)
	}
}

func (s *suite) refused() {
	for _, x := range []struct {
		topic   string
		payload int
	}{
		{"t", live.MaxPayload + 1}, {"", 1}, {"Upper", 1}, {"with space", 1}, {"a\x00b", 1}, {"漢", 1}, {strings.Repeat("x", live.MaxTopic+1), 1},
	} {
		if err := s.A.Publish(s.Context(), x.topic, bytes.Repeat([]byte("x"), x.payload)); !errors.Is(err, fault.Invalid) {
			s.Errorf("publish %d bytes to %.20q: %v, want fault.Invalid", x.payload, x.topic, err)
		}
		if x.topic == "t" {
			continue
		}
		if _, err := s.A.Subscribe(s.Context(), x.topic); !errors.Is(err, fault.Invalid) {
			s.Errorf("subscribe to %.20q: %v, want fault.Invalid", x.topic, err)
		}
	}
}

func (s *suite) ends() {
	ctx, cancel := context.WithCancel(s.Context())
	c, err := s.B.Subscribe(ctx, "t")
	if err != nil {
		s.Fatal(err)
	}
	other := s.subscribe(s.B, "t")
	s.publish(s.A, "t", "before")
	s.hear(c, "before")
	cancel()
	late := time.After(patience)
	for open := true; open; {
		select {
		case _, open = <-c:
		case <-late:
			s.Fatal("the channel stays open after its context ended")
		}
	}
	s.publish(s.A, "t", "after")
	s.hear(other, "before")
	s.hear(other, "after")
	s.publish(s.A, "t", "again")
	s.hear(other, "again")
	again := s.subscribe(s.B, "t") // the topic can be subscribed to anew
	s.publish(s.A, "t", "anew")
	s.hear(again, "anew")
}

func (s *suite) slow() {
	s.subscribe(s.A, "t") // takes nothing
	s.subscribe(s.B, "t")
	c := s.subscribe(s.B, "other")
	for i := range 2000 {
		s.publish(s.A, "t", fmt.Sprint(i))
	}
	s.publish(s.A, "other", "still works")
	s.hear(c, "still works")
}

func (s *suite) many() {
	const topics, each = 20, 10
	var wg sync.WaitGroup
	for n := range topics {
		topic := fmt.Sprint("topic.", n)
		c := s.subscribe(s.B, topic)
		wg.Go(func() {
			for i := range each {
				if err := s.A.Publish(s.Context(), topic, fmt.Append(nil, topic, " ", i)); err != nil {
					s.Error(err)
					return
				}
			}
		})
		wg.Go(func() {
			for i := range each {
				want := fmt.Sprint(topic, " ", i)
				select {
				case got := <-c:
					if string(got) != want {
						s.Errorf("heard %q, want %q", got, want)
					}
				case <-time.After(patience):
					s.Errorf("nothing was heard, want %q", want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func (s *suite) ended() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if err := s.A.Publish(ctx, "t", nil); err == nil {
		s.Error("published although the context had ended")
	}
	c, err := s.A.Subscribe(ctx, "t")
	if err != nil {
		return
	}
	select {
	case _, open := <-c:
		if open {
			s.Error("heard something although the context had ended")
		}
	case <-time.After(patience):
		s.Error("subscribed for ever although the context had ended")
	}
}

func (s *suite) mends() {
	if s.Cut == nil {
		s.Skip("it has no connection")
	}
	c := s.subscribe(s.B, "t")
	s.publish(s.A, "t", "before")
	s.hear(c, "before")
	s.Cut(s.T)
	deadline := time.After(patience)
	for {
		ctx, done := context.WithTimeout(s.Context(), patience)
		_ = s.A.Publish(ctx, "t", []byte("after")) // may be lost
		done()
		select {
		case got, open := <-c:
			if !open || string(got) != "after" {
				s.Errorf("heard %q (open %v), want after", got, open)
			}
			return
		case <-time.After(100 * time.Millisecond):
		case <-deadline:
			s.Fatal("nothing is heard any more after the connection was cut")
		}
	}
}
