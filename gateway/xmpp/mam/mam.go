// Package mam reads archives of messages (XEP-0313): of the own account, or of a room.
//
// The messages of an answer come before the answer itself and beside all else, so the
// connection has to show each stanza to Reader.Take as it comes (stream.Options.Aside).
package mam

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
)

// NS is what an archive's owner names among its features.
const NS = "urn:xmpp:mam:2"

const (
	client    = "jabber:client"
	rsmNS     = "http://jabber.org/protocol/rsm"
	formNS    = "jabber:x:data"
	forwardNS = "urn:xmpp:forward:0"
	delayNS   = "urn:xmpp:delay"
	page      = 50 // messages of one answer
)

// Asker asks over a connection, as stream.Conn does.
type Asker interface {
	IQ(ctx context.Context, kind string, to stanza.JID, what *stanza.Node) (*stanza.Node, error)
}

// Reader asks for the archives that Own may read.
type Reader struct {
	Conn Asker
	Own  stanza.JID // bare

	mu    sync.Mutex
	count int
	open  map[string]*query
}

// query is one that has no answer yet.
type query struct {
	archive stanza.JID
	found   []Message
}

// Message is one of an archive.
type Message struct {
	ID   string    // the archive's
	At   time.Time // zero if the archive does not tell
	Node *stanza.Node
}

// Stamped is the message with the time at which it was said.
func (m Message) Stamped() *stanza.Node {
	n := *m.Node
	if n.Child(delayNS, "delay") == nil && !m.At.IsZero() {
		n.Nodes = append(append([]*stanza.Node(nil), n.Nodes...), stanza.New(delayNS, "delay", "stamp", m.At.Format(time.RFC3339Nano)))
	}
	return &n
}

// Request is what is asked of an archive.
type Request struct {
	After, Before string    // a message's ID
	Start         time.Time // if there is no After
	With          string    // a person's address; "": all
	Backwards     bool      // the last ones before Before, or of all
}

func (r Request) form(id string) *stanza.Node {
	field := func(name, value string) *stanza.Node {
		return stanza.New(formNS, "field", "var", name).Add(stanza.New(formNS, "value").Say(value))
	}
	form := stanza.New(formNS, "x", "type", "submit").Add(stanza.New(formNS, "field", "var", "FORM_TYPE", "type", "hidden").Add(stanza.New(formNS, "value").Say(NS)))
	set := stanza.New(rsmNS, "set").Add(stanza.New(rsmNS, "max").Say(strconv.Itoa(page)))
	if r.After != "" {
		set.Add(stanza.New(rsmNS, "after").Say(r.After))
	} else if !r.Start.IsZero() {
		form.Add(field("start", r.Start.UTC().Format("2006-01-02T15:04:05.000Z")))
	}
	if r.With != "" {
		form.Add(field("with", r.With))
	}
	if r.Backwards {
		set.Add(stanza.New(rsmNS, "before").Say(r.Before))
	}
	return stanza.New(NS, "query", "queryid", id).Add(form, set)
}

// Query asks an archive (zero: the own one) for a page, oldest first. complete: there is
// nothing further in that direction.
func (r *Reader) Query(ctx context.Context, archive stanza.JID, q Request) (found []Message, complete bool, err error) {
	r.mu.Lock()
	if r.open == nil {
		r.open = map[string]*query{}
	}
	r.count++
	id := "m" + strconv.Itoa(r.count)
	open := &query{archive: archive}
	r.open[id] = open
	r.mu.Unlock()
	n, err := r.Conn.IQ(ctx, "set", archive, q.form(id))
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, id)
	if err != nil {
		return nil, false, err
	}
	return open.found, n.Child(NS, "fin").Attr("complete") == "true", nil
}

// Take keeps n and reports true if it is a message of an archive. What somebody else
// sends in that form is dropped: only the archive that was asked is believed.
func (r *Reader) Take(n *stanza.Node) bool {
	result := n.Child(NS, "result")
	if result == nil || n.Name != "message" {
		return false
	}
	from, err := stanza.ParseJID(n.Attr("from"))
	r.mu.Lock()
	defer r.mu.Unlock()
	q, ok := r.open[result.Attr("queryid")]
	if !ok || q.archive.IsZero() && n.Attr("from") != "" && from != r.Own || !q.archive.IsZero() && (err != nil || from != q.archive) {
		return true
	}
	f := result.Child(forwardNS, "forwarded")
	if m := f.Child(client, "message"); m != nil && result.Attr("id") != "" && len(q.found) < 2*page {
		at, _ := time.Parse(time.RFC3339Nano, f.Child(delayNS, "delay").Attr("stamp")) // zero if it cannot be read
		q.found = append(q.found, Message{result.Attr("id"), at, m})
	}
	return true
}
