// Package xmpptest has people on an XMPP server: for tests, measurements and the demo.
package xmpptest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/parley-im/parley/gateway/xmpp/mam"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/stream"
)

// Client is the name space of stanzas.
const Client = stream.Client

// Name spaces that people's clients use.
const (
	correctNS = "urn:xmpp:message-correct:0"
	replyNS   = "urn:xmpp:reply:0"
	idsNS     = "urn:xmpp:sid:0"
	mucNS     = "http://jabber.org/protocol/muc"
	mucUserNS = "http://jabber.org/protocol/muc#user"
	typingNS  = "http://jabber.org/protocol/chatstates"
)

// Post is a message as a person's client shows it: corrections are applied.
type Post struct {
	ID       string // the sender's
	Archived string // the room's, "" where there is none
	From     stanza.JID
	Group    bool
	ReplyTo  string
	Text     string
	Edits    int
	Final    bool // its sender does not write on
	At, Last time.Time
}

// Person is somebody who is logged in.
type Person struct {
	conn  *stream.Conn
	mam   mam.Reader
	stop  context.CancelFunc
	ended chan struct{}

	mu      sync.Mutex
	posts   []Post
	index   map[string]int // of posts, by sender and ID
	strange []string
	got     map[string]bool // receipts by ID
	answers chan string     // to a contact request
	entered map[stanza.JID]chan struct{}
	changed chan struct{}
}

// LogIn connects somebody.
func LogIn(ctx context.Context, url string, who stanza.JID, password string) (*Person, error) {
	p := &Person{ended: make(chan struct{}), index: map[string]int{}, entered: map[stanza.JID]chan struct{}{}, changed: make(chan struct{}), got: map[string]bool{}, answers: make(chan string, 10)}
	var err error
	if p.conn, err = stream.Dial(ctx, stream.Options{URL: url, JID: who, Password: password, Aside: func(n *stanza.Node) bool { return p.mam.Take(n) }}); err != nil {
		return nil, err
	}
	p.mam.Conn, p.mam.Own = p.conn, p.conn.JID().Bare()
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	go func() {
		defer close(p.ended)
		_ = p.conn.Run(run, p.take) // who speaks notices
	}()
	if err = p.appear(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *Person) appear(ctx context.Context) error {
	if _, err := p.conn.IQ(ctx, "get", stanza.JID{}, stanza.New("jabber:iq:roster", "query")); err != nil {
		return err
	}
	if err := p.conn.Send(stanza.New(Client, "presence")); err != nil {
		return err
	}
	return p.Settle(ctx)
}

// Close logs out.
func (p *Person) Close() {
	p.stop()
	<-p.ended
}

// JID is the full address.
func (p *Person) JID() stanza.JID { return p.conn.JID() }

// Over is closed when the connection broke.
func (p *Person) Over() <-chan struct{} { return p.conn.Over() }

// Enter joins a room and returns when the room says so.
func (p *Person) Enter(ctx context.Context, room stanza.JID, nick string) error {
	in := make(chan struct{})
	p.mu.Lock()
	p.entered[room.With(nick)] = in
	p.mu.Unlock()
	if err := p.conn.Send(stanza.New(Client, "presence", "to", room.With(nick).String()).Add(
		stanza.New(mucNS, "x").Add(stanza.New(mucNS, "history", "maxstanzas", "0")))); err != nil {
		return err
	}
	select {
	case <-in:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("enter %s: %w", room, context.Cause(ctx))
	}
}

// Say sends a text, to a person or to a room, and returns its ID when the server has it.
func (p *Person) Say(ctx context.Context, to stanza.JID, group bool, text string, more ...*stanza.Node) (id string, err error) {
	id = uuid.NewString()
	return id, p.SayAs(ctx, id, to, group, text, more...)
}

// SayAs is Say with an ID that is given: after an error the same may be tried again.
func (p *Person) SayAs(ctx context.Context, id string, to stanza.JID, group bool, text string, more ...*stanza.Node) error {
	kind := "chat"
	if group {
		kind = "groupchat"
	}
	n := stanza.New(Client, "message", "to", to.String(), "type", kind, "id", id)
	if text != "" {
		n.Add(stanza.New(Client, "body").Say(text), stanza.New(idsNS, "origin-id", "id", id))
	}
	return p.conn.SendSafely(ctx, n.Add(more...))
}

// Reply makes the element that names what is answered.
func Reply(to stanza.JID, id string) *stanza.Node {
	return stanza.New(replyNS, "reply", "to", to.String(), "id", id)
}

// Saw waits until somebody's message is shown.
func (p *Person) Saw(ctx context.Context, from stanza.JID, id string) error {
	for {
		p.mu.Lock()
		_, ok := p.index[from.String()+" "+id]
		changed := p.changed
		p.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-p.conn.Over():
			return errors.New("the connection broke")
		case <-ctx.Done():
			return fmt.Errorf("see message %s: %w", id, context.Cause(ctx))
		}
	}
}

// Archive is what a room (zero: the own account) keeps, as a client shows it that comes
// anew. Texts without a body are left out.
func (p *Person) Archive(ctx context.Context, of stanza.JID) ([]Post, error) {
	reader := &Person{index: map[string]int{}, changed: make(chan struct{})}
	q := mam.Request{}
	for {
		found, complete, err := p.mam.Query(ctx, of, q)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			from, err := stanza.ParseJID(x.Node.Attr("from"))
			if body := x.Node.Child(Client, "body"); err == nil && body != nil && x.Node.Attr("type") != "error" {
				reader.show(x.Node, from, body.Text)
			}
			q.After = x.ID
		}
		if complete || len(found) == 0 {
			return reader.posts, nil
		}
	}
}

// Settle returns when all that the server had for this person has come.
func (p *Person) Settle(ctx context.Context) error {
	_, err := p.conn.IQ(ctx, "get", stanza.JID{}, stanza.New("urn:xmpp:ping", "ping"))
	return err
}

// Ask sets something in a room, as its owner may.
func (p *Person) Ask(ctx context.Context, to stanza.JID, what *stanza.Node) error {
	_, err := p.conn.IQ(ctx, "set", to, what)
	return err
}

// Subscribe asks to see whether somebody is there, and returns the answer, "none" if
// there is none for ten seconds.
func (p *Person) Subscribe(ctx context.Context, to stanza.JID) string {
	ctx, done := context.WithTimeout(ctx, 10*time.Second)
	defer done()
	if err := p.conn.Send(stanza.New(Client, "presence", "type", "subscribe", "to", to.String())); err != nil {
		return err.Error()
	}
	select {
	case answer := <-p.answers:
		return answer
	case <-p.conn.Over():
		return "the connection broke"
	case <-ctx.Done():
		return "none"
	}
}

// Received reports whether a receipt for a message came.
func (p *Person) Received(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got[id]
}

// Posts lists what others said in a chat or room, oldest first.
func (p *Person) Posts(in stanza.JID) (list []Post) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.posts {
		if x.From.Bare() == in.Bare() {
			list = append(list, x)
		}
	}
	return list
}

// Strange lists what a person's client could make no sense of, such as a correction
// of something that was never said.
func (p *Person) Strange() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.strange...)
}

// Changed is closed when something more was said.
func (p *Person) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

func (p *Person) take(_ context.Context, n *stanza.Node) error {
	from, err := stanza.ParseJID(n.Attr("from"))
	if err != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch n.Name {
	case "presence":
		if kind := n.Attr("type"); kind == "subscribed" || kind == "unsubscribed" {
			p.answers <- kind // has room for all that are asked for
		}
		for _, s := range n.Child(mucUserNS, "x").All(mucUserNS, "status") {
			if in := p.entered[from]; s.Attr("code") == "110" && in != nil {
				delete(p.entered, from)
				close(in)
			}
		}
	case "iq":
		return p.conn.Reply(n, nil)
	case "message":
		if r := n.Child("urn:xmpp:receipts", "received"); r != nil {
			p.got[r.Attr("id")] = true
		}
		if body := n.Child(Client, "body"); body != nil && n.Attr("type") != "error" {
			p.show(n, from, body.Text)
			close(p.changed)
			p.changed = make(chan struct{})
		}
	}
	return nil
}

// show keeps a message or applies a correction. The caller holds the lock.
func (p *Person) show(n *stanza.Node, from stanza.JID, text string) {
	now := time.Now()
	final := n.Child(typingNS, "composing") == nil
	id := n.Attr("id")
	if r := n.Child(correctNS, "replace"); r != nil {
		i, ok := p.index[from.String()+" "+r.Attr("id")]
		if !ok {
			p.strange = append(p.strange, fmt.Sprintf("a correction of %s, which was not said", r.Attr("id")))
			return
		}
		x := &p.posts[i]
		x.Text, x.Final, x.Last = text, final, now
		x.Edits++
		return
	}
	p.index[from.String()+" "+id] = len(p.posts)
	archived := ""
	if s := n.Child(idsNS, "stanza-id"); s != nil && s.Attr("by") == from.Bare().String() {
		archived = s.Attr("id")
	}
	p.posts = append(p.posts, Post{
		ID: id, Archived: archived, From: from, Group: n.Attr("type") == "groupchat", Text: text, Final: final,
		ReplyTo: n.Child(replyNS, "reply").Attr("id"), At: now, Last: now,
	})
}
