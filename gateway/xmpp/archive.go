package xmpp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/stream"
	"github.com/parley-im/parley/internal/fault"
)

const (
	page      = 50               // messages of one answer of an archive
	lookBack  = 15 * time.Minute // how far an archive is read that was never read
	findBack  = 24 * time.Hour   // how old a post may be that is looked for
	findPages = 40
)

// cursor is how far archives were read: by room, and the account's own under "".
type cursor map[string]mark

type mark struct {
	ID   string    `json:"id,omitempty"` // of the last message read
	Time time.Time `json:"time"`         // from here if there is no ID, or if the archive forgot it
}

// Since reads what was said in the account's archive and in those of the rooms. While
// nobody listens it logs in for it, without being seen.
func (c *Channel) Since(ctx context.Context, text string, deliver gateway.Deliver) (next string, err error) {
	from := cursor{}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &from); err != nil {
			c.log.Warn("the position in the archive cannot be read, it is made anew", "err", err)
			from = cursor{}
		}
	}
	s, err := c.current()
	if err != nil {
		var leave func()
		if s, leave, err = c.visit(ctx); err != nil {
			return "", err
		}
		defer leave()
	}
	read, err := s.sweep(ctx, from, deliver)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.last = read
	c.mu.Unlock()
	data, err := json.Marshal(read)
	return string(data), err
}

// visit logs in to ask only. leave ends it.
func (c *Channel) visit(ctx context.Context) (s *session, leave func(), err error) {
	if s, err = c.connect(ctx, ""); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.conn.Run(ctx, func(context.Context, *stanza.Node) error { return nil }) // who asks is told
	}()
	s.look(ctx)
	for _, r := range c.set.Rooms {
		s.rooms[r.jid].mam = s.features(ctx, r.jid)[mamNS]
	}
	return s, func() { cancel(); <-ended }, nil
}

// sweep delivers what the archives have behind a cursor, and returns the next one.
func (s *session) sweep(ctx context.Context, from cursor, deliver gateway.Deliver) (cursor, error) {
	next := cursor{}
	archives := []stanza.JID{{}}
	s.mu.Lock()
	own := s.archive
	for _, r := range s.set.Rooms {
		if s.rooms[r.jid].mam {
			archives = append(archives, r.jid)
		}
	}
	s.mu.Unlock()
	for _, a := range archives {
		m, known := from[a.String()]
		if !known {
			m = mark{Time: time.Now().Add(-lookBack).UTC()}
		}
		if !a.IsZero() || own {
			var err error
			if m, err = s.readOn(ctx, a, m, deliver); err != nil {
				e, ok := errors.AsType[*stream.StanzaError](err)
				if !ok || a.IsZero() {
					return nil, fmt.Errorf("read the archive: %w", err)
				}
				// a room that does not let us read is no reason to miss the others
				s.log.Warn("cannot read the archive of a room", "room", a.String(), "err", e)
			}
		}
		next[a.String()] = m
	}
	return next, nil
}

// readOn delivers what one archive has behind a mark.
func (s *session) readOn(ctx context.Context, archive stanza.JID, m mark, deliver gateway.Deliver) (mark, error) {
	for {
		found, complete, err := s.query(ctx, archive, request{after: m.ID, start: m.Time})
		if e, ok := errors.AsType[*stream.StanzaError](err); ok && e.Condition == "item-not-found" && m.ID != "" {
			m.ID = "" // the archive has forgotten it
			continue
		}
		if err != nil {
			return m, err
		}
		for _, x := range found {
			from, err := stanza.ParseJID(x.message.Attr("from"))
			if err == nil {
				if err := s.deliver(ctx, x.stamped(), from, x.id, deliver); err != nil {
					return m, err
				}
			}
			m.ID = x.id
			if !x.at.IsZero() {
				m.Time = x.at.UTC()
			}
		}
		if complete || len(found) == 0 {
			return m, nil
		}
	}
}

// Find looks into the archive for a message with the ID key.
func (c *Channel) Find(ctx context.Context, conv gateway.Conversation, key string) (string, error) {
	s, err := c.current()
	if err != nil {
		return "", err
	}
	chat, err := stanza.ParseJID(conv.Chat)
	if err != nil {
		return "", fmt.Errorf("look for a post in %q, which %w: %w", conv.Chat, err, fault.NotFound)
	}
	if !s.hasArchive(chat) {
		return "", nil
	}
	var archive stanza.JID
	r := request{with: chat.String(), start: time.Now().Add(-findBack), backwards: true}
	group := s.isRoom(chat)
	if group {
		archive, r.with = chat, ""
	}
	for range findPages {
		found, complete, err := s.query(ctx, archive, r)
		if err != nil {
			return "", fmt.Errorf("look for a post: %w", err)
		}
		for _, x := range found {
			if x.message.Attr("id") == key {
				if group {
					return x.id, nil
				}
				return key, nil
			}
		}
		if complete || len(found) == 0 {
			return "", nil
		}
		r.before = found[0].id
	}
	return "", nil
}

// request is what is asked of an archive.
type request struct {
	after, before string // a message's ID
	start         time.Time
	with          string // a person
	backwards     bool   // from the newest on
}

func (r request) form(id string) *stanza.Node {
	field := func(name, value string) *stanza.Node {
		return stanza.New(formNS, "field", "var", name).Add(stanza.New(formNS, "value").Say(value))
	}
	form := stanza.New(formNS, "x", "type", "submit").Add(stanza.New(formNS, "field", "var", "FORM_TYPE", "type", "hidden").Add(stanza.New(formNS, "value").Say(mamNS)))
	set := stanza.New(rsmNS, "set").Add(stanza.New(rsmNS, "max").Say(strconv.Itoa(page)))
	if r.after != "" {
		set.Add(stanza.New(rsmNS, "after").Say(r.after))
	} else {
		form.Add(field("start", r.start.UTC().Format("2006-01-02T15:04:05.000Z")))
	}
	if r.with != "" {
		form.Add(field("with", r.with))
	}
	if r.backwards {
		set.Add(stanza.New(rsmNS, "before").Say(r.before))
	}
	return stanza.New(mamNS, "query", "queryid", id).Add(form, set)
}

// kept is one message of an archive.
type kept struct {
	id      string
	at      time.Time
	message *stanza.Node
}

// stamped is the message with the time at which it was said.
func (k kept) stamped() *stanza.Node {
	n := *k.message
	if n.Child(delayNS, "delay") == nil && !k.at.IsZero() {
		n.Nodes = append(append([]*stanza.Node(nil), n.Nodes...), stanza.New(delayNS, "delay", "stamp", k.at.Format(time.RFC3339Nano)))
	}
	return &n
}

// query asks an archive for a page, oldest first. complete: there is nothing further
// in that direction.
func (s *session) query(ctx context.Context, archive stanza.JID, r request) (found []kept, complete bool, err error) {
	s.mu.Lock()
	s.queries++
	id := fmt.Sprintf("m%d", s.queries)
	q := &query{archive: archive}
	s.open[id] = q
	s.mu.Unlock()
	n, err := s.conn.IQ(ctx, "set", archive, r.form(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
	if err != nil {
		return nil, false, err
	}
	return q.found, n.Child(mamNS, "fin").Attr("complete") == "true", nil
}

// query is one that has no answer yet.
type query struct {
	archive stanza.JID
	found   []kept
}

// ofArchive takes the messages of an archive out of the stream before its answer comes.
// What somebody else sends in that form is not believed.
func (s *session) ofArchive(n *stanza.Node) bool {
	result := n.Child(mamNS, "result")
	if result == nil || n.Name != "message" {
		return false
	}
	from, err := stanza.ParseJID(n.Attr("from"))
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.open[result.Attr("queryid")]
	if !ok || q.archive.IsZero() && n.Attr("from") != "" && from != s.set.jid || !q.archive.IsZero() && (err != nil || from != q.archive) {
		return true
	}
	f := result.Child(forwardNS, "forwarded")
	if m := f.Child(client, "message"); m != nil && result.Attr("id") != "" && len(q.found) < 2*page {
		q.found = append(q.found, kept{result.Attr("id"), stampOf(f), m})
	}
	return true
}

// stampOf is when it was said, zero if it is not told.
func stampOf(n *stanza.Node) time.Time {
	t, err := time.Parse(time.RFC3339Nano, n.Child(delayNS, "delay").Attr("stamp"))
	if err != nil {
		return time.Time{}
	}
	return t
}
