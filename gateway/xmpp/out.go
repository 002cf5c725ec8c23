package xmpp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/internal/fault"
)

const echoTimeout = 10 * time.Second // a room shows a message again within this

// echo is how a post to a room came back.
type echo struct {
	id  string // of the room's archive, "" if it has none
	err error
}

// Post sends out as one message whose ID is the key. To a person it is done when the
// server has acknowledged it, in a room when the room shows it.
func (c *Channel) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	s, err := c.current()
	if err != nil {
		return "", err
	}
	to, group, err := s.target(out.Conversation)
	if err != nil {
		return "", err
	}
	n := s.text(to, group, out.Key, out)
	if !group {
		if err := s.conn.SendSafely(ctx, n); err != nil {
			return "", fmt.Errorf("post: %w", err)
		}
		return out.Key, nil
	}
	return s.postToRoom(ctx, n, out.Key)
}

// postToRoom sends n and waits until it comes back.
func (s *session) postToRoom(ctx context.Context, n *stanza.Node, key string) (string, error) {
	back := make(chan echo, 1)
	s.mu.Lock()
	s.echoes[key] = back
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.echoes, key)
		s.mu.Unlock()
	}()
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("post: %w: %w", fault.Unavailable, err)
	}
	if err := s.conn.Send(n); err != nil {
		return "", fmt.Errorf("post: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, echoTimeout)
	defer cancel()
	select {
	case e := <-back:
		if e.err != nil {
			return "", fmt.Errorf("post: %w", e.err)
		}
		if e.id == "" {
			e.id = key
		}
		return e.id, nil
	case <-s.conn.Over():
		return "", fmt.Errorf("post: the connection broke: %w", fault.Unavailable)
	case <-ctx.Done():
		return "", fmt.Errorf("post: the room did not show it: %w: %w", fault.Unavailable, context.Cause(ctx))
	}
}

// echoed reports whether n is a post of ours that a room shows, and tells who waits.
func (s *session) echoed(n *stanza.Node, from stanza.JID) bool {
	if n.Attr("type") != "groupchat" || from.Resource == "" || from.Resource != s.nickIn(from.Bare()) {
		return false
	}
	s.resolve(n.Attr("id"), echo{id: s.archived(n, from)})
	return true
}

func (s *session) resolve(key string, e echo) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	back, ok := s.echoes[key]
	if ok {
		delete(s.echoes, key)
		back <- e // has room for one
	}
	return ok
}

// Edit corrects what was posted under the same key.
func (c *Channel) Edit(ctx context.Context, _ string, out gateway.Outgoing) error {
	s, err := c.current()
	if err != nil {
		return err
	}
	to, group, err := s.target(out.Conversation)
	if err != nil {
		return err
	}
	n := s.text(to, group, fmt.Sprintf("%s~%x", out.Key, time.Now().UnixNano()), out)
	n.Add(stanza.New(correctNS, "replace", "id", out.Key))
	if err := s.conn.SendSafely(ctx, n); err != nil {
		return fmt.Errorf("correct: %w", err)
	}
	return nil
}

// Typing shows that the bot is writing.
func (c *Channel) Typing(_ context.Context, conv gateway.Conversation) error {
	if !c.set.Typing {
		return nil
	}
	s, err := c.current()
	if err != nil {
		return err
	}
	to, group, err := s.target(conv)
	if err != nil {
		return err
	}
	return s.conn.Send(stanza.New(client, "message", "to", to.String(), "type", kindOf(group)).Add(
		stanza.New(typingNS, "composing"), stanza.New(hintsNS, "no-store")))
}

// text makes a message.
func (s *session) text(to stanza.JID, group bool, id string, out gateway.Outgoing) *stanza.Node {
	state := "composing"
	if out.Final {
		state = "active"
	}
	n := stanza.New(client, "message", "to", to.String(), "type", kindOf(group), "id", id).Add(
		stanza.New(client, "body").Say(out.Text), stanza.New(idsNS, "origin-id", "id", id),
		stanza.New(typingNS, state), stanza.New(hintsNS, "store"))
	return n.Add(s.reply(to, group, out.InReplyTo))
}

// reply names what is answered as people's clients know it: in rooms by the room's ID,
// else by the sender's (XEP-0461, section 3.1).
func (s *session) reply(to stanza.JID, group bool, id string) *stanza.Node {
	archived, rest, found := strings.Cut(id, "|")
	sent, from, _ := strings.Cut(rest, "|")
	if group {
		if archived == "" {
			archived = s.archivedAs(id)
		}
		if archived != "" {
			sent = archived
		}
	}
	if !found || sent == "" {
		return nil
	}
	if from == "" && !group {
		from = to.String()
	}
	return stanza.New(replyNS, "reply", "to", from, "id", sent)
}

const mostNames = 10_000 // messages in rooms whose ID in the archive is kept in memory

// remember keeps the archive's ID of a message in a room.
func (s *session) remember(id, archived string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.names) >= mostNames {
		clear(s.names) // an answer to an older one is shown all the same
	}
	s.names[id] = archived
}

func (s *session) archivedAs(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[id]
}

func kindOf(group bool) string {
	if group {
		return "groupchat"
	}
	return "chat"
}

// target reads where a conversation is. A room that the bot is not in takes nothing.
func (s *session) target(c gateway.Conversation) (to stanza.JID, group bool, err error) {
	if to, err = stanza.ParseJID(c.Chat); err != nil {
		return to, false, fmt.Errorf("post to %q, which %w: %w", c.Chat, err, fault.NotFound)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, known := s.rooms[to.Bare()]
	switch {
	case !known:
		return to, false, nil
	case !r.joined && r.denied != nil:
		return to, true, r.denied
	case !r.joined:
		return to, true, fmt.Errorf("not in the room %s: %w", to.Bare(), fault.Unavailable)
	}
	return to, to.Resource == "", nil
}
