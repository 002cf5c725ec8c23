package mam

import (
	"context"
	"errors"
	"testing"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
)

// script answers a query after it has sent stanzas.
type script struct {
	r    *Reader
	send func(queryID string) []*stanza.Node
	err  error
}

func (s *script) IQ(_ context.Context, _ string, _ stanza.JID, what *stanza.Node) (*stanza.Node, error) {
	for _, n := range s.send(what.Attr("queryid")) {
		if !s.r.Take(n) {
			return nil, errors.New("a message of the archive was let through")
		}
	}
	return stanza.New(client, "iq").Add(stanza.New(NS, "fin", "complete", "true")), s.err
}

func result(from, query, id string) *stanza.Node {
	return stanza.New(client, "message", "from", from).Add(stanza.New(NS, "result", "queryid", query, "id", id).Add(
		stanza.New(forwardNS, "forwarded").Add(stanza.New(delayNS, "delay", "stamp", "2026-11-27T10:00:00Z"), stanza.New(client, "message", "id", "x"))))
}

// Only the archive that was asked is believed, and only while it is asked.
func TestTake(t *testing.T) {
	own, room := stanza.JID{Local: "bot", Domain: "b"}, stanza.JID{Local: "room", Domain: "c"}
	for _, c := range []struct {
		name    string
		archive stanza.JID
		from    string
		query   string
		id      string
		want    int
	}{
		{"own archive", stanza.JID{}, "bot@b", "", "1", 1},
		{"own archive without from", stanza.JID{}, "", "", "1", 1},
		{"somebody else", stanza.JID{}, "eve@b", "", "1", 0},
		{"own, another resource", stanza.JID{}, "bot@b/x", "", "1", 0},
		{"the room", room, "room@c", "", "1", 1},
		{"somebody in the room", room, "room@c/eve", "", "1", 0},
		{"no sender for a room", room, "", "", "1", 0},
		{"another query", stanza.JID{}, "bot@b", "other", "1", 0},
		{"no ID", stanza.JID{}, "bot@b", "", "", 0},
	} {
		s := &script{}
		s.r = &Reader{Conn: s, Own: own}
		s.send = func(id string) []*stanza.Node {
			if c.query != "" {
				id = c.query
			}
			return []*stanza.Node{result(c.from, id, c.id)}
		}
		found, complete, err := s.r.Query(t.Context(), c.archive, Request{})
		if err != nil || !complete || len(found) != c.want {
			t.Errorf("%s: %d messages, %v; want %d", c.name, len(found), err, c.want)
		}
		if len(s.r.open) != 0 {
			t.Error("a query is left open")
		}
	}
	r := &Reader{}
	if r.Take(stanza.New(client, "message")) || r.Take(stanza.New(client, "iq").Add(stanza.New(NS, "result"))) {
		t.Error("takes what is not of an archive")
	}
	if !r.Take(result("bot@b", "m1", "1")) {
		t.Error("an unasked message of an archive is let through")
	}
}

// An archive that does not stop is cut off.
func TestFlood(t *testing.T) {
	s := &script{}
	s.r = &Reader{Conn: s}
	s.send = func(id string) (list []*stanza.Node) {
		for range 10 * page {
			list = append(list, result("", id, "1"))
		}
		return list
	}
	if found, _, err := s.r.Query(t.Context(), stanza.JID{}, Request{}); err != nil || len(found) > 2*page {
		t.Errorf("%d messages, %v", len(found), err)
	}
}
