package webchat

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// ServeHTTP opens sockets at /channels/NAME/socket.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.TrimPrefix(r.URL.Path, "/channels/"+c.name) != "/socket" {
		problem(w, http.StatusNotFound, "not_found", "There is no such page.")
		return
	}
	same, allowed := c.origin(r)
	if !allowed {
		problem(w, http.StatusForbidden, "origin", "This site is not in the channel's list of origins.")
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		problem(w, http.StatusUpgradeRequired, "upgrade", "This address speaks WebSocket only.")
		return
	}
	s := &socket{
		address: address(r), frames: rate.NewLimiter(10, 40),
		out: make(chan []byte, queue), gone: make(chan struct{}),
	}
	header := http.Header{}
	if same {
		token, err := c.byCookie(r, s)
		if err != nil {
			c.log.Error("recognise webchat visitor", "err", err)
			unavailable(w)
			return
		}
		header.Set("Set-Cookie", c.cookie(r, token))
	}
	if !c.admit(s) {
		unavailable(w)
		return
	}
	defer c.dismiss(s)
	up := websocket.Upgrader{
		HandshakeTimeout: writeLimit, ReadBufferSize: 1 << 10, WriteBufferSize: 4 << 10,
		CheckOrigin: func(*http.Request) bool { return true }, // done above
	}
	conn, err := up.Upgrade(w, r, header)
	if err != nil {
		return // Upgrade has answered
	}
	s.conn = conn
	c.serve(r.Context(), s, same)
}

// serve runs one socket to its end.
func (c *Channel) serve(ctx context.Context, s *socket, same bool) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write()
	}()
	defer func() {
		s.end(websocket.CloseNormalClosure)
		<-written
	}()
	silent := time.AfterFunc(helloAfter, func() { s.end(closePolicy) })
	defer silent.Stop()
	var v *visit
	s.read(ctx, c.seen, func(f asked) {
		switch {
		case v != nil:
			v.take(ctx, f)
		case f.Type == "hello":
			silent.Stop()
			v = c.hello(ctx, s, f, same)
		default:
			s.end(closePolicy)
		}
	})
	if v != nil {
		v.leave()
	}
}

// byCookie finds out whose socket it is before it is opened.
func (c *Channel) byCookie(r *http.Request, s *socket) (token string, err error) {
	if s.visitor, err = c.signing.recognise(r.Context(), cookieValue(r)); err != nil {
		return "", err
	}
	return c.signing.token(r.Context(), s.visitor)
}

// admit counts a socket in, unless there are too many, in all or of its visitor,
// or the channel is closed.
func (c *Channel) admit(s *socket) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.sockets) >= c.set.MaxSockets || (s.visitor != "" && c.tabs(s.visitor) >= c.set.VisitorSockets) {
		return false
	}
	c.sockets[s] = struct{}{}
	c.ended.Add(1)
	return true
}

// identify tells who a socket belongs to, once that is known, unless there are too many.
func (c *Channel) identify(s *socket, visitor string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tabs(visitor) >= c.set.VisitorSockets {
		return false
	}
	s.visitor = visitor
	return true
}

// tabs counts the sockets of a visitor. The caller holds c.mu.
func (c *Channel) tabs(visitor string) (n int) {
	for s := range c.sockets {
		if s.visitor == visitor {
			n++
		}
	}
	return n
}

func (c *Channel) dismiss(s *socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sockets, s)
	c.ended.Done()
}
