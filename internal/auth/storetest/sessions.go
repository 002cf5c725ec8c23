package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
)

// OpenSessions returns two handles of one new database.
type OpenSessions func(t *testing.T) (one, other scs.CtxStore)

// RunSessions runs the suite of a store of sessions.
func RunSessions(t *testing.T, open OpenSessions) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, one, other scs.CtxStore)
	}{
		{"Sessions", sessions},
		{"EndedStaysEnded", endedStaysEnded},
		{"ManyAtOnce", manySessions},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, other := open(t)
			c.run(t, one, other)
		})
	}
}

func commit(t *testing.T, s scs.CtxStore, token, data string, until time.Time) {
	t.Helper()
	must(t, s.CommitCtx(t.Context(), token, []byte(data), until))
}

// find returns the data of a session, or "none".
func find(t *testing.T, s scs.CtxStore, token string) string {
	t.Helper()
	data, ok, err := s.FindCtx(t.Context(), token)
	must(t, err)
	if !ok {
		return "none"
	}
	return string(data)
}

func sessions(t *testing.T, s, other scs.CtxStore) {
	soon := time.Now().Add(time.Hour)
	commit(t, s, "a", "1\x00\xff", soon)
	commit(t, s, "b", "2", soon)
	commit(t, s, "old", "1", time.Now().Add(-time.Second))
	for token, want := range map[string]string{"a": "1\x00\xff", "b": "2", "old": "none", "x": "none"} {
		if got := find(t, other, token); got != want {
			t.Errorf("session %s: got %q, want %q", token, got, want)
		}
	}
	commit(t, other, "a", "3", soon)
	if got := find(t, s, "a"); got != "3" {
		t.Errorf("new data was not stored: %q", got)
	}
	must(t, s.DeleteCtx(t.Context(), "a"))
	must(t, other.DeleteCtx(t.Context(), "a"))
	must(t, s.DeleteCtx(t.Context(), "never"))
	commit(t, s, "a", "4", soon) // a request that was under way when the session ended
	commit(t, other, "a", "4", soon)
	if find(t, s, "a") != "none" || find(t, other, "a") != "none" {
		t.Error("an ended session came back")
	}
	if find(t, s, "b") != "2" {
		t.Error("another session ended with it")
	}
}

// endedStaysEnded: requests on all replicas store a session while it is ended.
func endedStaysEnded(t *testing.T, one, other scs.CtxStore) {
	soon := time.Now().Add(time.Hour)
	for round := range 5 {
		token := fmt.Sprint("t", round)
		commit(t, one, token, "0", soon)
		crowd(t, 16, one, other, func(i int, s scs.CtxStore) error {
			if i == 7 {
				return s.DeleteCtx(t.Context(), token)
			}
			return s.CommitCtx(t.Context(), token, []byte(fmt.Sprint(i)), soon.Add(time.Duration(i)*time.Minute))
		})
		if find(t, one, token) != "none" || find(t, other, token) != "none" {
			t.Fatal("an ended session came back")
		}
	}
}

// manySessions: people sign in and out while old sessions are dropped.
func manySessions(t *testing.T, one, other scs.CtxStore) {
	for i := range 20 {
		commit(t, one, fmt.Sprint("old", i), "x", time.Now().Add(-time.Hour))
	}
	crowd(t, 30, one, other, func(i int, s scs.CtxStore) error {
		token := fmt.Sprint("t", i)
		if err := s.CommitCtx(t.Context(), token, []byte(token), time.Now().Add(time.Hour)); err != nil || i%3 > 0 {
			return err
		}
		return s.DeleteCtx(t.Context(), token)
	})
	for i := range 30 {
		token, want := fmt.Sprint("t", i), fmt.Sprint("t", i)
		if i%3 == 0 {
			want = "none"
		}
		if got := find(t, other, token); got != want {
			t.Errorf("session %s: got %q, want %q", token, got, want)
		}
	}
}
