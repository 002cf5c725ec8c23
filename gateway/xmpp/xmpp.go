// Package xmpp joins XMPP servers (ejabberd, Prosody, Openfire, …): people talk to the
// bot's account, or name it in a room.
//
// One connection (package stream) is logged in under a fixed resource, so that of two
// processes the server keeps only the newer. What comes live (in.go, mention.go tells
// who is meant) is acknowledged to the server when the Gateway has it. The server's
// archive (archive.go, XEP-0313) tells what was missed, and whether a post went through
// before a crash. Answers grow by message correction (out.go, XEP-0308). rooms.go joins
// rooms and stays in them. A message is named by the ID that its sender gave it for that
// (origin-id), else by the archive's, so one that comes live and out of the archive, or
// that a client sends once more after its connection broke, is the same one.
//
// RFCs 6120, 6121, 7395; XEPs 0045 rooms, 0066 files, 0085 typing, 0184 receipts, 0198
// acknowledgement, 0199 ping, 0203 delay, 0308 correction, 0313 archive, 0359 IDs, 0444
// reactions, 0461 replies.
package xmpp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/gateway/xmpp/mam"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/stream"
	"github.com/parley-im/parley/internal/fault"
)

// resource is the same in all processes: the server ends the older connection.
const resource = "parley"

// Channel is one account.
type Channel struct {
	name   string
	set    settings
	client *http.Client
	seen   func()
	rate   func(context.Context, gateway.Rating) error
	log    *slog.Logger

	mu   sync.Mutex
	now  *session // what Listen holds, nil while there is none
	last cursor   // how far Since read
}

var (
	_ gateway.Channel    = (*Channel)(nil)
	_ gateway.Profiler   = (*Channel)(nil)
	_ gateway.Editor     = (*Channel)(nil)
	_ gateway.Typer      = (*Channel)(nil)
	_ gateway.Finder     = (*Channel)(nil)
	_ gateway.Catcher    = (*Channel)(nil)
	_ gateway.Identified = (*Channel)(nil)
	_ gateway.Open       = Open
)

// Open makes the channel.
func Open(setup gateway.Setup) (gateway.Channel, error) {
	s := usual()
	if err := setup.Decode(&s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("channel %s: %w", setup.Name, err)
	}
	return &Channel{name: setup.Name, set: s, client: setup.Client, seen: setup.Seen, rate: setup.Rate, log: setup.Log}, nil
}

// Profile tells what people's clients can show: plain text that can be corrected.
func (c *Channel) Profile() gateway.Profile {
	return gateway.Profile{Format: gateway.Plain, MaxText: c.set.MaxText, Pace: c.set.Pace, Once: true, Bound: true, Silence: 2 * c.set.Deaf}
}

// Account is the bot's address.
func (c *Channel) Account() string { return c.set.jid.String() }

// Listen connects, joins the rooms, and delivers what people say.
func (c *Channel) Listen(ctx context.Context, deliver gateway.Deliver) error {
	s, err := c.connect(ctx, resource)
	if err != nil {
		return err
	}
	return s.serve(ctx, deliver)
}

// connect logs in. With a resource of its own it is the connection that people see.
func (c *Channel) connect(ctx context.Context, resource string) (*session, error) {
	address := c.set.URL
	if address == "" {
		found, err := c.discover(ctx)
		if err != nil {
			return nil, err
		}
		address = found
	}
	s := &session{
		Channel: c, rooms: map[stanza.JID]*presence{}, echoes: map[string]chan<- echo{},
		parleys: map[stanza.JID]bool{}, names: map[string]string{},
	}
	for _, r := range c.set.Rooms {
		s.rooms[r.jid] = &presence{room: r, nick: c.set.Nick}
	}
	var err error
	s.conn, err = stream.Dial(ctx, stream.Options{
		URL: address, JID: c.set.jid.With(resource), Password: c.set.Password,
		Ping: c.set.Ping, Deaf: c.set.Deaf, Seen: c.seen, Aside: s.aside,
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the XMPP server: %w", err)
	}
	s.mam.Conn, s.mam.Own = s.conn, c.set.jid
	return s, nil
}

// session is one connection.
type session struct {
	*Channel
	conn *stream.Conn
	mam  mam.Reader

	mu      sync.Mutex
	archive bool // of the account
	rooms   map[stanza.JID]*presence
	echoes  map[string]chan<- echo // posts to rooms that are not back yet, by key
	parleys map[stanza.JID]bool    // who says that it is a Parley too, by full address
	names   map[string]string      // of messages in rooms: the archive's by ours, for replies
}

// current is the connection that Listen holds.
func (c *Channel) current() (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == nil {
		return nil, fmt.Errorf("not connected to the XMPP server: %w", fault.Unavailable)
	}
	return c.now, nil
}

func (c *Channel) hold(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = s
}

// serve reads while it announces itself and joins the rooms.
func (s *session) serve(ctx context.Context, deliver gateway.Deliver) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deliver = adapter.Persistently(deliver)
	var begun sync.WaitGroup
	defer begun.Wait()
	defer cancel(nil) // the other one may still ask the server
	ready := make(chan struct{})
	begun.Go(func() {
		if err := s.begin(ctx, deliver); err != nil {
			cancel(err)
			return
		}
		close(ready)
		s.stay(ctx)
	})
	defer s.hold(nil)
	return s.conn.Run(ctx, func(ctx context.Context, n *stanza.Node) error {
		select {
		case <-ready: // what was missed goes first
			return s.heard(ctx, n, deliver)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// begin makes the bot be there: present, in its rooms, and told what it missed.
func (s *session) begin(ctx context.Context, deliver gateway.Deliver) error {
	s.look(ctx)
	// Contact requests come to those only who have asked for their contacts.
	if _, err := s.conn.IQ(ctx, "get", stanza.JID{}, stanza.New(rosterNS, "query")); err != nil {
		s.log.Warn("ask for the contacts", "err", err)
	}
	if err := s.conn.Send(presenceOf(stanza.JID{})); err != nil {
		return err
	}
	s.join(ctx)
	s.hold(s)
	// Between the last look into the archive and now something may have come.
	s.Channel.mu.Lock()
	from := s.last
	s.Channel.mu.Unlock()
	if from == nil {
		return nil // nothing was read yet: what comes is live
	}
	_, err := s.sweep(ctx, from, deliver)
	return err
}

// look finds out what the server has.
func (s *session) look(ctx context.Context) {
	has := s.features(ctx, s.conn.JID().Bare())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.archive = has[mam.NS]; !s.archive {
		s.log.Warn("the XMPP server has no archive for the account (XEP-0313): what is said while Parley is away is lost, and a post may come twice after a crash")
	}
}

// features asks what an address can do; nothing if it does not say.
func (s *session) features(ctx context.Context, of stanza.JID) map[string]bool {
	has := map[string]bool{}
	n, err := s.conn.IQ(ctx, "get", of, stanza.New(discoNS, "query"))
	if err != nil {
		s.log.Warn("ask what the server has", "of", of.String(), "err", err)
		return has
	}
	for _, f := range n.Child(discoNS, "query").All(discoNS, "feature") {
		has[f.Attr("var")] = true
	}
	return has
}

// stay looks after the rooms until ctx ends.
func (s *session) stay(ctx context.Context) {
	tick := time.NewTicker(roomsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.conn.Over():
			return
		case <-tick.C:
			s.check(ctx)
		}
	}
}
