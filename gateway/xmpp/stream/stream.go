// Package stream is one connection to an XMPP server over WebSocket (RFC 7395): it
// logs in, binds a resource, and carries stanzas whose arrival both sides acknowledge
// (XEP-0198, without resumption; where the server lacks it, a ping stands in for it).
//
// Dial does all until the resource is bound (login.go). Conn.Run then reads: answers
// to requests go to who waits for them (IQ), everything else goes to a handler, one
// after the other. A stanza is acknowledged when the handler has returned without an
// error. A connection from which nothing is heard for a while is given up.
package stream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/internal/fault"
)

// Name spaces of the stream itself.
const (
	Client  = "jabber:client"
	framing = "urn:ietf:params:xml:ns:xmpp-framing"
	streams = "http://etherx.jabber.org/streams"
	sasl    = "urn:ietf:params:xml:ns:xmpp-sasl"
	binding = "urn:ietf:params:xml:ns:xmpp-bind"
	sm      = "urn:xmpp:sm:3"
	ping    = "urn:xmpp:ping"
	errorNS = "urn:ietf:params:xml:ns:xmpp-streams"
)

// Options is where to connect and as whom.
type Options struct {
	URL      string // ws:// or wss://
	JID      stanza.JID
	Password string // of JID; its resource is asked for, "" lets the server choose one
	Dialer   *websocket.Dialer
	MaxFrame int64         // bytes of one stanza; 0: 1 MB
	Ping     time.Duration // something is asked this often when it is quiet; 0: 10 s
	Deaf     time.Duration // with nothing heard for this long the connection is broken; 0: 25 s
	Timeout  time.Duration // of one step of the login, of one write and of one request; 0: 10 s
	Seen     func()        // on each frame; may be nil
	// Aside is shown each message, presence or request as it comes, so before answers
	// that come later. If it takes it (true), the handler does not see it. May be nil.
	Aside func(*stanza.Node) bool
}

const queued = 1000 // stanzas that wait for the handler

// Conn is a connection that is logged in.
type Conn struct {
	o       Options
	ws      *websocket.Conn
	me      stanza.JID
	managed bool // XEP-0198 is on

	writing sync.Mutex // held while something is written
	sent    uint32     // stanzas since it was enabled; under writing

	mu      sync.Mutex
	ids     uint64
	asked   map[string]chan *stanza.Node // requests by id
	waiting []waiter                     // for acknowledgements, in order
	handled uint32                       // stanzas that came and were dealt with
	owed    bool                         // the server was told less than handled
	broken  error                        // why the connection is over
	over    chan struct{}                // closed then
}

type waiter struct {
	number uint32
	done   chan struct{}
}

// JID is the full address that the server gave.
func (c *Conn) JID() stanza.JID { return c.me }

// Over is closed when the connection is of no use any more.
func (c *Conn) Over() <-chan struct{} { return c.over }

// fail ends the connection, for the first reason given.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	if c.broken == nil {
		c.broken = err
		close(c.over)
	}
	c.mu.Unlock()
	_ = c.ws.Close() // it is over in any case
}

func (c *Conn) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

var errClosed = fmt.Errorf("the connection was closed: %w", fault.Unavailable)

// Close says good-bye and ends the connection. The server is told what was dealt with,
// so that it offers only the rest again.
func (c *Conn) Close() error {
	if c.managed {
		_ = c.tell() // as a courtesy, as is the next
	}
	_ = c.write(stanza.New(framing, "close"))
	deadline := time.Now().Add(time.Second)
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), deadline)
	c.fail(errClosed)
	return nil
}

func (c *Conn) write(n *stanza.Node) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.put(n)
}

// put writes one frame. The caller holds c.writing.
func (c *Conn) put(n *stanza.Node) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(c.o.Timeout)); err != nil {
		return fmt.Errorf("write to the server: %w: %w", fault.Unavailable, err)
	}
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(n.String())); err != nil {
		err = fmt.Errorf("write to the server: %w: %w", fault.Unavailable, err)
		c.fail(err)
		return err
	}
	return nil
}

// Send writes a stanza; whether it arrives is not known.
func (c *Conn) Send(n *stanza.Node) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.sent++
	return c.put(n)
}

// SendSafely writes a stanza and waits until the server has it. An error of
// fault.Unavailable leaves open whether it has.
func (c *Conn) SendSafely(ctx context.Context, n *stanza.Node) error {
	if !c.managed {
		if err := c.Send(n); err != nil {
			return err
		}
		_, err := c.IQ(ctx, "get", stanza.JID{}, stanza.New(ping, "ping")) // answered after what was sent before it
		if errors.Is(err, fault.Unavailable) {
			return err
		}
		return nil // a server that knows no ping has answered too
	}
	done, err := c.sendCounted(n)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	select {
	case <-done:
		return nil
	case <-c.over:
		return fmt.Errorf("send: %w", c.reason())
	case <-ctx.Done():
		return fmt.Errorf("send: the server did not acknowledge it: %w: %w", fault.Unavailable, context.Cause(ctx))
	}
}

func (c *Conn) sendCounted(n *stanza.Node) (<-chan struct{}, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.sent++
	w := waiter{c.sent, make(chan struct{})}
	c.mu.Lock()
	c.waiting = append(c.waiting, w)
	c.mu.Unlock()
	if err := c.put(n); err != nil {
		return nil, err
	}
	return w.done, c.put(stanza.New(sm, "r"))
}

// acknowledged lets go those whose stanzas the server has, up to number h.
func (c *Conn) acknowledged(h uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) > 0 && int32(h-c.waiting[0].number) >= 0 { // the number wraps around
		close(c.waiting[0].done)
		c.waiting = c.waiting[1:]
	}
}

// IQ asks to (zero: the own account) and returns the answer. What is asked is the
// single child of the request. An answer of type error is a *StanzaError.
func (c *Conn) IQ(ctx context.Context, kind string, to stanza.JID, what *stanza.Node) (*stanza.Node, error) {
	answer := make(chan *stanza.Node, 1)
	c.mu.Lock()
	c.ids++
	id := fmt.Sprintf("q%d", c.ids)
	c.asked[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.asked, id)
		c.mu.Unlock()
	}()
	if err := c.Send(stanza.New(Client, "iq", "type", kind, "id", id, "to", to.String()).Add(what)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	select {
	case n := <-answer:
		if n.Attr("type") == "error" {
			return nil, ErrorOf(n)
		}
		return n, nil
	case <-c.over:
		return nil, fmt.Errorf("ask the server: %w", c.reason())
	case <-ctx.Done():
		return nil, fmt.Errorf("ask the server: no answer: %w: %w", fault.Unavailable, context.Cause(ctx))
	}
}

// Reply answers a request of somebody else, with an empty result if what is nil.
func (c *Conn) Reply(request, what *stanza.Node) error {
	return c.Send(stanza.New(Client, "iq", "type", "result", "id", request.Attr("id"), "to", request.Attr("from")).Add(what))
}

// WriteBuffer holds the largest stanza that is sent: what does not fit would be sent
// in pieces, which some servers refuse.
const WriteBuffer = 160 << 10

var buffers sync.Pool // of write buffers, each in use for one write only

// dialer has the time-outs that the default lacks.
func dialer(timeout time.Duration) *websocket.Dialer {
	return &websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: timeout}
}
