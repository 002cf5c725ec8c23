// Package webchat is Parley's own chat for browsers: a page, a widget for other
// sites, and the WebSocket that both talk over.
//
// A visitor is anonymous and known by a signed cookie or token (visitor.go). The
// socket (socket.go) speaks the JSON frames of frames.go. What is said is kept in
// a Store, so that a reload shows it again; the answer that is being written is
// kept in the visitor's room (room.go), which tells all tabs of a visitor the same
// things in the same order. post.go is the Gateway's side, pages.go serves what
// the browser loads, and client holds its source.
//
// Several replicas may share a Store. A visitor's tab shows what any of them writes:
// a change in the Store is announced on the bus, and the text that grows, which is
// not in the Store, goes over it in pieces (news.go, growth). Nothing relies on the
// bus: rooms with open tabs look into the Store by themselves, every second while an
// answer is expected (watch.go). So without it the final text is a second late, and
// only the growing is not seen.
//
// Goroutines: the HTTP server's own reads a socket; one more writes it and ends
// before the handler returns. Close ends them all.
package webchat

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/live"
)

// Channel is one browser chat.
type Channel struct {
	gateway.Inbox // Listen and Deliver
	name          string
	set           settings
	origins       map[string]bool
	store         Store
	rate          func(context.Context, gateway.Rating) error
	seen          func()
	log           *slog.Logger
	pages         pages
	rooms         rooms
	bus           live.Bus    // to the other replicas; nil: there are none
	id            string      // of this process, on the bus
	news          chan []byte // for the bus
	visitors      *limits     // how fast one visitor may speak
	addresses     *limits     // how fast all visitors of one network address may speak
	signing       signing

	mu      sync.Mutex
	closed  bool
	sockets map[*socket]struct{} // those that have not said hello included
	ended   sync.WaitGroup
}

var (
	_ gateway.Channel  = (*Channel)(nil)
	_ gateway.Editor   = (*Channel)(nil)
	_ gateway.Typer    = (*Channel)(nil)
	_ gateway.Finder   = (*Channel)(nil)
	_ gateway.Profiler = (*Channel)(nil)
	_ http.Handler     = (*Channel)(nil)
)

// With returns what opens a browser chat that keeps its entries in store and counts
// in limiter how often visitors speak.
func With(store Store, limiter Limiter) gateway.Open {
	return func(setup gateway.Setup) (gateway.Channel, error) {
		s := defaults()
		if err := setup.Decode(&s); err != nil {
			return nil, err
		}
		origins, err := s.check(setup.Name, setup.PublicURL)
		if err != nil {
			return nil, err
		}
		pages, err := newPages(setup.Name, setup.PublicURL, s)
		if err != nil {
			return nil, err
		}
		return &Channel{
			name: setup.Name, set: s, origins: origins, store: store,
			rate: setup.Rate, seen: setup.Seen, log: setup.Log, pages: pages,
			visitors:  &limits{limiter, setup.Name + "/visitor/", s.PerMinute, s.Burst},
			addresses: &limits{limiter, setup.Name + "/address/", s.AddressPerMinute, s.AddressBurst},
			signing:   signing{store: store, channel: setup.Name},
			sockets:   map[*socket]struct{}{},
			bus:       setup.Bus, id: uuid.NewString(), news: make(chan []byte, newsQueue),
		}, nil
	}
}

// Profile tells what the browser can show.
func (c *Channel) Profile() gateway.Profile {
	return gateway.Profile{Format: gateway.Markdown, Pace: 120 * time.Millisecond, Dedupes: true, Sources: true}
}

// Close ends all sockets and waits until their goroutines have ended. Browsers
// connect again by themselves and lose nothing. Call it after the Gateway has
// stopped, so that the answers in progress are seen to their end.
func (c *Channel) Close() error {
	c.mu.Lock()
	c.closed = true
	for s := range c.sockets {
		s.end(closeRestart)
	}
	c.mu.Unlock()
	c.ended.Wait()
	return nil
}
