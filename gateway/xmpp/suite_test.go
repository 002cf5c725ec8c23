package xmpp

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/xmpptest"
	"github.com/parley-im/parley/internal/bench/proxy"
	"github.com/parley-im/parley/internal/testservice"
)

const password = "correct horse 马"

// servers are the real ones that everything is run against.
var servers = map[string]func() (*testservice.XMPP, error){"prosody": testservice.StartProsody, "ejabberd": testservice.StartEjabberd}

// onEachServer runs f with a server of each kind.
func onEachServer(t *testing.T, f func(t *testing.T, server *testservice.XMPP)) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			server, err := start()
			if err != nil {
				testservice.Missing(t, err)
			}
			t.Cleanup(func() {
				if err := server.Close(); err != nil {
					t.Error(err)
				}
			})
			f(t, server)
		})
	}
}

func TestChannel(t *testing.T) {
	onEachServer(t, func(t *testing.T, server *testservice.XMPP) {
		channeltest.Run(t, func(t *testing.T) (gateway.Channel, channeltest.Far) {
			w := newWorld(t, server)
			w.person("one", false)
			return w.channel, w.far()
		})
	})
}

var accounts atomic.Int64

// world is a bot, the people who talk to it, and a room.
type world struct {
	*testing.T
	server  *testservice.XMPP
	channel *tapped
	front   *proxy.Proxy // between bot and server
	bot     stanza.JID
	room    stanza.JID
	frames  atomic.Int64

	mu      sync.Mutex
	people  map[string]*xmpptest.Person
	ratings []gateway.Rating
}

// account makes one of a new name.
func account(t *testing.T, server *testservice.XMPP, name string) stanza.JID {
	t.Helper()
	name = fmt.Sprintf("%s%d", name, accounts.Add(1))
	if err := server.Register(name, strings.ReplaceAll(password, " ", "-")); err != nil {
		t.Fatal(err)
	}
	return stanza.JID{Local: name, Domain: testservice.XMPPDomain}
}

func newWorld(t *testing.T, server *testservice.XMPP, more ...string) *world {
	t.Helper()
	w := &world{T: t, server: server, people: map[string]*xmpptest.Person{}, bot: account(t, server, "bot")}
	w.room = stanza.JID{Local: fmt.Sprintf("room%d", accounts.Add(1)), Domain: testservice.XMPPRooms}
	var err error
	if w.front, err = proxy.Listen(server.Address(), 1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.front.Close() })
	w.channel = &tapped{Channel: w.open(more...), fates: map[string]fate{}}
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, p := range w.people {
			p.Close()
		}
	})
	return w
}

// overlaid replaces lines of settings.
func overlaid(text string, more ...string) string {
	lines := map[string]string{}
	for line := range strings.SplitSeq(text+"\n"+strings.Join(more, "\n"), "\n") {
		if key, _, ok := strings.Cut(line, ": "); ok {
			lines[key] = line
		}
	}
	return strings.Join(slices.Sorted(maps.Values(lines)), "\n")
}

// open opens a channel of the bot.
func (w *world) open(more ...string) *Channel {
	w.Helper()
	text := overlaid(fmt.Sprintf("jid: %s\npassword: %q\nurl: ws://%s%s\nnick: Parley\nrooms: [%s]\nbots: [%s/robot]", w.bot,
		strings.ReplaceAll(password, " ", "-"), w.front.Address(), w.server.Path(), w.room, w.room), more...)
	ch, err := Open(gateway.Setup{
		Name: "xmpp", Log: slog.New(slog.DiscardHandler), Seen: func() { w.frames.Add(1) },
		Decode: func(into any) error { return yaml.Unmarshal([]byte(text), into) },
		Rate: func(_ context.Context, r gateway.Rating) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ratings = append(w.ratings, r)
			return nil
		},
	})
	if err != nil {
		w.Fatal(err)
	}
	return ch.(*Channel)
}

// person returns who goes by that name, logged in, and in the room if it is one of it.
func (w *world) person(name string, inRoom bool) *xmpptest.Person {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if p, ok := w.people[name]; ok {
		return p
	}
	p, err := xmpptest.LogIn(w.Context(), w.server.URL(), account(w.T, w.server, name), strings.ReplaceAll(password, " ", "-"))
	if err != nil {
		w.Fatal(err)
	}
	w.people[name] = p
	if inRoom {
		ctx, done := context.WithTimeout(w.Context(), 10*time.Second)
		defer done()
		if err := p.Enter(ctx, w.room, name); err != nil {
			w.Fatal(err)
		}
	}
	return p
}

// tapped is the channel with an ear at what becomes of each message.
type tapped struct {
	*Channel
	mu     sync.Mutex
	begun  bool
	heard  gateway.Deliver // nil while nobody listens
	fates  map[string]fate // by the sender's ID
	posted []gateway.Outgoing
}

type fate struct {
	id    string // in the channel
	err   error
	tries int
}

func (t *tapped) Listen(ctx context.Context, deliver gateway.Deliver) error {
	tap := func(ctx context.Context, m gateway.Message) error {
		err := deliver(ctx, m)
		t.mu.Lock()
		defer t.mu.Unlock()
		key := strings.Split(m.ID, "|")[1]
		t.fates[key] = fate{m.ID, err, t.fates[key].tries + 1}
		return err
	}
	t.mu.Lock()
	t.begun, t.heard = true, tap
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.heard = nil
	}()
	return t.Channel.Listen(ctx, tap)
}

// Post and Edit note what went well: people see it a moment later.
func (t *tapped) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	id, err := t.Channel.Post(ctx, out)
	t.note(out, err)
	return id, err
}

func (t *tapped) Edit(ctx context.Context, id string, out gateway.Outgoing) error {
	err := t.Channel.Edit(ctx, id, out)
	t.note(out, err)
	return err
}

func (t *tapped) note(out gateway.Outgoing, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.posted = append(t.posted, out)
	}
}

// arrived reports whether somebody sees all that was posted to them.
func (t *tapped) arrived(chat stanza.JID, posts []xmpptest.Post) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	texts := map[string]string{}
	for _, x := range posts {
		texts[x.ID] = x.Text
	}
	last := map[string]string{}
	for _, out := range t.posted {
		if out.Conversation.Chat == chat.Bare().String() {
			last[out.Key] = out.Text
		}
	}
	for key, text := range last {
		if texts[key] != text {
			return false
		}
	}
	return true
}

func (t *tapped) fate(key string) (f fate, listening, begun bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fates[key], t.heard != nil, t.begun
}

// replied finds the channel's ID of a message by what a reply names it.
func (t *tapped) replied(part string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, _ := t.current()
	for _, f := range t.fates {
		a := strings.Split(f.id, "|")
		if part != "" && (a[0] == part || a[1] == part || s != nil && s.archivedAs(f.id) == part) {
			return f.id
		}
	}
	return part
}

// await waits until cond holds, or the deadline of the suite.
func await(cond func() bool) bool {
	for end := time.Now().Add(8 * time.Second); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

func (w *world) say(t *testing.T, s channeltest.Said) (id string, acknowledged bool) {
	t.Helper()
	group := s.Chat == channeltest.Group
	name := s.Chat
	if s.Bot {
		name = "robot"
	}
	p := w.person(name, group)
	to, text := w.bot, s.Text
	var more []*stanza.Node
	if group {
		to = w.room
		if s.Mention {
			text = "Parley: " + text
		}
	}
	if s.ReplyTo != "" {
		more = append(more, xmpptest.Reply(w.room.With("Parley"), s.ReplyTo))
	}
	connected := func() bool { _, err := w.channel.current(); return err == nil }
	await(func() bool {
		_, listening, begun := w.channel.fate("")
		return begun && !listening || connected()
	})
	id, err := p.Say(t.Context(), to, group, text, more...)
	if err != nil {
		t.Fatal(err)
	}
	await(func() bool {
		f, listening, _ := w.channel.fate(id)
		return f.tries > 0 || !listening
	})
	f, _, _ := w.channel.fate(id)
	return id, f.tries > 0 && f.err == nil
}

// redeliver reads the archives again, as after a crash before the position was kept.
func (w *world) redeliver(t *testing.T, id string) bool {
	t.Helper()
	w.channel.mu.Lock()
	deliver := w.channel.heard
	w.channel.mu.Unlock()
	if deliver == nil {
		return false
	}
	given := false
	_, err := w.channel.Since(t.Context(), "", func(ctx context.Context, m gateway.Message) error {
		if strings.Split(m.ID, "|")[1] != id {
			return nil
		}
		given = true
		return deliver(ctx, m)
	})
	return given && err == nil
}

func (w *world) shown(t *testing.T, chat, _ string) (list []channeltest.Shown) {
	t.Helper()
	group := chat == channeltest.Group
	p := w.person(chat, group)
	in, conversation := w.bot, p.JID()
	if group {
		in, conversation = w.room, w.room
	}
	await(func() bool { return w.channel.arrived(conversation, p.Posts(in)) })
	if err := p.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, x := range p.Posts(in) {
		if group && x.From.Resource != "Parley" {
			continue
		}
		id := x.ID
		if group {
			id = x.Archived
		}
		list = append(list, channeltest.Shown{ID: id, Key: x.ID, InReplyTo: w.channel.replied(x.ReplyTo), Text: x.Text, Edited: x.Edits > 0})
	}
	return list
}

func (w *world) far() channeltest.Far {
	return channeltest.Far{
		Say: w.say, Redeliver: w.redeliver, Shown: w.shown, Groups: true, Bots: true,
		Cut: func(*testing.T) { w.front.Some(1, (*proxy.Conn).Cut) },
		Rate: func(t *testing.T, chat, post string, value int) {
			t.Helper()
			r := stanza.New(reactionsNS, "reactions", "id", post)
			if thumb := map[int]string{1: "👍🏽", -1: "👎"}[value]; thumb != "" {
				r.Add(stanza.New(reactionsNS, "reaction").Say(thumb))
			}
			if _, err := w.person(chat, false).Say(t.Context(), w.bot, false, "", r); err != nil {
				t.Fatal(err)
			}
		},
		Ratings: func() []gateway.Rating {
			w.mu.Lock()
			defer w.mu.Unlock()
			return append([]gateway.Rating(nil), w.ratings...)
		},
		Seen: func() int { return int(w.frames.Load()) },
	}
}
