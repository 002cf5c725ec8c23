package webchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"go.yaml.in/yaml/v4"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/live"
	"github.com/parley-im/parley/internal/ratelimit"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/internal/sqlite/webchats"
)

const fast = "per_minute: 60000\nburst: 1000\naddress_per_minute: 60000\naddress_burst: 1000\n"

// site is a server with one browser chat.
type site struct {
	channel *webchat.Channel
	server  *httptest.Server

	mu      sync.Mutex
	ratings []gateway.Rating
	rateErr error
}

func openSite(t *testing.T, config string, store webchat.Store, bus ...live.Bus) *site {
	t.Helper()
	s := &site{}
	setup := gateway.Setup{
		Name: "web", Decode: strict(config),
		Log: slog.New(slog.DiscardHandler), Seen: func() {}, Rate: s.rate,
	}
	if len(bus) > 0 {
		setup.Bus = bus[0]
	}
	ch, err := webchat.With(store, ratelimit.NewMemory(0))(setup)
	if err != nil {
		t.Fatal(err)
	}
	s.channel = ch.(*webchat.Channel)
	mux := http.NewServeMux()
	mux.Handle("/channels/web/", s.channel)
	mux.Handle("/chat", s.channel.Page())
	mux.Handle("/chat/", s.channel.Page())
	mux.Handle("/widget.js", s.channel.Script())
	mux.Handle("/widget", s.channel.Demo())
	s.server = httptest.NewServer(mux)
	t.Cleanup(func() {
		if err := s.channel.Close(); err != nil {
			t.Error(err)
		}
		s.server.Close()
	})
	return s
}

func strict(config string) func(any) error {
	return func(into any) error {
		d := yaml.NewDecoder(strings.NewReader(config))
		d.KnownFields(true)
		return d.Decode(into)
	}
}

func newStore(t *testing.T) webchat.Store { return webchats.New(sqlitetest.Open(t)) }

func (s *site) rate(_ context.Context, r gateway.Rating) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ratings = append(s.ratings, r)
	return s.rateErr
}

// listen runs the channel's Listen until the test ends and returns what it delivers.
func (s *site) listen(t *testing.T) <-chan gateway.Message {
	t.Helper()
	got := make(chan gateway.Message, 100)
	s.listenWith(t, func(_ context.Context, m gateway.Message) error {
		got <- m
		return nil
	})
	return got
}

func (s *site) listenWith(t *testing.T, deliver gateway.Deliver) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.channel.Listen(ctx, deliver); !errors.Is(err, context.Canceled) {
			t.Errorf("Listen returned %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	for end := time.Now().Add(5 * time.Second); !s.channel.Listening(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody listens")
		}
	}
}

// browser is one visitor's browser: it keeps cookies.
type browser struct {
	site   *site
	origin string // of the page that holds the chat, "" for our own
	jar    http.CookieJar
	token  string // what the widget keeps in localStorage
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{site: s, origin: s.server.URL, jar: jar}
}

// frame is any frame of the server.
type frame struct {
	Type, Token, Chat, ID, Text, Code, Post string
	InReplyTo                               string `json:"in_reply_to"`
	RetryAfter                              int    `json:"retry_after"`
	Seq                                     int64
	Final, Notice                           bool
	Value, Rating                           int
	Sources                                 []gateway.Source
	History                                 []frame
}

type tab struct {
	t    *testing.T
	conn *websocket.Conn
	last frame // the welcome
}

func (b *browser) dial(t *testing.T) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	d := websocket.Dialer{Jar: b.jar, HandshakeTimeout: 5 * time.Second}
	header := http.Header{}
	if b.origin != "" {
		header.Set("Origin", b.origin)
	}
	return d.DialContext(t.Context(), "ws"+strings.TrimPrefix(b.site.server.URL, "http")+"/channels/web/socket", header)
}

// open opens a tab and says hello.
func (b *browser) open(t *testing.T) *tab {
	t.Helper()
	conn, _, err := b.dial(t)
	if err != nil {
		t.Fatal(err)
	}
	x := &tab{t: t, conn: conn}
	t.Cleanup(func() { _ = conn.Close() })
	x.send(map[string]any{"type": "hello", "token": b.token, "locale": "zh-CN"})
	x.last = x.await("welcome")
	if x.last.Token != "" {
		b.token = x.last.Token
	}
	return x
}

func (x *tab) send(v any) {
	x.t.Helper()
	if err := x.conn.WriteJSON(v); err != nil {
		x.t.Fatal(err)
	}
}

func (x *tab) next() frame {
	x.t.Helper()
	f, err := x.read()
	if err != nil {
		x.t.Fatalf("read frame: %v", err)
	}
	return f
}

func (x *tab) read() (f frame, err error) {
	if err := x.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return f, err
	}
	_, data, err := x.conn.ReadMessage()
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(data, &f)
}

// await reads until a frame of one of the types comes.
func (x *tab) await(types ...string) frame {
	x.t.Helper()
	for {
		f := x.next()
		for _, t := range types {
			if f.Type == t {
				return f
			}
		}
	}
}

// say sends text and returns what it was answered with: ack or refused.
func (x *tab) say(id, text string) frame {
	x.t.Helper()
	x.send(map[string]any{"type": "say", "id": id, "text": text})
	return x.await("ack", "refused")
}

func (x *tab) close() {
	x.t.Helper()
	_ = x.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
	_ = x.conn.Close()
}

// people are browsers by the name of their chat, for channeltest.
type people struct {
	*site
	all  map[string]*browser
	said map[string]channeltest.Said
}

func (p *people) browserOf(t *testing.T, chat string) *browser {
	if p.all[chat] == nil {
		p.all[chat] = p.browser(t)
	}
	return p.all[chat]
}

// say opens a tab for each thing said: the connection may break at any time.
func (p *people) say(t *testing.T, s channeltest.Said) (string, bool) {
	id := uuid.NewString()
	p.said[id] = s
	return id, p.redeliver(t, id)
}

func (p *people) redeliver(t *testing.T, id string) bool {
	s := p.said[id]
	x := p.browserOf(t, s.Chat).open(t)
	defer x.close()
	if s.Stop {
		x.send(map[string]any{"type": "stop"})
		x.send(map[string]any{"type": "ping"})
		return x.await("pong", "refused").Type == "pong"
	}
	return x.say(id, s.Text).Type == "ack"
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) (gateway.Channel, channeltest.Far) {
		p := &people{site: openSite(t, fast, newStore(t)), all: map[string]*browser{}, said: map[string]channeltest.Said{}}
		return p.channel, channeltest.Far{
			Say: p.say, Redeliver: p.redeliver, Stops: true,
			Shown: func(t *testing.T, chat, _ string) (shown []channeltest.Shown) {
				x := p.browserOf(t, chat).open(t)
				defer x.close()
				for _, f := range x.last.History {
					if f.Type == "post" {
						shown = append(shown, channeltest.Shown{ID: f.ID, Key: f.ID, Text: f.Text, Sources: len(f.Sources)})
					}
				}
				return shown
			},
			Rate: func(t *testing.T, chat, post string, value int) {
				x := p.browserOf(t, chat).open(t)
				defer x.close()
				x.send(map[string]any{"type": "rate", "post": post, "value": value})
				if f := x.await("rated", "refused"); f.Type != "rated" || f.Post != post || f.Value != value {
					t.Errorf("thumb %d was answered with %+v", value, f)
				}
			},
			Ratings: func() []gateway.Rating {
				p.mu.Lock()
				defer p.mu.Unlock()
				return append([]gateway.Rating(nil), p.ratings...)
			},
		}
	})
}
