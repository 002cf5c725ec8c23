// Package ledgertest is the suite that every Ledger runs. A store's test calls
//
//	ledgertest.Run(t, func(t *testing.T) gateway.Ledger { … })
//
// and gets a fresh, empty ledger in each case. A change of what a Ledger means
// goes in here, not into the test of one store.
package ledgertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
)

// Run runs every case.
func Run(t *testing.T, open func(t *testing.T) gateway.Ledger) {
	t.Helper()
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			c.run(&suite{T: t, Ledger: open(t)})
		})
	}
}

var cases = []struct {
	name string
	run  func(*suite)
}{
	{"a message is received once for ever", (*suite).once},
	{"the same message at once is received once", (*suite).onceAtOnce},
	{"one conversation keeps its order", (*suite).order},
	{"who waits longest is first", (*suite).longest},
	{"a message comes back as it was", (*suite).whole},
	{"messages are merged by the rule", (*suite).merge},
	{"what is aside is done at once", (*suite).aside},
	{"what is aside may belong to what waits", (*suite).asideBehind},
	{"many arrive at once", (*suite).flood},
	{"a pause ends a question", (*suite).pause},
	{"a taken turn grows until something shows", (*suite).extend},
	{"a lease keeps others out until it ends", (*suite).lease},
	{"renewing prolongs the lease", (*suite).renew},
	{"the ledger has its own clock", (*suite).own},
	{"a worker sees what waits behind it", (*suite).behind},
	{"channels are passed over", (*suite).except},
	{"a stale worker cannot write", (*suite).stale},
	{"a turn resumes as it was left", (*suite).resume},
	{"posts are kept by key", (*suite).posts},
	{"a released turn waits for its time", (*suite).release},
	{"a blocked conversation blocks no other", (*suite).blocked},
	{"done and dead are the end", (*suite).ends},
	{"many workers never share a conversation", (*suite).workers},
	{"what others left is reclaimed", (*suite).reclaim},
	{"waiting messages are counted", (*suite).waiting},
	{"cursors are kept", (*suite).cursors},
	{"thumbs are kept", (*suite).ratings},
}

const (
	lease = time.Minute
	merge = time.Hour // far more than a test takes
	never = -time.Second
)

type suite struct {
	*testing.T
	gateway.Ledger
	ids int
}

// message is one of person in chat, with an ID of its own.
func (s *suite) message(chat, person, text string) gateway.Message {
	s.ids++
	return gateway.Message{
		ID:           fmt.Sprintf("m%d", s.ids),
		Conversation: gateway.Conversation{Channel: "test", Chat: chat},
		Sender:       gateway.Person{ID: person},
		Text:         text,
		Direct:       true,
		SentAt:       time.Now(),
	}
}

func (s *suite) receive(m gateway.Message) gateway.Message {
	s.Helper()
	fresh, err := s.Receive(s.Context(), m)
	if err != nil || !fresh {
		s.Fatalf("receive %s: fresh %v, %v", m.ID, fresh, err)
	}
	return m
}

func (s *suite) takeAt(now time.Time, merge time.Duration) *gateway.Turn {
	s.Helper()
	t, err := s.Take(s.Context(), gateway.TakeOptions{Owner: "w", Now: now, Lease: lease, Merge: merge})
	if err != nil {
		s.Fatal(err)
	}
	return t
}

// take takes a turn and fails if there is none.
func (s *suite) take() *gateway.Turn {
	s.Helper()
	t := s.takeAt(time.Now(), never)
	if t == nil {
		s.Fatal("there is nothing to take")
	}
	return t
}

func (s *suite) nothing(now time.Time) {
	s.Helper()
	if t := s.takeAt(now, never); t != nil {
		s.Fatalf("took %q of %s, want nothing", texts(t.Messages), t.Conversation.Chat)
	}
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) is(err, kind error) {
	s.Helper()
	if !errors.Is(err, kind) {
		s.Errorf("got %v, want %v", err, kind)
	}
}

func (s *suite) done(t *gateway.Turn) {
	s.Helper()
	s.ok(s.Finish(s.Context(), t, gateway.Outcome{State: gateway.Done, Reason: "answered"}))
}

func texts(messages []gateway.Message) string {
	var all []string
	for _, m := range messages {
		all = append(all, m.Text)
	}
	return strings.Join(all, "|")
}

var answer = gateway.Answer{
	Text: "**Seven** days [1]", Label: "Sources",
	Sources: []gateway.Source{{Number: 1, Title: "Returns", URL: "https://example.com"}},
}
