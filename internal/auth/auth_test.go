package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/ratelimit"
)

var cheap = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

func TestRoles(t *testing.T) {
	var before []Permission
	for _, r := range []Role{Viewer, Editor, Admin, Owner} {
		now := r.Permissions()
		for _, p := range before {
			if !slices.Contains(now, p) {
				t.Errorf("%s may not %s, though the role below may", r, p)
			}
		}
		before = now
	}
	if Role("root").Permissions() != nil {
		t.Error("a role that does not exist may something")
	}
}

func TestPrincipalMay(t *testing.T) {
	viewer := Principal{User: User{ID: "u", Role: Viewer}, perms: Viewer.Permissions()}
	key := viewer
	key.KeyID = "k"
	tests := []struct {
		name string
		who  Principal
		need Permission
		want bool
	}{
		{"nobody, public", Principal{}, Public, true},
		{"nobody, signed in", Principal{}, SignedIn, false},
		{"nobody, search", Principal{}, Search, false},
		{"nobody, nothing", Principal{}, "", false},
		{"viewer, signed in", viewer, SignedIn, true},
		{"key, signed in", key, SignedIn, false},
		{"viewer, search", viewer, Search, true},
		{"viewer, try", viewer, Try, false},
		{"viewer, nothing", viewer, "", false},
	}
	for _, test := range tests {
		if got := test.who.May(test.need); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestPasswordRule(t *testing.T) {
	p := newPasswords(cheap)
	tests := []struct {
		password string
		ok       bool
	}{
		{"correct horse", true}, {"一二三四五六七八九十", true}, {"123456789", false}, {"", false},
		{"LONG-USER-NAME", false}, {"ééééééééééé", false}, {strings.Repeat("ab", 101), false},
	}
	for _, test := range tests {
		_, err := p.hash(t.Context(), "long-user-name", test.password)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", test.password, err)
		}
	}
}

func TestPasswordsAreArgon2id(t *testing.T) {
	p := newPasswords(DefaultParams())
	hash, err := p.hash(t.Context(), "user", "correct horse")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=1$") {
		t.Fatalf("hash %q, %v", hash, err)
	}
	for password, want := range map[string]bool{"correct horse": true, "correct horsf": false} {
		if got, err := p.check(t.Context(), password, hash); got != want || err != nil {
			t.Errorf("%q: %v, %v", password, got, err)
		}
	}
	// nobody's password is never right, and is checked at the same cost
	if ok, err := p.check(t.Context(), "", ""); ok || err != nil {
		t.Errorf("no user: %v, %v", ok, err)
	}
	params, _, _, err := argon2id.DecodeHash(p.dummy)
	if err != nil || params.Memory != 64<<10 || params.Iterations != 3 {
		t.Errorf("the check for nobody costs %+v, %v", params, err)
	}
}

func TestFewPasswordsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPasswords(cheap)
		first, err := p.slot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.slot(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := p.slot(t.Context()); !errors.Is(err, fault.Unavailable) || time.Since(began) != hashWait {
			t.Errorf("the third got %v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.slot(ctx); err == nil {
			t.Error("a caller that is gone got a place")
		}
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := p.slot(t.Context()); err != nil {
				t.Errorf("after one was done: %v", err)
			}
		})
		synctest.Wait()
		first()
		wait.Wait()
	})
}

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &limiter{counts: ratelimit.NewMemory(0), kind: "test/", burst: 3, perMinute: 1}
		for i := range 3 {
			if err := l.take(t.Context(), "a"); err != nil {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		err := l.take(t.Context(), "a")
		many, ok := errors.AsType[*tooMany](err)
		if !ok || !errors.Is(err, fault.Denied) || many.RetryAfter() <= 0 || many.RetryAfter() > time.Minute {
			t.Fatalf("the fourth try: %v", err)
		}
		if err := l.take(t.Context(), "b"); err != nil {
			t.Errorf("another key: %v", err)
		}
		time.Sleep(many.RetryAfter() + time.Millisecond)
		if err := l.take(t.Context(), "a"); err != nil {
			t.Errorf("after Retry-After: %v", err)
		}
		if err := l.take(t.Context(), "a"); err == nil {
			t.Error("more than one after one interval")
		}
		l.forget(t.Context(), "a")
		if err := l.take(t.Context(), "a"); err != nil {
			t.Errorf("after forget: %v", err)
		}
	})
}
