package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/internal/fault"
)

// Handler deals with a message, a presence, or a request (iq of type get or set).
type Handler func(ctx context.Context, n *stanza.Node) error

// Run reads until ctx ends, the connection breaks, or handle returns an error, and
// returns why. The connection is closed then.
func (c *Conn) Run(ctx context.Context, handle Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan *stanza.Node, queued)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() { // ends when the connection does
		defer close(queue)
		c.fail(c.read(ctx, queue))
	})
	all.Go(func() { c.pinging(ctx) })
	for n := range queue {
		if n != nil && ctx.Err() == nil {
			if err := handle(ctx, n); err != nil {
				c.fail(fmt.Errorf("deal with what came: %w", err))
				break
			}
		}
		if err := c.dealt(len(queue) == 0); err != nil {
			break
		}
	}
	_ = c.ws.Close()
	for range queue { // so that the reader can end
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return c.reason()
}

// dealt counts a stanza, and tells the server when there is nothing else to do.
func (c *Conn) dealt(idle bool) error {
	c.mu.Lock()
	c.handled++
	tell := c.owed && idle
	c.mu.Unlock()
	if tell {
		return c.tell()
	}
	return nil
}

// tell tells the server what was dealt with.
func (c *Conn) tell() error {
	c.mu.Lock()
	h := c.handled
	c.owed = false
	c.mu.Unlock()
	return c.write(stanza.New(sm, "a", "h", strconv.FormatUint(uint64(h), 10)))
}

// read takes frames until one cannot be had. Into the queue goes each stanza, nil for
// one that was dealt with here.
func (c *Conn) read(ctx context.Context, queue chan<- *stanza.Node) error {
	for {
		n, err := c.next(c.o.Deaf)
		if err != nil {
			return err
		}
		switch {
		case n.Is(sm, "r"):
			c.mu.Lock()
			c.owed = true // and again when the queue is empty
			c.mu.Unlock()
			if err := c.tell(); err != nil {
				return err
			}
			c.mu.Lock()
			c.owed = len(queue) > 0
			c.mu.Unlock()
			continue
		case n.Is(sm, "a"):
			h, err := strconv.ParseUint(n.Attr("h"), 10, 32)
			if err != nil {
				return fmt.Errorf("the server acknowledged %q: %w", n.Attr("h"), fault.Unavailable)
			}
			c.acknowledged(uint32(h))
			continue
		case n.Is(streams, "error"):
			return streamError(n)
		case n.Is(framing, "close"):
			return fmt.Errorf("the server ended the stream: %w", fault.Unavailable)
		case n.Space != Client:
			continue // nothing that we asked for
		}
		if c.answers(n) || c.o.Aside != nil && c.o.Aside(n) {
			n = nil
		}
		select {
		case queue <- n:
		case <-ctx.Done():
			return errClosed
		}
	}
}

// answers hands an answer to who asked.
func (c *Conn) answers(n *stanza.Node) bool {
	if kind := n.Attr("type"); n.Name != "iq" || kind != "result" && kind != "error" {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer, ok := c.asked[n.Attr("id")]; ok {
		delete(c.asked, n.Attr("id"))
		answer <- n // has room for one
	}
	return true
}

// pinging asks something now and then, so that there is something to hear. It closes
// the connection when ctx ends.
func (c *Conn) pinging(ctx context.Context) {
	tick := time.NewTicker(c.o.Ping)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			_ = c.Close()
			return
		case <-c.over:
			return
		}
		if c.managed {
			_ = c.write(stanza.New(sm, "r")) // if it fails the reader notices
			continue
		}
		c.mu.Lock()
		c.ids++
		id := fmt.Sprintf("q%d", c.ids)
		c.mu.Unlock()
		_ = c.Send(stanza.New(Client, "iq", "type", "get", "id", id).Add(stanza.New(ping, "ping")))
	}
}

// next reads one frame.
func (c *Conn) next(patience time.Duration) (*stanza.Node, error) {
	if err := c.ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, fmt.Errorf("read from the server: %w: %w", fault.Unavailable, err)
	}
	_, data, err := c.ws.ReadMessage()
	switch {
	case err == nil:
	case c.reason() != nil: // closed by us
		return nil, c.reason()
	case errors.Is(err, websocket.ErrReadLimit):
		return nil, fault.Say(fault.Unavailable, "xmpp_too_large", "The XMPP server sent something larger than %d kB; the connection was closed.", c.o.MaxFrame>>10).Because(err)
	case isTimeout(err):
		return nil, fault.Say(fault.Unavailable, "xmpp_deaf", "Nothing was heard from the XMPP server for %v.", patience).Because(err)
	default:
		return nil, fmt.Errorf("read from the server: %w: %w", fault.Unavailable, err)
	}
	if c.o.Seen != nil {
		c.o.Seen()
	}
	n, err := stanza.Parse(data)
	if err != nil {
		return nil, fault.Say(fault.Unavailable, "xmpp_malformed", "The XMPP server sent something that is not well-formed; the connection was closed.").Because(err)
	}
	return n, nil
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}
