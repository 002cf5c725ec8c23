package xmpp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/xmpptest"
	"github.com/parley-im/parley/internal/bench/proxy"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/testservice"
)

// listening is a channel that listens, and what it delivered.
type listening struct {
	*world
	got   chan gateway.Message
	stop  context.CancelFunc
	ended chan error
}

func (w *world) listen() *listening {
	w.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(w.Context()))
	l := &listening{w, make(chan gateway.Message, 1000), stop, make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.ended <- w.channel.Listen(ctx, func(_ context.Context, m gateway.Message) error {
			l.got <- m
			return nil
		})
	}()
	w.Cleanup(func() { stop(); <-ended })
	if !await(func() bool { _, err := w.channel.current(); return err == nil }) {
		w.Fatal("it does not connect")
	}
	return l
}

func (l *listening) next() gateway.Message {
	l.Helper()
	select {
	case m := <-l.got:
		return m
	case <-time.After(10 * time.Second):
		l.Fatal("nothing was delivered")
		return gateway.Message{}
	}
}

func (l *listening) reason() error {
	l.Helper()
	select {
	case err := <-l.ended:
		return err
	case <-time.After(15 * time.Second):
		l.Fatal("Listen did not return")
		return nil
	}
}

func sentence(err error) string {
	_, s := fault.Public(err)
	return s
}

func TestLife(t *testing.T) {
	onEachServer(t, func(t *testing.T, server *testservice.XMPP) {
		for name, run := range map[string]func(*testing.T, *testservice.XMPP){
			"catches up": catchesUp, "deaf": deaf, "second login": secondLogin,
			"kicked": kicked, "taken nick": takenNick, "locked room": lockedRoom, "contacts": contacts, "another Parley": anotherParley,
			"files": files, "correction and receipt": correctionAndReceipt, "not there": notThere,
		} {
			t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) { run(t, server) })
		}
	})
}

// What was said while nobody listened comes first, in order, once, with its own time.
func catchesUp(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	l := w.listen()
	ann, bob := w.person("ann", true), w.person("bob", true)
	say := func(p *xmpptest.Person, to stanza.JID, group bool, text string) {
		t.Helper()
		if _, err := p.Say(t.Context(), to, group, text); err != nil {
			t.Fatal(err)
		}
	}
	say(ann, w.bot, false, "one")
	first := l.next()
	cursor, err := w.channel.Since(t.Context(), "", func(context.Context, gateway.Message) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	l.stop()
	_ = l.reason()
	before := time.Now()
	for _, text := range []string{"two", "three", "four"} {
		say(ann, w.bot, false, text)
		say(bob, w.room, true, "@Parley "+text)
	}
	time.Sleep(1100 * time.Millisecond) // the stamps of an archive are of whole seconds
	texts := map[string][]string{}
	ids := map[string]bool{}
	take := func(_ context.Context, m gateway.Message) error {
		if ids[m.ID] {
			t.Errorf("%q came twice", m.Text)
		}
		ids[m.ID] = true
		texts[m.Conversation.Chat] = append(texts[m.Conversation.Chat], m.Text)
		if m.SentAt.Before(before.Add(-2*time.Second)) || time.Since(m.SentAt) < 500*time.Millisecond {
			t.Errorf("%q was sent at %v, which is now", m.Text, m.SentAt)
		}
		return nil
	}
	next, err := w.channel.Since(t.Context(), cursor, take)
	if err != nil {
		t.Fatal(err)
	}
	for chat, got := range texts {
		if strings.Join(got, " ") != "two three four" {
			t.Errorf("in %s came %q", chat, got)
		}
	}
	if len(texts) != 2 {
		t.Errorf("%d conversations, want the person and the room: %v", len(texts), texts)
	}
	if again, err := w.channel.Since(t.Context(), next, take); err != nil || again != next {
		t.Errorf("read again: %v, %v; want %v", again, err, next)
	}
	// Live, it is the same message under the same ID.
	l = w.listen()
	say(ann, w.bot, false, "five")
	live := l.next()
	for ids[live.ID] || live.ID == first.ID { // what the server kept for the bot
		live = l.next()
	}
	if _, err := w.channel.Since(t.Context(), next, func(_ context.Context, m gateway.Message) error {
		if m.ID != live.ID || m.Text != "five" {
			t.Errorf("out of the archive came %+v, live %+v", m, live)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	// A position that cannot be read, or that the archive forgot, is no end.
	for _, odd := range []string{"}", `{"":{"id":"no-such-id","time":"2020-01-01T00:00:00Z"}}`} {
		n := 0
		if _, err := w.channel.Since(t.Context(), odd, func(context.Context, gateway.Message) error { n++; return nil }); err != nil || n < 5 {
			t.Errorf("from %q: %d messages, %v", odd, n, err)
		}
	}
}

// A server that answers nothing any more is noticed, by a ping.
func deaf(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server, "ping: 200ms", "deaf: 600ms")
	l := w.listen()
	w.front.Some(1, (*proxy.Conn).Freeze)
	begun := time.Now()
	err := l.reason()
	if !errors.Is(err, fault.Unavailable) || !strings.Contains(sentence(err), "Nothing was heard") {
		t.Errorf("ended with %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("noticed after %v", took)
	}
	if _, err := w.channel.Post(t.Context(), gateway.Outgoing{Conversation: gateway.Conversation{Chat: "a@b"}, Key: "k", Text: "x"}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("post without a connection: %v", err)
	}
}

// Of two that log in as the same, the newer stays.
func secondLogin(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	l := w.listen()
	other := &world{T: t, server: server, bot: w.bot, room: w.room, front: w.front, people: map[string]*xmpptest.Person{}}
	other.channel = &tapped{Channel: other.open(), fates: map[string]fate{}}
	other.listen()
	if err := l.reason(); !strings.Contains(sentence(err), "Something else logged in") {
		t.Errorf("ended with %v", err)
	}
}

// owner makes the room before the bot comes, and is its owner.
func (w *world) owner() *xmpptest.Person {
	w.Helper()
	return w.person("owner", true)
}

func kicked(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	owner := w.owner()
	l := w.listen()
	admin := func(item *stanza.Node) {
		t.Helper()
		if err := owner.Ask(t.Context(), w.room, stanza.New("http://jabber.org/protocol/muc#admin", "query").Add(item)); err != nil {
			t.Fatal(err)
		}
	}
	admin(stanza.New("http://jabber.org/protocol/muc#admin", "item", "nick", "Parley", "role", "none"))
	s, _ := w.channel.current()
	out := gateway.Outgoing{Conversation: gateway.Conversation{Channel: "xmpp", Chat: w.room.String()}, Key: "k-kicked/0", Text: "x", Final: true}
	if !await(func() bool { _, err := w.channel.Post(t.Context(), out); return errors.Is(err, fault.Unavailable) }) {
		t.Error("it posts into a room that it was thrown out of")
	}
	s.check(t.Context()) // as it does every half minute
	if _, err := w.channel.Post(t.Context(), out); err != nil {
		t.Errorf("after it went back: %v", err)
	}
	admin(stanza.New("http://jabber.org/protocol/muc#admin", "item", "jid", w.bot.String(), "affiliation", "outcast"))
	if !await(func() bool { _, err := w.channel.Post(t.Context(), out); return errors.Is(err, fault.Unavailable) }) {
		t.Error("it posts into a room that it is banned from")
	}
	s.check(t.Context())
	if _, err := w.channel.Post(t.Context(), out); !errors.Is(err, fault.Denied) || !strings.Contains(sentence(err), "banned from the room") {
		t.Errorf("banned: %v", err)
	}
	// All else goes on.
	if _, err := owner.Say(t.Context(), w.bot, false, "still there?"); err != nil || l.next().Text != "still there?" {
		t.Errorf("a person is not heard: %v", err)
	}
}

func takenNick(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	p := w.person("Parley", true)
	l := w.listen()
	if _, err := p.Say(t.Context(), w.room, true, "Parley_: hello"); err != nil {
		t.Fatal(err)
	}
	if m := l.next(); !m.Mentioned || m.Text != "hello" || m.Sender.Name != "Parley" {
		t.Errorf("came as %+v", m)
	}
}

func lockedRoom(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	owner := w.owner()
	form := stanza.New(formNS, "x", "type", "submit").Add(stanza.New(formNS, "field", "var", "FORM_TYPE").Add(stanza.New(formNS, "value").Say("http://jabber.org/protocol/muc#roomconfig")))
	for name, value := range map[string]string{"muc#roomconfig_passwordprotectedroom": "1", "muc#roomconfig_roomsecret": "sesame"} {
		form.Add(stanza.New(formNS, "field", "var", name).Add(stanza.New(formNS, "value").Say(value)))
	}
	if err := owner.Ask(t.Context(), w.room, stanza.New("http://jabber.org/protocol/muc#owner", "query").Add(form)); err != nil {
		t.Fatal(err)
	}
	w.listen()
	out := gateway.Outgoing{Conversation: gateway.Conversation{Channel: "xmpp", Chat: w.room.String()}, Key: "k/0", Text: "x", Final: true}
	if _, err := w.channel.Post(t.Context(), out); !errors.Is(err, fault.Denied) || !strings.Contains(sentence(err), "wants a password") {
		t.Errorf("without the password: %v", err)
	}
	w.channel.set.Rooms[0].Password = "sesame"
	s, _ := w.channel.current()
	s.rooms[w.room].room.Password = "sesame"
	s.check(t.Context())
	if _, err := w.channel.Post(t.Context(), out); err != nil {
		t.Errorf("with the password: %v", err)
	}
}

// Contact requests are answered by the rule.
func contacts(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	w.listen()
	p := w.person("ann", false)
	if got := p.Subscribe(t.Context(), w.bot); got != "subscribed" {
		t.Errorf("a contact request was answered with %q", got)
	}
	strict := newWorld(t, server, "subscriptions: none")
	strict.listen()
	if got := strict.person("ann", false).Subscribe(t.Context(), strict.bot); got != "unsubscribed" {
		t.Errorf("with none, a contact request was answered with %q", got)
	}
}

// Another Parley in the room is known as a bot without being named in the settings.
func anotherParley(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	l := w.listen()
	other := &world{T: t, server: server, bot: account(t, server, "other"), room: w.room, front: w.front, people: map[string]*xmpptest.Person{}}
	other.channel = &tapped{Channel: other.open("nick: Other"), fates: map[string]fate{}}
	other.listen()
	if _, err := other.channel.Post(t.Context(), gateway.Outgoing{Conversation: gateway.Conversation{Chat: w.room.String()}, Key: "k-other/0", Text: "Parley: hello", Final: true}); err != nil {
		t.Fatal(err)
	}
	if m := l.next(); !m.Sender.Bot || !m.Mentioned || m.Sender.Name != "Other" {
		t.Errorf("another bot came as %+v", m)
	}
}

func files(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	l := w.listen()
	const address = "https://files.example/u/1/bon%20n%C2%B01.pdf"
	p := w.person("ann", false)
	if _, err := p.Say(t.Context(), w.bot, false, address, stanza.New(fileNS, "x").Add(stanza.New(fileNS, "url").Say(address))); err != nil {
		t.Fatal(err)
	}
	m := l.next()
	if m.Text != "" || len(m.Attachments) != 1 || m.Attachments[0].URL != address || m.Attachments[0].Name != "bon n°1.pdf" {
		t.Errorf("a file came as %+v", m)
	}
	if _, err := p.Say(t.Context(), w.bot, false, "look", stanza.New(fileNS, "x").Add(stanza.New(fileNS, "url").Say("file:///etc/passwd"))); err != nil {
		t.Fatal(err)
	}
	if m := l.next(); m.Text != "look" || len(m.Attachments) != 0 {
		t.Errorf("an address that is none came as %+v", m)
	}
}

// A person who corrects a question asks another one; who asks for a receipt gets it.
func correctionAndReceipt(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	l := w.listen()
	p := w.person("ann", false)
	id, err := p.Say(t.Context(), w.bot, false, "how lnog?", stanza.New(receiptsNS, "request"))
	if err != nil {
		t.Fatal(err)
	}
	first := l.next()
	if !await(func() bool { return p.Received(id) }) {
		t.Error("no receipt")
	}
	if _, err := p.Say(t.Context(), w.bot, false, "how long?", stanza.New(correctNS, "replace", "id", id)); err != nil {
		t.Fatal(err)
	}
	if m := l.next(); m.Text != "how long?" || m.ID == first.ID {
		t.Errorf("the correction came as %+v", m)
	}
}

func notThere(t *testing.T, server *testservice.XMPP) {
	w := newWorld(t, server)
	for text, want := range map[string]string{
		"url: ws://127.0.0.1:9/x":                                          "cannot be reached",
		"url: ws://" + server.Address() + "/nothing-here":                  "not as the WebSocket",
		"jid: " + w.bot.Local + "@elsewhere.example":                       "not responsible for the domain",
		"password: wrong":                                                  "does not accept the address or the password",
		"jid: nobody@" + testservice.XMPPDomain:                            "does not accept the address or the password",
		"jid: " + w.bot.String() + "\npassword: \"" + "tab\\tin it" + "\"": "cannot be used",
	} {
		ch, err := tryOpen(overlaid("jid: "+w.bot.String()+"\npassword: "+strings.ReplaceAll(password, " ", "-")+"\nurl: "+server.URL(), strings.Split(text, "\n")...))
		if err != nil {
			t.Fatal(err)
		}
		err = ch.Listen(t.Context(), func(context.Context, gateway.Message) error { return nil })
		if !strings.Contains(sentence(err), want) {
			t.Errorf("%s: %q (%v), want %q", text, sentence(err), err, want)
		}
	}
}
