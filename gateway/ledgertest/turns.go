package ledgertest

import (
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

func (s *suite) lease() {
	s.receive(s.message("a", "p", "1"))
	now := time.Now()
	first := s.take()
	s.nothing(now.Add(lease / 2))
	second := s.takeAt(now.Add(lease+time.Second), never)
	if second == nil {
		s.Fatal("the lease ended and nothing can be taken")
	}
	if second.ID != first.ID || second.Attempt != 2 || second.Released != 0 || second.Fence <= first.Fence || second.ReplyKey != first.ReplyKey {
		s.Errorf("taken again as %+v, was %+v", second, first)
	}
}

func (s *suite) renew() {
	s.receive(s.message("a", "p", "1"))
	now := time.Now()
	t := s.take()
	s.ok(s.Renew(s.Context(), t, 10*lease))
	s.nothing(now.Add(9 * lease))
	if s.takeAt(now.Add(11*lease), never) == nil {
		s.Error("the prolonged lease never ended")
	}
}

// own checks that a lease is told by the ledger's own clock, and that an owner who
// comes back late goes on if nobody else came.
func (s *suite) own() {
	s.receive(s.message("a", "p", "1"))
	take := func(lease time.Duration) *gateway.Turn {
		s.Helper()
		t, err := s.Take(s.Context(), gateway.TakeOptions{Owner: "w", Lease: lease, Merge: never})
		s.ok(err)
		return t
	}
	late := take(-time.Second)
	s.ok(s.Renew(s.Context(), late, lease)) // it had ended, but nobody noticed
	if t := take(lease); t != nil {
		s.Fatalf("took %q although its lease was renewed", texts(t.Messages))
	}
	s.ok(s.Renew(s.Context(), late, -time.Second))
	t := take(lease)
	if t == nil || t.ID != late.ID {
		s.Fatalf("took %+v although the lease has ended, want turn %d", t, late.ID)
	}
	s.is(s.Renew(s.Context(), late, lease), fault.Conflict)
	s.done(t)
}

// writes are all that a worker can do with a turn.
func (s *suite) writes(t *gateway.Turn) map[string]func() error {
	ctx := s.Context()
	return map[string]func() error{
		"Extend":  func() error { _, err := s.Extend(ctx, t, merge); return err },
		"Behind":  func() error { _, err := s.Behind(ctx, t); return err },
		"Renew":   func() error { return s.Renew(ctx, t, lease) },
		"Intend":  func() error { return s.Intend(ctx, t, gateway.Post{Key: t.ReplyKey + "/0", ID: "x"}) },
		"Settle":  func() error { return s.Settle(ctx, t, answer) },
		"Finish":  func() error { return s.Finish(ctx, t, gateway.Outcome{State: gateway.Done}) },
		"Release": func() error { return s.Release(ctx, t, 0) },
	}
}

func (s *suite) stale() {
	s.receive(s.message("a", "p", "1"))
	old := s.take()
	s.receive(s.message("a", "p", "2"))
	fresh := s.takeAt(time.Now().Add(lease+time.Second), never)
	for name, write := range s.writes(old) {
		if err := write(); err == nil {
			s.Errorf("%s of a worker that lost the lease went through", name)
		} else {
			s.is(err, fault.Conflict)
		}
	}
	// Nothing of it was kept, and the owner can go on.
	s.ok(s.Settle(s.Context(), fresh, answer))
	again := s.takeAt(time.Now().Add(3*lease), never)
	if len(again.Posts) != 0 || texts(again.Messages) != "1" || again.Released != 0 {
		s.Errorf("the stale worker left its mark: %+v", again)
	}
	s.done(again)
	for name, write := range s.writes(again) {
		if err := write(); err == nil {
			s.Errorf("%s after Finish went through", name)
		} else {
			s.is(err, fault.Conflict)
		}
	}
	next := s.take()
	s.ok(s.Release(s.Context(), next, -time.Second))
	for name, write := range s.writes(next) {
		if err := write(); err == nil {
			s.Errorf("%s after Release went through", name)
		} else {
			s.is(err, fault.Conflict)
		}
	}
}

func (s *suite) resume() {
	ctx := s.Context()
	clock := time.Now()
	again := func() *gateway.Turn {
		s.Helper()
		clock = clock.Add(2 * lease)
		t := s.takeAt(clock, never)
		if t == nil {
			s.Fatal("the turn is not handed out again")
		}
		return t
	}
	check := func(t *gateway.Turn, attempt int, state gateway.State, a *gateway.Answer, posts ...gateway.Post) {
		s.Helper()
		if t.Attempt != attempt || t.State != state || texts(t.Messages) != "1" {
			s.Errorf("resumed %q as %s at attempt %d, want %s at %d", texts(t.Messages), t.State, t.Attempt, state, attempt)
		}
		if diff := cmp.Diff(a, t.Answer); diff != "" {
			s.Errorf("answer (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(posts, t.Posts); diff != "" {
			s.Errorf("posts (-want +got):\n%s", diff)
		}
	}
	s.receive(s.message("a", "p", "1"))
	t := s.take()
	key := t.ReplyKey + "/0"
	t = again()
	check(t, 2, gateway.Taken, nil)

	s.ok(s.Intend(ctx, t, gateway.Post{Key: key}))
	t = again()
	check(t, 3, gateway.Taken, nil, gateway.Post{Key: key})

	s.ok(s.Intend(ctx, t, gateway.Post{Key: key, ID: "p1"}))
	t = again()
	check(t, 4, gateway.Taken, nil, gateway.Post{Key: key, ID: "p1"})

	s.ok(s.Settle(ctx, t, answer))
	t = again()
	check(t, 5, gateway.Answered, &answer, gateway.Post{Key: key, ID: "p1"})
	s.is(s.Settle(ctx, t, gateway.Answer{Text: "another"}), fault.Conflict) // an answer is given once

	s.ok(s.Intend(ctx, t, gateway.Post{Key: key, ID: "p1", Done: true}))
	s.ok(s.Intend(ctx, t, gateway.Post{Part: 1, Key: t.ReplyKey + "/1"}))
	t = again()
	check(t, 6, gateway.Posting, &answer, gateway.Post{Key: key, ID: "p1", Done: true}, gateway.Post{Part: 1, Key: t.ReplyKey + "/1"})
	s.done(t)
	s.nothing(clock.Add(10 * lease))
}

func (s *suite) posts() {
	ctx := s.Context()
	s.receive(s.message("a", "p", "1"))
	t := s.take()
	k := func(n string) string { return t.ReplyKey + "/" + n }
	for _, p := range []gateway.Post{
		{Part: 1, Key: k("1")},
		{Part: 0, Key: k("0"), ID: "a"},
		{Part: 0, Key: k("0")}, // intended once more: what is known stays
		{Part: 0, Key: k("0.1"), ID: "b", Done: true},
		{Part: 0, Key: k("0.1"), ID: "b"},
	} {
		s.ok(s.Intend(ctx, t, p))
	}
	t = s.takeAt(time.Now().Add(2*lease), never)
	want := []gateway.Post{{Part: 0, Key: k("0"), ID: "a"}, {Part: 0, Key: k("0.1"), ID: "b", Done: true}, {Part: 1, Key: k("1")}}
	if diff := cmp.Diff(want, t.Posts); diff != "" {
		s.Errorf("posts (-want +got):\n%s", diff)
	}
}

func (s *suite) release() {
	s.receive(s.message("a", "p", "1"))
	t := s.take()
	now := time.Now()
	s.ok(s.Release(s.Context(), t, time.Hour))
	s.nothing(now.Add(30 * time.Minute))
	again := s.takeAt(now.Add(61*time.Minute), never)
	if again == nil || again.ID != t.ID || again.Attempt != 2 || again.Released != 1 || again.Fence <= t.Fence {
		s.Fatalf("released and taken again: %+v, was %+v", again, t)
	}
	s.done(again)
	s.receive(s.message("a", "p", "2"))
	s.take() // the pause of the turn before does not hold this one up
}

func (s *suite) blocked() {
	s.receive(s.message("a", "p", "a1"))
	s.receive(s.message("b", "p", "b1"))
	s.ok(s.Release(s.Context(), s.take(), time.Hour))
	s.receive(s.message("a", "p", "a2"))
	t := s.take()
	if got := texts(t.Messages); got != "b1" {
		s.Errorf("took %q, want b1", got)
	}
	s.done(t)
	s.nothing(time.Now()) // a2 waits for a1
}

func (s *suite) ends() {
	ctx := s.Context()
	s.receive(s.message("a", "p", "1"))
	s.receive(s.message("a", "p", "2"))
	t := s.take()
	if err := s.Finish(ctx, t, gateway.Outcome{State: gateway.Answered}); err == nil {
		s.Error("a turn ended as answered, which is no end")
	}
	s.ok(s.Finish(ctx, t, gateway.Outcome{State: gateway.Dead, Reason: "the model did not answer"}))
	t = s.take()
	if got := texts(t.Messages); got != "2" {
		s.Errorf("after a dead turn came %q, want 2", got)
	}
	s.done(t)
	s.nothing(time.Now().Add(10 * lease))
}
