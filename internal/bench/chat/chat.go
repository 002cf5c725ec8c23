// Package chat is a visitor of the browser chat as a program: it talks over the
// WebSocket, connects again when the connection breaks or goes silent, says again
// what was not acknowledged, and remembers what it was shown. A browser does the
// same; this one can be had five hundred times.
package chat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// Entry is what somebody said, as the page shows it.
type Entry struct {
	Type      string `json:"type"` // said, post
	ID        string `json:"id"`
	Seq       int64  `json:"seq"`
	Text      string `json:"text"`
	InReplyTo string `json:"in_reply_to"`
	Final     bool   `json:"final"`
	Notice    bool   `json:"notice"`
}

// frame is any frame of the server.
type frame struct {
	Entry
	Code       string  `json:"code"`
	RetryAfter int     `json:"retry_after"`
	History    []Entry `json:"history"`
}

// Visitor is one person with one tab.
type Visitor struct {
	// A connection on which nothing came for PingAfter is asked for a sign of life, and
	// given up after another DeafAfter. The page has the same times.
	PingAfter, DeafAfter time.Duration

	channel string
	jar     http.CookieJar

	mu      sync.Mutex
	line    *line
	changed chan struct{} // closed and made anew when line changes
	acks    map[string]chan error
	whole   map[string]time.Time // by the message that was answered: when its answer was whole
	texts   map[string]string    // by the ID of a post: its final text
	answers map[string]string    // by the ID of a post: the message that it answers
	strange []string
	seenAt  time.Time
}

// patience is how long a handshake or an acknowledgement may take.
const patience = 3 * time.Second

// NewVisitor returns one who has not come yet.
func NewVisitor(channel string) (*Visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Visitor{
		PingAfter: 25 * time.Second, DeafAfter: 10 * time.Second, channel: channel, jar: jar, changed: make(chan struct{}),
		acks: map[string]chan error{}, whole: map[string]time.Time{}, texts: map[string]string{}, answers: map[string]string{},
	}, nil
}

// line is one connection.
type line struct {
	conn  *websocket.Conn
	ended chan struct{} // closed when nothing is read any more

	mu    sync.Mutex // of writing
	heard atomic.Int64
}

func (l *line) write(frame any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.conn.SetWriteDeadline(time.Now().Add(patience)), l.conn.WriteJSON(frame))
}

// open opens the chat at address and returns what was said so far.
func (v *Visitor) open(ctx context.Context, address string) (*line, []Entry, error) {
	dialer := websocket.Dialer{Jar: v.jar, HandshakeTimeout: patience}
	conn, res, err := dialer.DialContext(ctx, "ws://"+address+"/channels/"+v.channel+"/socket", nil)
	if err != nil {
		return nil, nil, fmt.Errorf("open the chat: %w", err)
	}
	_ = res.Body.Close() // empty
	l := &line{conn: conn, ended: make(chan struct{})}
	var f frame
	err = errors.Join(l.write(map[string]any{"type": "hello", "locale": "en"}), conn.SetReadDeadline(time.Now().Add(patience)))
	if err == nil {
		err = conn.ReadJSON(&f)
	}
	if err == nil && f.Type != "welcome" {
		err = fmt.Errorf("not welcome: %s", f.Code)
	}
	if err == nil {
		err = conn.SetReadDeadline(time.Time{})
	}
	if err != nil {
		_ = conn.Close()
		return nil, nil, fmt.Errorf("say hello: %w", err)
	}
	for _, e := range f.History {
		v.see(e)
	}
	return l, f.History, nil
}

// Look opens the chat at address, returns what was said so far, and leaves.
func (v *Visitor) Look(ctx context.Context, address string) ([]Entry, error) {
	l, history, err := v.open(ctx, address)
	if err != nil {
		return nil, err
	}
	return history, l.conn.Close()
}

// Stay keeps the chat open until ctx ends, with one connection after the other.
// where is asked for the address each time.
func (v *Visitor) Stay(ctx context.Context, where func() string) error {
	for wait := 50 * time.Millisecond; ctx.Err() == nil; {
		l, _, err := v.open(ctx, where())
		if err == nil {
			wait = 50 * time.Millisecond
			v.on(ctx, l)
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		case <-ctx.Done():
		}
	}
	return nil
}

// on uses a connection to its end.
func (v *Visitor) on(ctx context.Context, l *line) {
	v.connect(l)
	defer v.connect(nil)
	var watched sync.WaitGroup
	watched.Go(func() { v.watch(ctx, l) })
	v.read(l)
	close(l.ended)
	watched.Wait()
}

func (v *Visitor) connect(l *line) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.line = l
	close(v.changed)
	v.changed = make(chan struct{})
}

// watch closes the connection when ctx ends or when it is deaf.
func (v *Visitor) watch(ctx context.Context, l *line) {
	defer l.conn.Close()
	l.heard.Store(time.Now().UnixNano())
	tick := time.NewTicker(v.PingAfter / 10)
	defer tick.Stop()
	pinged := false
	for {
		select {
		case <-tick.C:
		case <-l.ended:
			return
		case <-ctx.Done():
			return
		}
		switch silent := time.Since(time.Unix(0, l.heard.Load())); {
		case silent > v.PingAfter+v.DeafAfter:
			return
		case silent <= v.PingAfter:
			pinged = false
		case !pinged:
			pinged = true
			if l.write(map[string]any{"type": "ping"}) != nil {
				return
			}
		}
	}
}

// read takes frames until the connection ends.
func (v *Visitor) read(l *line) {
	for {
		var f frame
		if l.conn.ReadJSON(&f) != nil {
			return
		}
		l.heard.Store(time.Now().UnixNano())
		switch f.Type {
		case "post", "edit", "said":
			v.see(f.Entry)
		case "ack":
			v.acknowledge(f.ID, nil)
		case "refused":
			v.acknowledge(f.ID, &refused{f.Code, time.Duration(f.RetryAfter) * time.Second})
		}
	}
}

type refused struct {
	code  string
	after time.Duration
}

func (r *refused) Error() string { return "the chat refused: " + r.code }

func (v *Visitor) acknowledge(id string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if ch := v.acks[id]; ch != nil {
		select {
		case ch <- err:
		default: // twice: it was said twice
		}
	}
}

// see notes what is shown. Edits have no in_reply_to: that of their post holds.
func (v *Visitor) see(e Entry) {
	if e.Type == "said" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seenAt = time.Now()
	if e.InReplyTo != "" {
		v.answers[e.ID] = e.InReplyTo
	}
	if !e.Final {
		return
	}
	if old, ok := v.texts[e.ID]; ok && old != e.Text && len(v.strange) < 5 {
		v.strange = append(v.strange, "an answer that was whole changed: "+e.ID)
	}
	v.texts[e.ID] = e.Text
	if to := v.answers[e.ID]; to != "" {
		if _, ok := v.whole[to]; !ok {
			v.whole[to] = time.Now()
		}
	}
}

// Say says a text under an ID until it is acknowledged. Somebody must be in Stay.
func (v *Visitor) Say(ctx context.Context, id uuid.UUID, text string) error {
	ack := make(chan error, 1)
	v.mu.Lock()
	v.acks[id.String()] = ack
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.acks, id.String())
	}()
	for {
		err := v.try(ctx, id, text, ack)
		if err == nil {
			return nil
		}
		wait := 50 * time.Millisecond
		if r, ok := errors.AsType[*refused](err); ok {
			if r.code != "unavailable" && r.code != "rate_limited" {
				return err
			}
			wait = max(wait, r.after)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", context.Cause(ctx), err)
		}
	}
}

func (v *Visitor) try(ctx context.Context, id uuid.UUID, text string, ack <-chan error) error {
	v.mu.Lock()
	l, changed := v.line, v.changed
	v.mu.Unlock()
	if l == nil {
		select {
		case <-changed:
			return errors.New("not connected")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if err := l.write(map[string]any{"type": "say", "id": id.String(), "text": text}); err != nil {
		_ = l.conn.Close()
		return err
	}
	select {
	case err := <-ack:
		return err
	case <-l.ended:
		return errors.New("the connection broke")
	case <-time.After(patience):
		_ = l.conn.Close() // half-open: nothing comes back
		return errors.New("no acknowledgement")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Whole tells when the answer to each message was whole for this visitor.
func (v *Visitor) Whole() map[string]time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	whole := map[string]time.Time{}
	for id, at := range v.whole {
		whole[id] = at
	}
	return whole
}

// Seen tells when anything was shown last, and what was shown that must not be.
func (v *Visitor) Seen() (last time.Time, strange []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.seenAt, append([]string(nil), v.strange...)
}
