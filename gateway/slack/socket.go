package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

const (
	maxFrame    = 1 << 20
	dialTimeout = 15 * time.Second
)

// envelope is one frame of the server.
type envelope struct {
	ID      string `json:"envelope_id"`
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Payload struct {
		Event event `json:"event"`
	} `json:"payload"`
}

// Listen opens a connection and reads events until ctx ends or it breaks. Slack itself
// ends each after some hours.
func (c *Channel) Listen(ctx context.Context, deliver gateway.Deliver) error {
	c.mu.Lock()
	c.me = nil // so that it is noticed when the token is not good any more
	c.mu.Unlock()
	if _, err := c.whoAmI(ctx); err != nil {
		return err
	}
	ws, err := c.dial(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = ws.Close() })
	defer ws.Close()
	defer stop()
	defer c.hold(false)
	deliver = adapter.Persistently(deliver)
	for {
		e, err := c.read(ws)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		switch e.Type {
		case "hello":
			if err := c.again(ctx, deliver); err != nil {
				return err
			}
			c.hold(true)
		case "disconnect":
			if e.Reason == "link_disabled" {
				return fault.Say(fault.Denied, "slack_socket_mode", "Socket Mode is switched off for the app in Slack.")
			}
			return fmt.Errorf("slack asks to connect anew (%s): %w", e.Reason, fault.Unavailable)
		case "events_api":
			if err := c.take(ctx, e.Payload.Event, deliver); err != nil {
				return fmt.Errorf("take %s: %w", e.Payload.Event.Type, err)
			}
		}
		if e.ID == "" {
			continue
		}
		_ = ws.SetWriteDeadline(time.Now().Add(dialTimeout))
		if err := ws.WriteJSON(map[string]string{"envelope_id": e.ID}); err != nil {
			return fmt.Errorf("acknowledge: %w: %w", fault.Unavailable, err)
		}
	}
}

func (c *Channel) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout+dialTimeout)
	defer cancel()
	_, address, err := c.api.StartSocketModeContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a connection: %w", refusal(err))
	}
	d := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialTimeout}
	ws, _, err := d.DialContext(ctx, address, nil)
	if err != nil {
		return nil, fault.Say(fault.Unavailable, "slack_socket", "The WebSocket of Slack cannot be opened; is there a proxy in between that does not let it through?").Because(err)
	}
	ws.SetReadLimit(maxFrame)
	answer := ws.PingHandler()
	ws.SetPingHandler(func(text string) error {
		c.seen()
		_ = ws.SetReadDeadline(time.Now().Add(c.set.Silence))
		return answer(text)
	})
	return ws, nil
}

// read reads one frame. Slack pings, so something comes now and then.
func (c *Channel) read(ws *websocket.Conn) (e envelope, err error) {
	_ = ws.SetReadDeadline(time.Now().Add(c.set.Silence))
	_, data, err := ws.ReadMessage()
	switch {
	case err == nil:
	case adapter.TimedOut(err):
		return e, fault.Say(fault.Unavailable, "slack_deaf", "Nothing was heard from Slack for %v; the connection is made anew.", c.set.Silence).Because(err)
	default:
		return e, fmt.Errorf("read from Slack: %w: %w", fault.Unavailable, err)
	}
	c.seen()
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fault.Say(fault.Unavailable, "slack_malformed", "Slack sent something that cannot be read; the connection was closed.").Because(err)
	}
	return e, nil
}
