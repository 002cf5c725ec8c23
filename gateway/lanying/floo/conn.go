package floo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/internal/fault"
)

const (
	// event announces a Frame, which follows as a binary message.
	event = `451-["frame",{"_placeholder":true,"num":0}]`
	// message begins a binary message in Engine.IO 3.
	message = 0x04

	maxFrame    = 16 << 20
	dialTimeout = 20 * time.Second
)

// Conn is one connection. One goroutine may read, any may write.
type Conn struct {
	ws      *websocket.Conn
	writing sync.Mutex
}

// Dial opens one to the server at base, such as https://s.example.com, by a Dialer that
// says which certificates are good.
func Dial(ctx context.Context, dialer websocket.Dialer, base string) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	address := "ws" + strings.TrimPrefix(strings.TrimRight(base, "/"), "http") + "/socket.io/?EIO=3&transport=websocket"
	ws, _, err := dialer.DialContext(ctx, address, http.Header{})
	if err != nil {
		return nil, fmt.Errorf("open the socket: %w: %w", fault.Unavailable, err)
	}
	ws.SetReadLimit(maxFrame)
	c := &Conn{ws: ws}
	if err := c.greeting(); err != nil {
		_ = ws.Close() // it is of no use
		return nil, fmt.Errorf("open the socket: %w", err)
	}
	return c, nil
}

// greeting reads what the server says first: 0 with its settings, none of which matter,
// and 40.
func (c *Conn) greeting() error {
	_ = c.ws.SetReadDeadline(time.Now().Add(dialTimeout))
	for _, want := range []string{"0{", "40"} {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("%w: %w", fault.Unavailable, err)
		}
		if !strings.HasPrefix(string(data), want) {
			return fmt.Errorf("%w: %w: %.40q", fault.Unavailable, errForm, data)
		}
	}
	return nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.ws.Close() }

// Send writes a Frame.
func (c *Conn) Send(frame []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(dialTimeout))
	err := c.ws.WriteMessage(websocket.TextMessage, []byte(event))
	if err == nil {
		err = c.ws.WriteMessage(websocket.BinaryMessage, append([]byte{message}, frame...))
	}
	if err != nil {
		return fmt.Errorf("write to the socket: %w: %w", fault.Unavailable, err)
	}
	return nil
}

// Ping asks whether the server is there. In Engine.IO 3 it is the client that asks.
func (c *Conn) Ping() error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(dialTimeout))
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte("2")); err != nil {
		return fmt.Errorf("write to the socket: %w: %w", fault.Unavailable, err)
	}
	return nil
}

// Receive reads the next Frame. heard is called for all that comes, answers to Ping
// included; if nothing comes for so long, ErrDeaf is returned.
func (c *Conn) Receive(patience time.Duration, heard func()) (f Frame, err error) {
	for {
		_ = c.ws.SetReadDeadline(time.Now().Add(patience))
		kind, data, err := c.ws.ReadMessage()
		if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
			return f, fmt.Errorf("%w: %w", fault.Unavailable, ErrDeaf)
		}
		if err != nil {
			return f, fmt.Errorf("read from the socket: %w: %w", fault.Unavailable, err)
		}
		heard()
		if kind != websocket.BinaryMessage { // an answer to Ping, or what announces a Frame
			if strings.HasPrefix(string(data), "41") || string(data) == "1" {
				return f, fmt.Errorf("the server ended the connection: %w", fault.Unavailable)
			}
			continue
		}
		if len(data) == 0 || data[0] != message {
			return f, fmt.Errorf("read from the socket: %w: %w", fault.Unavailable, errForm)
		}
		if err := Decode(data[1:], &f); err != nil {
			return f, fmt.Errorf("read from the socket: %w: %w", fault.Unavailable, err)
		}
		if Val(f.Compress) != 0 || Val(f.Encrypt) != 0 {
			return f, fmt.Errorf("a frame is compressed or encrypted, which web clients do not ask for: %w", fault.Unavailable)
		}
		return f, nil
	}
}

// ErrDeaf is the error of a connection on which nothing is heard any more.
var ErrDeaf = errors.New("nothing was heard for long")
