package lanying

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
	"github.com/parley-im/parley/gateway/lanying/floo"
	"github.com/parley-im/parley/gateway/lanying/lanyingtest"
	"github.com/parley-im/parley/internal/fault"
)

func discard(context.Context, gateway.Message) error { return nil }

func TestSettings(t *testing.T) {
	const hook = "app_id: a\nurl: https://api.example.com\nbot: 5\ntoken: t\nsecret: s\n"
	for text, want := range map[string]string{
		"receive: socket\nusername: u\npassword: p":     "app_id must be",
		"app_id: a\nreceive: pigeon":                    "receive must be",
		"app_id: a\nreceive: socket":                    "logs in with username",
		"app_id: a\nreceive: socket\nusername: u":       "belong together",
		strings.Replace(hook, "secret: s", "", 1):       "secret must be",
		strings.Replace(hook, "bot: 5", "", 1):          "bot must be",
		strings.Replace(hook, "bot: 5", "bot: five", 1): "bot must be",
		strings.Replace(hook, "token: t", "", 1):        "token must be",
		strings.Replace(hook, "https", "ftp", 1):        "url must be",
		hook + "pace: 1ms":                              "pace must be",
		hook + "ping: 1m":                               "ping must lie",
		hook + "ca_file: /nowhere.pem":                  "ca_file cannot be read",
	} {
		if _, err := open(t, text, &world{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	one, err := open(t, hook, &world{})
	if err != nil {
		t.Fatal(err)
	}
	two, _ := open(t, strings.Replace(hook, "token: t", "token: u", 1), &world{})
	if a, b := one.(gateway.Identified).Account(), two.(gateway.Identified).Account(); a != b || a != "a 5" {
		t.Errorf("accounts %q and %q", a, b)
	}
}

// What Lanying answers becomes an error of a kind with a sentence that says what to do.
func TestRefusals(t *testing.T) {
	w := newWorld(t, webhookConfig)
	for _, c := range []struct {
		f    lanyingtest.Fault
		kind error
		want string
	}{
		{lanyingtest.Fault{Code: 10008}, fault.Denied, "does not accept the token"},
		{lanyingtest.Fault{Code: 30022}, fault.Denied, "licence"},
		{lanyingtest.Fault{Code: 40003}, fault.Denied, "not in a normal state"},
		{lanyingtest.Fault{Code: 20002}, fault.Denied, "no member"},
		{lanyingtest.Fault{Code: 20001}, fault.NotFound, "does not exist"},
		{lanyingtest.Fault{Code: 10002}, fault.Invalid, ""},
		{lanyingtest.Fault{Code: 20000}, fault.Unavailable, ""},
		{lanyingtest.Fault{Status: 500}, fault.Unavailable, ""},
		{lanyingtest.Fault{Status: 403}, fault.Denied, "does not accept the token"},
		{lanyingtest.Fault{Status: 404}, fault.Unavailable, "does not answer as the API"},
		{lanyingtest.Fault{Status: 413}, fault.Invalid, ""},
		{lanyingtest.Fault{Reset: true}, fault.Unavailable, "cannot be reached"},
	} {
		w.Play(c.f)
		_, err := w.ch.Post(t.Context(), out("x", true))
		if _, sentence := fault.Public(err); !errors.Is(err, c.kind) || !strings.Contains(sentence, c.want) || strings.Contains(err.Error(), lanyingtest.Admin) {
			t.Errorf("%+v: %v (%q)", c.f, err, sentence)
		}
	}
	o := out("x", true)
	for chat, want := range map[string]error{"group:2306414607729": fault.Denied, "group:": fault.NotFound, "abc": fault.NotFound} {
		o.Conversation.Chat = chat
		if _, err := w.ch.Post(t.Context(), o); !errors.Is(err, want) {
			t.Errorf("to %q: %v", chat, err)
		}
	}
}

// A token of a user that has run out is renewed, once; a wrong password is said.
func TestTokens(t *testing.T) {
	w := newWorld(t, socketConfig)
	if _, err := w.ch.Post(t.Context(), out("x", true)); err != nil {
		t.Fatal(err)
	}
	w.Expire()
	if _, err := w.ch.Post(t.Context(), out("y", true)); err != nil {
		t.Errorf("after the token ran out: %v", err)
	}
	bad := newWorld(t, func(s *lanyingtest.Server) string {
		return strings.Replace(socketConfig(s), lanyingtest.Password, "wrong", 1)
	})
	if err := bad.ch.Listen(t.Context(), discard); !errors.Is(err, fault.NotFound) {
		t.Errorf("a wrong password: %v", err)
	}
	other := newWorld(t, func(s *lanyingtest.Server) string { return socketConfig(s) + "bot: 5\n" })
	if err := other.ch.Listen(t.Context(), discard); !errors.Is(err, fault.Denied) {
		t.Errorf("another user: %v", err)
	}
}

// listen runs Listen until it returns, and does something once it is there.
func (w *world) listen(t *testing.T, then func()) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	failed := make(chan error, 1)
	go func() { failed <- w.ch.Listen(ctx, discard) }()
	if then != nil {
		if !channeltest.Until(func() bool { return w.Sockets() > 0 }, 5*time.Second) {
			t.Fatal("no connection")
		}
		then()
	}
	return <-failed
}

// What ends a connection is said in a sentence.
func TestEndsOfConnections(t *testing.T) {
	notice := func(kind uint64) floo.Meta {
		return floo.Meta{ID: new(uint64(1)), From: floo.User(0), To: floo.User(lanyingtest.Bot), NS: new(uint64(floo.NSUserNotice)), Payload: floo.Encode(&floo.UserNotice{Type: new(kind)})}
	}
	for _, c := range []struct {
		name string
		do   func(w *world)
		kind error
		want string
	}{
		{"kicked", func(w *world) { w.Push(lanyingtest.Bot, notice(floo.KickedByOther)) }, fault.Denied, "logged in elsewhere"},
		{"frozen", func(w *world) { w.Push(lanyingtest.Bot, notice(floo.Frozen)) }, fault.Denied, "frozen or removed"},
		{"another password", func(w *world) { w.Push(lanyingtest.Bot, notice(floo.PasswordChanged)) }, fault.Denied, "does not accept"},
		{"silent", func(w *world) { w.Silence(true) }, fault.Unavailable, "Nothing was heard"},
		{"not of the protocol", func(w *world) { w.Raw([]byte{0xff, 0xff}) }, fault.Unavailable, ""},
		{"a payload of no form", func(w *world) { w.Raw(floo.Pack(floo.Sync, &floo.Notice{XID: &floo.XID{}})[:7]) }, fault.Unavailable, ""},
		{"compressed", func(w *world) {
			w.Raw(floo.Encode(&floo.Frame{Compress: new(uint64(1)), Command: new(uint64(1))}))
		}, fault.Unavailable, ""},
		{"cut", func(w *world) { w.Cut() }, fault.Unavailable, ""},
	} {
		w := newWorld(t, socketConfig)
		err := w.listen(t, func() { c.do(w) })
		if _, sentence := fault.Public(err); !errors.Is(err, c.kind) || !strings.Contains(sentence, c.want) {
			t.Errorf("%s: %v (%q)", c.name, err, sentence)
		}
	}
	for status, want := range map[uint64]string{
		floo.InvalidToken: "does not accept", floo.UserBanned: "frozen or removed", floo.TooManyDevices: "too many devices", floo.InvalidLicense: "licence", floo.AppFrozen: "app is frozen",
	} {
		w := newWorld(t, socketConfig)
		w.Refuse(status)
		err := w.listen(t, nil)
		if _, sentence := fault.Public(err); !errors.Is(err, fault.Denied) || !strings.Contains(sentence, want) {
			t.Errorf("status %d: %v (%q)", status, err, sentence)
		}
	}
}

// What was said while nobody was there comes in pages, in order, and is confirmed.
func TestUnread(t *testing.T) {
	w := newWorld(t, socketConfig)
	var want []string
	for i := range 23 {
		want = append(want, fmt.Sprint("number ", i))
		w.Say(spoken(channeltest.Said{Chat: "one", Text: want[i]}))
	}
	got := collect(t, w)
	var all []string
	for range want {
		all = append(all, next(t, got).Text)
	}
	if !slices.Equal(all, want) {
		t.Errorf("got %q", all)
	}
	w.say(t, channeltest.Said{Chat: "one", Text: "live"})
	if m := next(t, got); m.Text != "live" {
		t.Errorf("what was confirmed comes again: %q", m.Text)
	}
}

// Who applies is accepted, what is asked is marked as read, and a person sees the bot write.
func TestManners(t *testing.T) {
	w := newWorld(t, socketConfig)
	got := collect(t, w)
	w.Push(lanyingtest.Bot, floo.Meta{ID: new(uint64(1)), NS: new(uint64(floo.NSRosterNotice)), Payload: floo.Encode(&floo.RosterNotice{Type: new(uint64(floo.RosterApplied)), From: floo.User(num("new"))})})
	w.say(t, channeltest.Said{Chat: "one", Text: "hello"})
	m := next(t, got)
	typer := w.ch.(gateway.Typer)
	channeltest.Until(func() bool { _, me, _ := w.ch.(*held).line.get(); return me != nil }, 5*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for n := 1; n <= 2; n++ {
		if err := typer.Typing(ctx, m.Conversation); err != nil {
			t.Error(err)
		}
		if !channeltest.Until(func() bool { return w.Signs() == n }, 5*time.Second) {
			t.Errorf("%d signs of typing, want %d", w.Signs(), n)
		}
	}
	// What was asked is noted as unread after it was delivered.
	if !channeltest.Until(func() bool { return typer.Typing(ctx, m.Conversation) == nil && len(w.Reads()) == 1 }, 5*time.Second) || id(w.Reads()[0]) != m.ID {
		t.Errorf("marked as read: %v, want %s", w.Reads(), m.ID)
	}
	if err := typer.Typing(ctx, m.Conversation); err != nil || len(w.Reads()) != 1 {
		t.Errorf("marked as read once more: %v, %v", w.Reads(), err)
	}
	if !channeltest.Until(func() bool { return len(w.Accepted()) > 0 }, 5*time.Second) {
		t.Error("a contact was not accepted")
	}
	if !slices.Equal(w.Accepted(), []uint64{num("new")}) {
		t.Errorf("accepted %v", w.Accepted())
	}
}

func TestLookUp(t *testing.T) {
	page := newWorld(t, func(s *lanyingtest.Server) string {
		return strings.Replace(socketConfig(s), "dns_url: ", "dns_url: "+s.URL+"/file/download/chat?x=", 1)
	})
	if err := page.ch.Listen(t.Context(), discard); !errors.Is(err, fault.Denied) && !errors.Is(err, fault.Unavailable) {
		t.Errorf("a look-up that is none: %v", err)
	}
	direct := newWorld(t, func(s *lanyingtest.Server) string {
		return strings.Replace(socketConfig(s), "dns_url: "+s.URL, "dns_url: http://127.0.0.1:1\nurl: "+s.URL+"\nsocket_url: "+s.URL, 1)
	})
	if err := direct.listen(t, func() { direct.Cut() }); !errors.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
}
