package xmpp

import (
	"context"
	"errors"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/stream"
	"github.com/parley-im/parley/internal/fault"
)

// aside deals at once with all that needs no Gateway: it must not wait behind a message
// that cannot be stored at the moment. Whether sending worked the reader notices.
func (s *session) aside(n *stanza.Node) bool {
	from, err := stanza.ParseJID(n.Attr("from"))
	if err != nil {
		from = s.set.jid // the server leaves it out when it speaks for the account
	}
	switch {
	case n.Name == "presence":
		s.appeared(n, from)
		return true
	case n.Name == "iq":
		s.asked(n)
		return true
	case n.Attr("type") == "error":
		s.bounced(n)
		return true
	}
	return s.mam.Take(n) || s.echoed(n, from)
}

// asked answers a request.
func (s *session) asked(n *stanza.Node) {
	switch {
	case n.Attr("type") == "get" && n.Child(discoNS, "query") != nil:
		_ = s.conn.Reply(n, describe(n))
	case n.Attr("type") == "get" && n.Child(pingNS, "ping") != nil,
		n.Attr("type") == "set" && n.Child(rosterNS, "query") != nil: // the server tells of a contact
		_ = s.conn.Reply(n, nil)
	default:
		_ = s.conn.Send(stanza.New(client, "iq", "type", "error", "id", n.Attr("id"), "to", n.Attr("from")).Add(
			stanza.New(client, "error", "type", "cancel").Add(stanza.New("urn:ietf:params:xml:ns:xmpp-stanzas", "service-unavailable"))))
	}
}

// appeared notes who is there, and answers contact requests.
func (s *session) appeared(n *stanza.Node, from stanza.JID) {
	s.mu.Lock()
	room, inRoom := s.rooms[from.Bare()]
	switch n.Attr("type") {
	case "":
		s.parleys[from] = n.Child(capsNS, "c").Attr("node") == software
	case "unavailable":
		delete(s.parleys, from)
	}
	s.mu.Unlock()
	if inRoom {
		s.roomPresence(room, n, from)
		return
	}
	if n.Attr("type") != "subscribe" {
		return
	}
	answer := "unsubscribed"
	if p := s.set.Subscriptions; p == everybody || p == sameDomain && from.Domain == s.set.jid.Domain {
		answer = "subscribed"
	}
	_ = s.conn.Send(stanza.New(client, "presence", "type", answer, "to", from.Bare().String()))
}

// heard deals with a message that comes live.
func (s *session) heard(ctx context.Context, n *stanza.Node, deliver gateway.Deliver) error {
	from, err := stanza.ParseJID(n.Attr("from"))
	if err != nil {
		from = s.set.jid
	}
	archived := s.archived(n, from)
	late := n.Child(delayNS, "delay") != nil
	if late && archived == "" && s.hasArchive(from) {
		return nil // kept for us while we were away: it is in the archive too, where it has its ID
	}
	if err := s.deliver(ctx, n, from, archived, deliver); err != nil {
		return err
	}
	if id := n.Attr("id"); id != "" && n.Child(receiptsNS, "request") != nil && n.Attr("type") != "groupchat" {
		return s.conn.Send(stanza.New(client, "message", "to", from.String(), "type", "chat").Add(
			stanza.New(receiptsNS, "received", "id", id), stanza.New(hintsNS, "store")))
	}
	return nil
}

// deliver hands a message or a reaction on, unless it is our own or says nothing.
func (s *session) deliver(ctx context.Context, n *stanza.Node, from stanza.JID, archived string, deliver gateway.Deliver) error {
	if r := n.Child(reactionsNS, "reactions"); r != nil {
		return s.reacted(ctx, n, from, r)
	}
	m, ok := s.message(n, from, archived)
	if !ok {
		return nil
	}
	return deliver(ctx, m)
}

// message reads what somebody said. archived is the archive's ID, or "".
func (s *session) message(n *stanza.Node, from stanza.JID, archived string) (m gateway.Message, ok bool) {
	group := n.Attr("type") == "groupchat"
	if kind := n.Attr("type"); kind != "" && kind != "chat" && kind != "normal" && !group {
		return m, false
	}
	if s.mine(from, group) || group && from.Resource == "" {
		return m, false
	}
	body := n.Child(client, "body").Content()
	m = gateway.Message{
		ID: identity(archived, n, from, group), Conversation: s.conversation(from, group), Sender: s.person(from, group),
		Direct: !group, Locale: n.Attr("xml:lang"), SentAt: sentAt(n),
	}
	m.Text = withoutQuote(n, body)
	if group {
		s.remember(m.ID, archived)
		m.Text, m.Mentioned = s.address(n, m.Text, s.nickIn(from.Bare()))
	}
	for _, x := range n.All(fileNS, "x") {
		if a, ok := attachment(x.Child(fileNS, "url").Content()); ok {
			m.Attachments = append(m.Attachments, a)
			if strings.TrimSpace(m.Text) == a.URL {
				m.Text = "" // what clients write for those that show no files
			}
		}
	}
	return m, strings.TrimSpace(m.Text) != "" || len(m.Attachments) > 0
}

// identity names a message: by the ID that its sender says is unique (XEP-0359), by the
// archive's, or as well as can be. What replies to it needs the sender's ID, see reply.
func identity(archived string, n *stanza.Node, from stanza.JID, group bool) string {
	if !group {
		from = from.Bare() // one device may send again what another could not
	}
	origin := n.Child(idsNS, "origin-id").Attr("id")
	switch {
	case origin != "":
		return "|" + origin + "|" + from.String()
	case archived != "":
		return archived + "|" + n.Attr("id")
	}
	return "|" + n.Attr("id") + "|" + from.String()
}

// conversation is the room, the person in private inside a room, or the person.
func (s *session) conversation(from stanza.JID, group bool) gateway.Conversation {
	chat := from.Bare()
	if !group && s.isRoom(from.Bare()) {
		chat = from
	}
	return gateway.Conversation{Channel: s.name, Chat: chat.String()}
}

func (s *session) person(from stanza.JID, group bool) gateway.Person {
	who, name := from.Bare(), from.Local
	if group || s.isRoom(who) {
		who, name = from, from.Resource
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return gateway.Person{ID: who.String(), Name: name, Bot: s.set.bots[who] || s.set.bots[from.Bare()] || s.parleys[from]}
}

// mine reports whether the bot itself said it.
func (s *session) mine(from stanza.JID, group bool) bool {
	if group || s.isRoom(from.Bare()) {
		return from.Resource == s.nickIn(from.Bare())
	}
	return from.Bare() == s.set.jid
}

// archived is the ID that the archive of the chat gave a message. Others may write such
// an element too; only the one of the archive itself counts (XEP-0359, section 5).
func (s *session) archived(n *stanza.Node, from stanza.JID) string {
	by := s.set.jid
	if n.Attr("type") == "groupchat" {
		by = from.Bare()
	}
	for _, x := range n.All(idsNS, "stanza-id") {
		if j, err := stanza.ParseJID(x.Attr("by")); err == nil && j == by {
			return x.Attr("id")
		}
	}
	return ""
}

// reacted hands a thumb on.
func (s *session) reacted(ctx context.Context, n *stanza.Node, from stanza.JID, r *stanza.Node) error {
	group := n.Attr("type") == "groupchat"
	if s.mine(from, group) || s.rate == nil {
		return nil
	}
	rating := gateway.Rating{Conversation: s.conversation(from, group), Post: r.Attr("id"), Person: s.person(from, group)}
	for _, x := range r.All(reactionsNS, "reaction") {
		switch strings.TrimRight(x.Text, "\uFE0F\U0001F3FB\U0001F3FC\U0001F3FD\U0001F3FE\U0001F3FF") { // without the colour
		case "👍":
			rating.Value = 1
		case "👎":
			rating.Value = -1
		}
	}
	err := s.rate(ctx, rating)
	if errors.Is(err, fault.NotFound) {
		return nil // for something that is no answer
	}
	return err
}

// bounced notes that something of ours was not taken.
func (s *session) bounced(n *stanza.Node) {
	e := stream.ErrorOf(n)
	if !s.resolve(n.Attr("id"), echo{err: e}) {
		s.log.Warn("a message was not taken", "chat", n.Attr("from"), "err", e)
	}
}

func sentAt(n *stanza.Node) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, n.Child(delayNS, "delay").Attr("stamp")); err == nil && t.Before(time.Now()) {
		return t
	}
	return time.Now()
}

// attachment reads the address of a file.
func attachment(address string) (gateway.Attachment, bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return gateway.Attachment{}, false
	}
	return gateway.Attachment{Name: path.Base(u.Path), URL: u.String()}, true
}
