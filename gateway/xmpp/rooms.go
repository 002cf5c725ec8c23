package xmpp

import (
	"context"
	"errors"
	"time"

	"github.com/parley-im/parley/gateway/xmpp/mam"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/stream"
	"github.com/parley-im/parley/internal/fault"
)

const (
	roomsEvery  = 30 * time.Second // how often it is looked whether the bot is still in its rooms
	joinTimeout = 10 * time.Second
	mostNicks   = 5 // names that are tried if the first ones are taken
)

// presence is the bot in a room.
type presence struct {
	room   room
	nick   string
	joined bool
	denied error // why it may not be there
	mam    bool  // the room has an archive
	answer chan error
}

func (s *session) isRoom(j stanza.JID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[j] != nil
}

func (s *session) nickIn(room stanza.JID) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rooms[room]; r != nil {
		return r.nick
	}
	return ""
}

// hasArchive tells whether what was said there can be read again.
func (s *session) hasArchive(from stanza.JID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rooms[from.Bare()]; r != nil && r.mam {
		return true
	}
	return s.rooms[from.Bare()] == nil && s.archive
}

// join enters all rooms that the bot is not in. One that does not let it in is named
// in the log; the others go on.
func (s *session) join(ctx context.Context) {
	for _, r := range s.set.Rooms {
		p := s.rooms[r.jid]
		s.mu.Lock()
		joined := p.joined
		s.mu.Unlock()
		if joined {
			continue
		}
		if err := s.enter(ctx, p); err != nil {
			_, sentence := fault.Public(err)
			s.log.Warn("cannot join a room", "room", r.jid.String(), "reason", sentence, "err", err)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// enter joins one room, under another name if the first is taken.
func (s *session) enter(ctx context.Context, p *presence) (err error) {
	for n := range mostNicks {
		answer := make(chan error, 1)
		s.mu.Lock()
		p.answer = answer
		if n > 0 {
			p.nick += "_"
		} else {
			p.nick = s.set.Nick
		}
		to := p.room.jid.With(p.nick)
		s.mu.Unlock()
		x := stanza.New(mucNS, "x").Add(stanza.New(mucNS, "history", "maxstanzas", "0"))
		if p.room.Password != "" {
			x.Add(stanza.New(mucNS, "password").Say(p.room.Password))
		}
		if err := s.conn.Send(presenceOf(to).Add(x)); err != nil {
			return err
		}
		if err = s.entered(ctx, p, answer); !errors.Is(err, fault.Conflict) {
			break
		}
	}
	has := map[string]bool{}
	if err == nil {
		has = s.features(ctx, p.room.jid) // only now: a room may be made by entering it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.denied, p.mam = nil, has[mam.NS]
	if errors.Is(err, fault.Denied) || errors.Is(err, fault.NotFound) {
		p.denied = err
	}
	return err
}

func (s *session) entered(ctx context.Context, p *presence, answer <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	select {
	case err := <-answer:
		return refusal(p, err)
	case <-s.conn.Over():
		return errors.New("the connection broke")
	case <-ctx.Done():
		return fault.Say(fault.Unavailable, "xmpp_room_silent", "The room %s does not answer.", p.room.jid).Because(context.Cause(ctx))
	}
}

// refusal says why a room did not let the bot in (XEP-0045, section 7.2).
func refusal(p *presence, err error) error {
	e, ok := errors.AsType[*stream.StanzaError](err)
	if !ok {
		return err
	}
	say := func(kind error, code, text string) error {
		return fault.Say(kind, code, text, p.room.jid).Because(e)
	}
	switch e.Condition {
	case "conflict":
		return say(fault.Conflict, "xmpp_room_nick", "Somebody in the room %s has the bot's name.")
	case "not-authorized":
		return say(fault.Denied, "xmpp_room_password", "The room %s wants a password, or another one.")
	case "forbidden":
		return say(fault.Denied, "xmpp_room_banned", "The bot is banned from the room %s.")
	case "registration-required":
		return say(fault.Denied, "xmpp_room_members", "The room %s is for members only; make the bot's account a member.")
	case "item-not-found", "remote-server-not-found", "gone", "not-allowed":
		return say(fault.NotFound, "xmpp_room_unknown", "There is no room %s, and the bot may not make it.")
	case "service-unavailable":
		return say(fault.Unavailable, "xmpp_room_full", "The room %s is full or not available.")
	}
	return say(fault.Unavailable, "xmpp_room", "The room %s did not let the bot in.")
}

// roomPresence notes whether the bot is in a room.
func (s *session) roomPresence(p *presence, n *stanza.Node, from stanza.JID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	self := from.Resource == p.nick
	var renamed string
	user := n.Child(mucUserNS, "x")
	for _, st := range user.All(mucUserNS, "status") {
		switch st.Attr("code") {
		case "110":
			self = true
		case "303":
			renamed = user.Child(mucUserNS, "item").Attr("nick")
		}
	}
	switch kind := n.Attr("type"); {
	case kind == "error":
		p.tell(stream.ErrorOf(n))
	case !self:
	case kind == "":
		p.joined, p.denied, p.nick = true, nil, from.Resource // the room may have changed the name
		p.tell(nil)
	case renamed != "":
		p.nick = renamed
	default:
		p.joined = false
		s.log.Warn("no longer in a room", "room", p.room.jid.String())
	}
}

// tell answers who waits for the room. The caller holds the session's lock.
func (p *presence) tell(err error) {
	if p.answer != nil {
		p.answer <- err // has room for one
		p.answer = nil
	}
}

// check asks each room whether the bot is still in it (XEP-0410), and goes back.
func (s *session) check(ctx context.Context) {
	for _, r := range s.set.Rooms {
		s.mu.Lock()
		p := s.rooms[r.jid]
		joined, me := p.joined, r.jid.With(p.nick)
		s.mu.Unlock()
		if !joined {
			continue
		}
		_, err := s.conn.IQ(ctx, "get", me, stanza.New(pingNS, "ping"))
		if e, ok := errors.AsType[*stream.StanzaError](err); ok && (e.Condition == "not-acceptable" || e.Condition == "item-not-found") {
			s.mu.Lock()
			p.joined = false
			s.mu.Unlock()
		}
	}
	s.join(ctx)
}
