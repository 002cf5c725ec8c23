// Package storetest is the suite that every auth.Store runs, and every store of
// sessions that auth.NewSessions is given.
//
// storetest.go tests the staff, race.go the rules that two requests on two
// replicas could break together, and sessions.go who is signed in. The handles that
// Open returns are two processes' on one database.
package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
)

// Open returns two handles of one new database.
type Open func(t *testing.T) (one, other auth.Store)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, one, other auth.Store)
	}{
		{"Users", users},
		{"FirstUser", firstUser},
		{"LastOwner", lastOwner},
		{"OutdatedChange", outdatedChange},
		{"Keys", keys},
		{"Audit", audit},
		{"OneFirstUserAtOnce", oneFirstUser},
		{"OneTokenAtOnce", oneToken},
		{"OneNameAtOnce", oneName},
		{"OneOwnerStaysAtOnce", oneOwnerStays},
		{"OneChangeAtOnce", oneChange},
		{"KeysAtOnce", keysAtOnce},
		{"SignInsAtOnce", signInsAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, other := open(t)
			c.run(t, one, other)
		})
	}
}

func moment() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func user(name string, role auth.Role) auth.User {
	return auth.User{ID: "id-" + name, Username: name, Name: name, Role: role, Hash: "h", CreatedAt: moment()}
}

func add(t *testing.T, s auth.Store, u auth.User) auth.User {
	t.Helper()
	must(t, s.AddUser(t.Context(), u))
	return u
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is checks the kind of an error.
func is(t *testing.T, doing string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got %v, want fault of kind: %v", doing, err, kind)
	}
}

func same(t *testing.T, want, got any, err error) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func users(t *testing.T, s, other auth.Store) {
	ctx := t.Context()
	has, err := s.HasUsers(ctx)
	if has || err != nil {
		t.Errorf("at first there are users: %v, %v", has, err)
	}
	none, err := s.Users(ctx)
	if len(none) != 0 || err != nil {
		t.Errorf("at first: %v, %v", none, err)
	}
	// by user name, byte by byte: the order is the same in every database
	var want []auth.User
	for _, name := range []string{"_a", "a-b", "a.b", "ab", "zoë", "é", "李"} {
		want = append(want, user(name, auth.Viewer))
	}
	for i := range want {
		add(t, s, want[len(want)-1-i])
	}
	list, err := other.Users(ctx)
	same(t, want, list, err)
	if has, err := other.HasUsers(ctx); !has || err != nil {
		t.Errorf("now there are users: %v, %v", has, err)
	}
	got, err := other.User(ctx, "id-李")
	same(t, want[6], got, err)
	got, err = s.UserNamed(ctx, "zoë")
	same(t, want[4], got, err)

	when := moment()
	must(t, other.SignedIn(ctx, "id-ab", when))
	changed := want[3]
	changed.LastSignIn = &when
	changed.Name, changed.Role, changed.Disabled, changed.Hash, changed.Epoch = "New '; --", auth.Admin, true, "h2", 7
	must(t, s.UpdateUser(ctx, changed, 0))
	got, err = other.User(ctx, "id-ab")
	same(t, changed, got, err)

	twice := user("ab", auth.Owner)
	twice.ID = "other"
	is(t, "a name that is taken", s.AddUser(ctx, twice), fault.Conflict)
	must(t, s.DeleteUser(ctx, "id-ab"))
	must(t, other.AddUser(ctx, twice)) // the name is free again
	for doing, err := range map[string]error{
		"delete nobody":  s.DeleteUser(ctx, "none"),
		"update nobody":  s.UpdateUser(ctx, user("none", auth.Viewer), 0),
		"delete again":   other.DeleteUser(ctx, "id-ab"),
		"update deleted": other.UpdateUser(ctx, changed, 7),
	} {
		is(t, doing, err, fault.NotFound)
	}
	_, err = s.User(ctx, "none")
	is(t, "read nobody", err, fault.NotFound)
	_, err = s.UserNamed(ctx, "AB")
	is(t, "a name in capitals", err, fault.NotFound)
}

func firstUser(t *testing.T, s, other auth.Store) {
	ctx := t.Context()
	is(t, "no token was made", s.FirstUser(ctx, []byte("t1"), user("x", auth.Owner)), fault.Denied)
	must(t, s.SetSetupToken(ctx, []byte("t1")))
	must(t, other.SetSetupToken(ctx, []byte("t2")))
	for token, want := range map[string]bool{"t1": false, "t2": true, "": false} {
		if ok, err := s.SetupTokenIs(ctx, []byte(token)); ok != want || err != nil {
			t.Errorf("token %q is good: %v, %v", token, ok, err)
		}
	}
	is(t, "the older token", s.FirstUser(ctx, []byte("t1"), user("x", auth.Owner)), fault.Denied)
	must(t, s.FirstUser(ctx, []byte("t2"), user("a", auth.Owner)))
	is(t, "the token again", other.FirstUser(ctx, []byte("t2"), user("x", auth.Owner)), fault.Conflict)
	must(t, s.SetSetupToken(ctx, []byte("late")))
	is(t, "a late token", s.FirstUser(ctx, []byte("late"), user("x", auth.Owner)), fault.Conflict)
	for _, token := range []string{"t2", "late"} {
		if ok, err := other.SetupTokenIs(ctx, []byte(token)); ok || err != nil {
			t.Errorf("token %q is good though there is a user: %v", token, err)
		}
	}
	if list, err := other.Users(ctx); len(list) != 1 || err != nil {
		t.Errorf("users %v, %v", list, err)
	}
}

func lastOwner(t *testing.T, s, _ auth.Store) {
	ctx := t.Context()
	a := add(t, s, user("a", auth.Owner))
	off := user("b", auth.Owner) // a disabled owner does not count as one
	off.Disabled = true
	add(t, s, off)
	add(t, s, user("c", auth.Admin))
	demoted, disabled := a, a
	demoted.Role = auth.Admin
	disabled.Disabled = true
	is(t, "demote the last owner", s.UpdateUser(ctx, demoted, 0), fault.Conflict)
	is(t, "disable the last owner", s.UpdateUser(ctx, disabled, 0), fault.Conflict)
	is(t, "delete the last owner", s.DeleteUser(ctx, a.ID), fault.Conflict)
	a.Name, a.Hash, a.Epoch = "renamed", "h2", 1
	must(t, s.UpdateUser(ctx, a, 0))
	must(t, s.DeleteUser(ctx, off.ID))
	must(t, s.DeleteUser(ctx, "id-c"))
	add(t, s, user("d", auth.Owner))
	must(t, s.DeleteUser(ctx, a.ID))
}

// outdatedChange: somebody is disabled while they set a new password. The password
// was set for the user as it was read, and must not enable them again.
func outdatedChange(t *testing.T, s, other auth.Store) {
	ctx := t.Context()
	add(t, s, user("o", auth.Owner))
	add(t, s, user("a", auth.Editor))
	read, err := s.User(ctx, "id-a")
	must(t, err)
	disabled := read
	disabled.Disabled, disabled.Epoch = true, read.Epoch+1
	must(t, other.UpdateUser(ctx, disabled, read.Epoch))
	late := read
	late.Hash, late.Epoch = "h2", read.Epoch+1
	is(t, "a change of what was read before", s.UpdateUser(ctx, late, read.Epoch), fault.Conflict)
	got, err := s.User(ctx, "id-a")
	same(t, disabled, got, err)
}

func key(id string, u auth.User, at time.Time) auth.Key {
	return auth.Key{
		ID: id, Name: "n " + id, Prefix: "pk_" + id, Permissions: []auth.Permission{auth.Search, auth.Try},
		UserID: u.ID, CreatedBy: u.Username, CreatedAt: at, Hash: []byte("hash of " + id),
	}
}

func keys(t *testing.T, s, other auth.Store) {
	ctx := t.Context()
	a, b := add(t, s, user("a", auth.Admin)), add(t, s, user("b", auth.Admin))
	until := moment().Add(time.Hour)
	k1, k2, k3 := key("k1", a, moment()), key("k2", b, moment().Add(time.Second)), key("k3", a, moment().Add(2*time.Second))
	k1.ExpiresAt = &until
	k2.Permissions = []auth.Permission{}
	for _, k := range []auth.Key{k1, k2, k3} {
		must(t, s.AddKey(ctx, k))
	}
	list, err := other.Keys(ctx)
	same(t, []auth.Key{k3, k2, k1}, list, err)
	got, err := other.KeyByHash(ctx, k1.Hash)
	same(t, k1, got, err)
	when := moment()
	must(t, other.KeyUsed(ctx, "k1", when))
	k1.LastUsedAt = &when
	got, err = s.KeyByHash(ctx, k1.Hash)
	same(t, k1, got, err)
	if err := s.AddKey(ctx, key("k2", a, moment())); err == nil {
		t.Error("two keys have one ID")
	}
	is(t, "a key of nobody", s.AddKey(ctx, key("k9", user("none", auth.Admin), moment())), fault.NotFound)

	must(t, s.DeleteKey(ctx, "k3"))
	is(t, "revoke again", other.DeleteKey(ctx, "k3"), fault.NotFound)
	must(t, s.KeyUsed(ctx, "k3", when)) // was under way; no error, nothing comes back
	must(t, other.DeleteUser(ctx, a.ID))
	_, err = s.KeyByHash(ctx, k1.Hash)
	is(t, "the key of a deleted user", err, fault.NotFound)
	list, err = s.Keys(ctx)
	same(t, []auth.Key{k2}, list, err)
}

func audit(t *testing.T, s, other auth.Store) {
	e := auth.Entry{At: moment(), UserID: "gone", User: "ann", Action: "delete-document", Target: "d\x00 '; --", Request: "r"}
	must(t, s.Record(t.Context(), e))
	must(t, other.Record(t.Context(), e))
}
