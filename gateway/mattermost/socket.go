package mattermost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

// event is one frame of the server: an event, or the answer to a request of ours.
type event struct {
	Event  string          `json:"event"`
	Seq    *int64          `json:"seq"` // rises by one from event to event
	Data   json.RawMessage `json:"data"`
	Status string          `json:"status"` // of an answer
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

const (
	maxFrame    = 1 << 20
	dialTimeout = 10 * time.Second
)

// Listen reads events until ctx ends or the connection breaks.
func (c *Channel) Listen(ctx context.Context, deliver gateway.Deliver) error {
	if _, err := c.login(ctx); err != nil { // a socket is opened for a bad token too
		return err
	}
	ws, err := c.dial(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	asking.Go(func() { c.pinging(ctx, ws) })
	deliver = adapter.Persistently(deliver)
	next := int64(0)
	for first := true; ; first = false {
		e, err := c.read(ws)
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
		if e.Status != "" && e.Event == "" {
			if e.Error != nil {
				return fault.Say(fault.Denied, "mattermost_token", "Mattermost does not accept the token: it is wrong, has expired, or the bot account was disabled.").Because(errors.New(e.Error.Message))
			}
			continue
		}
		// Between the last look and the first event something may have come, and so
		// where a number is left out.
		if first || e.Seq != nil && *e.Seq != next && next != 0 {
			if err := c.again(ctx, deliver); err != nil {
				return err
			}
		}
		if e.Seq != nil {
			next = *e.Seq + 1
		}
		if err := c.take(ctx, e, deliver); err != nil {
			return fmt.Errorf("take %s: %w", e.Event, err)
		}
	}
}

func (c *Channel) dial(ctx context.Context) (*websocket.Conn, error) {
	d := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialTimeout}
	address := "ws" + strings.TrimPrefix(c.set.URL, "http") + "/api/v4/websocket"
	ws, resp, err := d.DialContext(ctx, address, http.Header{"Authorization": {"Bearer " + c.set.Token}})
	if err != nil {
		if resp != nil && resp.StatusCode == http.StatusUnauthorized {
			return nil, refusal(http.MethodGet, "websocket", resp, nil)
		}
		return nil, fault.Say(fault.Unavailable, "mattermost_socket", "The WebSocket of the Mattermost server at %s cannot be opened; is there a proxy in between that does not let it through?", host(c.set.URL)).Because(err)
	}
	ws.SetReadLimit(maxFrame)
	return ws, nil
}

// pinging asks something now and then, and closes the connection when ctx ends. It is
// the only one that writes.
func (c *Channel) pinging(ctx context.Context, ws *websocket.Conn) {
	defer ws.Close()
	tick := time.NewTicker(c.set.Ping)
	defer tick.Stop()
	for seq := 1; ; seq++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = ws.SetWriteDeadline(time.Now().Add(dialTimeout))
		if ws.WriteJSON(map[string]any{"seq": seq, "action": "ping"}) != nil {
			return // the reader notices
		}
	}
}

// read reads one frame. The server answers pings, so there is one now and then.
func (c *Channel) read(ws *websocket.Conn) (e event, err error) {
	patience := 5 * c.set.Ping / 2
	if err := ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return e, fmt.Errorf("read from Mattermost: %w: %w", fault.Unavailable, err)
	}
	_, data, err := ws.ReadMessage()
	switch {
	case err == nil:
	case adapter.TimedOut(err):
		return e, fault.Say(fault.Unavailable, "mattermost_deaf", "Nothing was heard from the Mattermost server for %v.", patience).Because(err)
	default:
		return e, fmt.Errorf("read from Mattermost: %w: %w", fault.Unavailable, err)
	}
	if c.seen != nil {
		c.seen()
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fault.Say(fault.Unavailable, "mattermost_malformed", "The Mattermost server sent something that cannot be read; the connection was closed.").Because(err)
	}
	return e, nil
}
