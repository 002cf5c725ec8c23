package webchat

import (
	"context"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

const (
	pingEvery  = 25 * time.Second
	deafAfter  = 60 * time.Second // nothing heard, not even a pong
	helloAfter = 10 * time.Second
	writeLimit = 10 * time.Second
	frameLimit = 64 << 10
	queue      = 64 // frames waiting for one slow tab, then it has to connect again

	closeRestart = websocket.CloseServiceRestart
	closePolicy  = websocket.ClosePolicyViolation
)

// socket is one open tab.
type socket struct {
	conn    *websocket.Conn
	address string
	visitor string
	locale  string        // guarded by room.mu, like chat
	chat    string        // what the tab shows
	frames  *rate.Limiter // of any kind; a browser sends a few a minute

	out  chan []byte
	gone chan struct{} // closed by end
	once sync.Once
	code int // close code, set before gone is closed
}

// send queues a frame. A tab that does not keep up is cut off: it connects again
// and is told all it missed, and nobody waits for it.
func (s *socket) send(data []byte) {
	select {
	case s.out <- data:
	case <-s.gone:
	default:
		s.end(websocket.CloseTryAgainLater)
	}
}

// end makes the writer close the connection, which ends the reader too.
func (s *socket) end(code int) {
	s.once.Do(func() {
		s.code = code
		close(s.gone)
	})
}

// write is the only goroutine that writes to the socket. It returns when the
// socket has ended, and has closed the connection then.
func (s *socket) write() {
	defer s.conn.Close()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		var err error
		select {
		case data := <-s.out:
			err = s.put(websocket.TextMessage, data)
		case <-ping.C:
			err = s.put(websocket.PingMessage, nil)
		case <-s.gone:
			s.farewell()
			return
		}
		if err != nil {
			s.end(websocket.CloseAbnormalClosure)
			return
		}
	}
}

func (s *socket) put(kind int, data []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	return s.conn.WriteMessage(kind, data)
}

// farewell writes what is still queued and why it ends, if the other side takes
// it quickly.
func (s *socket) farewell() {
	_ = s.conn.SetWriteDeadline(time.Now().Add(time.Second)) // a dead connection is closed next anyway
	for s.code != websocket.CloseTryAgainLater && len(s.out) > 0 {
		if s.conn.WriteMessage(websocket.TextMessage, <-s.out) != nil {
			return
		}
	}
	_ = s.conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(s.code, ""))
}

// read hands each frame to take until the connection ends, in one way or another.
func (s *socket) read(ctx context.Context, seen func(), take func(asked)) {
	s.conn.SetReadLimit(frameLimit)
	alive := func(string) error {
		seen()
		return s.conn.SetReadDeadline(time.Now().Add(deafAfter))
	}
	s.conn.SetPongHandler(alive)
	stop := context.AfterFunc(ctx, func() { s.end(closeRestart) })
	defer stop()
	for {
		kind, data, err := s.conn.ReadMessage()
		if err != nil || alive("") != nil {
			return
		}
		f, err := read(data)
		if kind != websocket.TextMessage || err != nil || !s.frames.Allow() {
			s.end(closePolicy)
			return
		}
		take(f)
	}
}
