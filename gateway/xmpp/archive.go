package xmpp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/gateway/xmpp/mam"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/stream"
	"github.com/parley-im/parley/internal/fault"
)

const (
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
	from := adapter.Position[cursor](text, c.log)
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
		s.rooms[r.jid].mam = s.features(ctx, r.jid)[mam.NS]
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
		found, complete, err := s.mam.Query(ctx, archive, mam.Request{After: m.ID, Start: m.Time})
		if e, ok := errors.AsType[*stream.StanzaError](err); ok && e.Condition == "item-not-found" && m.ID != "" {
			m.ID = "" // the archive has forgotten it
			continue
		}
		if err != nil {
			return m, err
		}
		for _, x := range found {
			from, err := stanza.ParseJID(x.Node.Attr("from"))
			if err == nil {
				if err := s.deliver(ctx, x.Stamped(), from, x.ID, deliver); err != nil {
					return m, err
				}
			}
			m.ID = x.ID
			if !x.At.IsZero() {
				m.Time = x.At.UTC()
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
	r := mam.Request{With: chat.String(), Start: time.Now().Add(-findBack), Backwards: true}
	group := s.isRoom(chat)
	if group {
		archive, r.With = chat, ""
	}
	for range findPages {
		found, complete, err := s.mam.Query(ctx, archive, r)
		if err != nil {
			return "", fmt.Errorf("look for a post: %w", err)
		}
		for _, x := range found {
			if x.Node.Attr("id") == key {
				if group {
					return x.ID, nil
				}
				return key, nil
			}
		}
		if complete || len(found) == 0 {
			return "", nil
		}
		r.Before = found[0].ID
	}
	return "", nil
}
