package accounts_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite/accounts"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

func user(name string, role auth.Role) auth.User {
	return auth.User{ID: "id-" + name, Username: name, Name: name, Role: role, Hash: "h", CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
}

// both runs two calls at once and counts those that went through.
func both(f func(i int) error) int {
	var won atomic.Int32
	var wait sync.WaitGroup
	for i := range 2 {
		wait.Go(func() {
			if f(i) == nil {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	return int(won.Load())
}

func TestOnlyOneFirstUser(t *testing.T) {
	s := accounts.New(sqlitetest.Open(t))
	if err := s.SetSetupToken(t.Context(), []byte("hash")); err != nil {
		t.Fatal(err)
	}
	won := both(func(i int) error {
		return s.FirstUser(t.Context(), []byte("hash"), user(fmt.Sprint("u", i), auth.Owner))
	})
	users, err := s.Users(t.Context())
	if won != 1 || len(users) != 1 || err != nil {
		t.Errorf("%d calls won, users %v, %v", won, users, err)
	}
	if ok, err := s.SetupTokenIs(t.Context(), []byte("hash")); ok || err != nil {
		t.Errorf("the token is still good: %v, %v", ok, err)
	}
	if err := s.SetSetupToken(t.Context(), []byte("late")); err != nil {
		t.Fatal(err)
	}
	if err := s.FirstUser(t.Context(), []byte("late"), user("x", auth.Owner)); !errors.Is(err, fault.Conflict) {
		t.Errorf("a second first user: %v", err)
	}
}

func TestOneOwnerStays(t *testing.T) {
	s := accounts.New(sqlitetest.Open(t))
	for _, name := range []string{"a", "b"} {
		if err := s.AddUser(t.Context(), user(name, auth.Owner)); err != nil {
			t.Fatal(err)
		}
	}
	won := both(func(i int) error {
		if i == 0 {
			return s.DeleteUser(t.Context(), "id-a")
		}
		b := user("b", auth.Admin)
		return s.UpdateUser(t.Context(), b)
	})
	users, err := s.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	owners := 0
	for _, u := range users {
		if u.Role == auth.Owner && !u.Disabled {
			owners++
		}
	}
	if won != 1 || owners != 1 {
		t.Errorf("%d of two calls won, %d owners are left: %+v", won, owners, users)
	}
	// a disabled owner does not count as one
	left := user("c", auth.Owner)
	left.Disabled = true
	if err := s.AddUser(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		if u.Role == auth.Owner {
			if err := s.DeleteUser(t.Context(), u.ID); !errors.Is(err, fault.Conflict) {
				t.Errorf("the last owner was deleted: %v", err)
			}
			u.Name = "renamed"
			if err := s.UpdateUser(t.Context(), u); err != nil {
				t.Errorf("the last owner cannot be renamed: %v", err)
			}
		}
	}
	for _, err := range []error{s.DeleteUser(t.Context(), "none"), s.UpdateUser(t.Context(), user("none", auth.Viewer))} {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("unknown user: %v", err)
		}
	}
}

func TestKeysGoWithTheirUser(t *testing.T) {
	s := accounts.New(sqlitetest.Open(t))
	u := user("a", auth.Admin)
	if err := s.AddUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	k := auth.Key{ID: "k", Name: "n", Prefix: "pk_abc", Permissions: []auth.Permission{auth.Search, auth.Try}, UserID: u.ID, CreatedBy: "a", CreatedAt: u.CreatedAt, ExpiresAt: &until, Hash: []byte("h")}
	if err := s.AddKey(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	got, err := s.KeyByHash(t.Context(), []byte("h"))
	if diff := cmp.Diff(k, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if err := s.DeleteUser(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.KeyByHash(t.Context(), []byte("h")); !errors.Is(err, fault.NotFound) {
		t.Errorf("the key outlived its user: %v", err)
	}
}

func TestSessions(t *testing.T) {
	db := sqlitetest.Open(t)
	s := accounts.NewSessions(db)
	soon := time.Now().Add(time.Hour)
	commit := func(token, data string, until time.Time) {
		t.Helper()
		if err := s.CommitCtx(t.Context(), token, []byte(data), until); err != nil {
			t.Fatal(err)
		}
	}
	find := func(token string) string {
		t.Helper()
		data, ok, err := s.FindCtx(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return "none"
		}
		return string(data)
	}
	commit("a", "1", soon)
	commit("old", "1", time.Now().Add(-time.Second))
	if find("a") != "1" || find("old") != "none" || find("x") != "none" {
		t.Errorf("got %q, %q, %q", find("a"), find("old"), find("x"))
	}
	commit("a", "2", soon)
	if find("a") != "2" {
		t.Error("new data was not stored")
	}
	if err := s.DeleteCtx(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	commit("a", "3", soon) // a request that was under way when the session ended
	if find("a") != "none" {
		t.Error("an ended session came back")
	}
	var rows int
	var kept []byte
	if err := db.Read.QueryRow(`SELECT count(*), max(data) FROM sessions`).Scan(&rows, &kept); err != nil || rows != 1 || !bytes.Equal(kept, nil) {
		t.Errorf("%d rows are kept, with %q, %v", rows, kept, err)
	}
}

func TestIdleSessionsAreNotWrittenOnEachRequest(t *testing.T) {
	db := sqlitetest.Open(t)
	s := accounts.NewSessions(db)
	until := func() (at int64) {
		t.Helper()
		if err := db.Read.QueryRow(`SELECT expires_at FROM sessions`).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	start := time.Now().Add(12 * time.Hour)
	for _, later := range []time.Duration{0, time.Minute, 4 * time.Minute} {
		if err := s.CommitCtx(t.Context(), "a", []byte("1"), start.Add(later)); err != nil {
			t.Fatal(err)
		}
	}
	if got := until(); got != start.UnixMicro() {
		t.Error("the session was written again within five minutes")
	}
	if err := s.CommitCtx(t.Context(), "a", []byte("1"), start.Add(6*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := until(); got != start.Add(6*time.Minute).UnixMicro() {
		t.Error("the session was not prolonged")
	}
}
