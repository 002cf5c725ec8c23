package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
)

// crowd runs f n times at once, every other time on the other handle, and counts the
// calls that went through. The others must be refused with one of kinds.
func crowd[S any](t *testing.T, n int, one, other S, f func(i int, s S) error, kinds ...error) int {
	t.Helper()
	var won atomic.Int32
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		s := one
		if i%2 == 1 {
			s = other
		}
		wg.Go(func() {
			<-begin
			err := f(i, s)
			if err == nil {
				won.Add(1)
				return
			}
			for _, k := range kinds {
				if errors.Is(err, k) {
					return
				}
			}
			t.Errorf("call %d: %v", i, err)
		})
	}
	close(begin)
	wg.Wait()
	return int(won.Load())
}

func oneFirstUser(t *testing.T, one, other auth.Store) {
	ctx := t.Context()
	must(t, one.SetSetupToken(ctx, []byte("hash")))
	won := crowd(t, 20, one, other, func(i int, s auth.Store) error {
		return s.FirstUser(ctx, []byte("hash"), user(fmt.Sprint("u", i), auth.Owner))
	}, fault.Conflict, fault.Denied)
	list, err := one.Users(ctx)
	if won != 1 || len(list) != 1 || err != nil {
		t.Errorf("%d of 20 calls with one link went through, users %v, %v", won, list, err)
	}
	if ok, err := other.SetupTokenIs(ctx, []byte("hash")); ok || err != nil {
		t.Errorf("the token is still good: %v, %v", ok, err)
	}
}

// oneToken: replicas that start together leave one token, and a user.
func oneToken(t *testing.T, one, other auth.Store) {
	ctx := t.Context()
	token := func(i int) []byte { return []byte(fmt.Sprint("token", i)) }
	crowd(t, 20, one, other, func(i int, s auth.Store) error { return s.SetSetupToken(ctx, token(i)) })
	var good [][]byte
	for i := range 20 {
		if ok, err := one.SetupTokenIs(ctx, token(i)); err != nil {
			t.Fatal(err)
		} else if ok {
			good = append(good, token(i))
		}
	}
	if len(good) != 1 {
		t.Fatalf("%d tokens are good, want the last one", len(good))
	}
	// tokens are made while the good one is spent: there is one first user at most
	won := crowd(t, 20, one, other, func(i int, s auth.Store) error {
		if i < 10 {
			return errors.Join(s.SetSetupToken(ctx, token(i)), fault.Conflict)
		}
		return s.FirstUser(ctx, good[0], user(fmt.Sprint("u", i), auth.Owner))
	}, fault.Conflict, fault.Denied)
	list, err := one.Users(ctx)
	if won > 1 || len(list) != won || err != nil {
		t.Errorf("%d first users were made, there are %d, %v", won, len(list), err)
	}
}

func oneName(t *testing.T, one, other auth.Store) {
	won := crowd(t, 20, one, other, func(i int, s auth.Store) error {
		u := user("ann", auth.Viewer)
		u.ID = fmt.Sprint("id", i)
		return s.AddUser(t.Context(), u)
	}, fault.Conflict)
	list, err := one.Users(t.Context())
	if won != 1 || len(list) != 1 || err != nil {
		t.Errorf("%d of 20 got the name, users %v, %v", won, list, err)
	}
}

// oneOwnerStays: all owners are demoted, disabled and deleted at the same time.
func oneOwnerStays(t *testing.T, one, other auth.Store) {
	ctx := t.Context()
	for round, more := range []int{8, 2, 1, 1, 1, 2, 1, 1, 1, 8} { // beside the one who is left
		for i := range more {
			add(t, one, user(fmt.Sprint("u", round, "-", i), auth.Owner))
		}
		before, err := one.Users(ctx)
		must(t, err)
		var standing []auth.User
		for _, u := range before {
			if u.Role == auth.Owner && !u.Disabled {
				standing = append(standing, u)
			}
		}
		won := crowd(t, len(standing), one, other, func(i int, s auth.Store) error {
			u := standing[i]
			switch i % 3 {
			case 0:
				return s.DeleteUser(ctx, u.ID)
			case 1:
				u.Disabled = true
			default:
				u.Role = auth.Admin
			}
			u.Epoch++
			return s.UpdateUser(ctx, u, u.Epoch-1)
		}, fault.Conflict)
		list, err := one.Users(ctx)
		must(t, err)
		left := 0
		for _, u := range list {
			if u.Role == auth.Owner && !u.Disabled {
				left++
			}
		}
		if left != 1 || won != len(standing)-1 {
			t.Errorf("%d of %d calls went through, %d owners are left, want 1", won, len(standing), left)
		}
	}
}

// oneChange: of many changes to what was read at the same time, one goes through.
func oneChange(t *testing.T, one, other auth.Store) {
	ctx := t.Context()
	add(t, one, user("o", auth.Owner))
	read := add(t, one, user("a", auth.Editor))
	won := crowd(t, 20, one, other, func(i int, s auth.Store) error {
		u := read
		u.Hash, u.Epoch = fmt.Sprint("h", i), read.Epoch+1
		return s.UpdateUser(ctx, u, read.Epoch)
	}, fault.Conflict)
	got, err := one.User(ctx, read.ID)
	if won != 1 || got.Epoch != read.Epoch+1 || err != nil {
		t.Errorf("%d of 20 changes went through, now %+v, %v", won, got, err)
	}
}

// keysAtOnce: keys are made and used while their user is deleted; none is left.
func keysAtOnce(t *testing.T, one, other auth.Store) {
	ctx := t.Context()
	add(t, one, user("o", auth.Owner))
	a := add(t, one, user("a", auth.Admin))
	must(t, one.AddKey(ctx, key("first", a, moment())))
	crowd(t, 21, one, other, func(i int, s auth.Store) error {
		switch {
		case i == 10:
			return s.DeleteUser(ctx, a.ID)
		case i%2 == 0:
			return s.KeyUsed(ctx, "first", moment())
		}
		return s.AddKey(ctx, key(fmt.Sprint("k", i), a, moment()))
	}, fault.NotFound)
	list, err := one.Keys(ctx)
	if len(list) != 0 || err != nil {
		t.Errorf("%d keys outlived their user, %v", len(list), err)
	}
}

// signInsAtOnce: noting a sign-in must not undo a change, nor wait for ever.
func signInsAtOnce(t *testing.T, one, other auth.Store) {
	ctx := t.Context()
	add(t, one, user("o", auth.Owner))
	a := add(t, one, user("a", auth.Owner))
	crowd(t, 20, one, other, func(i int, s auth.Store) error {
		if i == 9 {
			u := a
			u.Disabled, u.Epoch = true, 1
			return s.UpdateUser(ctx, u, 0)
		}
		return s.SignedIn(ctx, a.ID, moment().Add(time.Duration(i)))
	})
	got, err := other.User(ctx, a.ID)
	if !got.Disabled || got.Epoch != 1 || got.LastSignIn == nil || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}
