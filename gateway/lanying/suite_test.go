package lanying

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
	"github.com/parley-im/parley/gateway/lanying/lanyingtest"
)

// world is a channel and the made-up Lanying behind it.
type world struct {
	*lanyingtest.Server
	ch gateway.Channel

	ear  channeltest.Ear
	home channeltest.Home
	said map[string]lanyingtest.Message
}

func open(t *testing.T, text string, w *world) (gateway.Channel, error) {
	t.Helper()
	return Open(w.home.Setup("im", text))
}

func webhookConfig(s *lanyingtest.Server) string {
	return fmt.Sprintf("app_id: %s\nurl: %s/\nbot: %d\ntoken: %s\nsecret: %s\npace: 1s\nantispam_prompt: blocked\n", lanyingtest.App, s.URL, uint64(lanyingtest.Bot), lanyingtest.Admin, lanyingtest.Secret)
}

func socketConfig(s *lanyingtest.Server) string {
	return fmt.Sprintf("app_id: %s\nreceive: socket\ndns_url: %s\nusername: %s\npassword: %s\npace: 1s\nping: 200ms\n", lanyingtest.App, s.URL, lanyingtest.Username, lanyingtest.Password)
}

func newWorld(t *testing.T, config func(*lanyingtest.Server) string) *world {
	t.Helper()
	w := &world{Server: lanyingtest.New(t), said: map[string]lanyingtest.Message{}}
	var err error
	if w.ch, err = open(t, config(w.Server), w); err != nil {
		t.Fatal(err)
	}
	if h, ok := w.ch.(http.Handler); ok {
		w.Call = func(body []byte, signature string) int {
			r := httptest.NewRequest(http.MethodPost, "/channels/im/", bytes.NewReader(body))
			r.Header.Set("signature", signature)
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			return rec.Code
		}
	}
	return w
}

// channel has no more abilities than w.ch, and an ear at what could be stored.
type hookedEar struct {
	*hooked
	w *world
}

func (e hookedEar) Listen(ctx context.Context, deliver gateway.Deliver) error {
	return e.hooked.Listen(ctx, e.w.ear.Hear(deliver))
}

type heldEar struct {
	*held
	w *world
}

func (e heldEar) Listen(ctx context.Context, deliver gateway.Deliver) error {
	return e.held.Listen(ctx, e.w.ear.Hear(deliver))
}

func (w *world) channel() gateway.Channel {
	if h, ok := w.ch.(*hooked); ok {
		return hookedEar{h, w}
	}
	return heldEar{w.ch.(*held), w}
}

// num makes numbers of names.
func num(name string) uint64 {
	n := uint64(2199040000000)
	for _, b := range []byte(name) {
		n = n + uint64(b)*31 + n%1000
	}
	return n
}

func spoken(s channeltest.Said) lanyingtest.Message {
	name := s.Person
	if name == "" {
		name = "person of " + s.Chat
	}
	m := lanyingtest.Message{From: num(name), To: lanyingtest.Bot, Content: s.Text}
	if s.Chat == channeltest.Group {
		m.To, m.Group, m.Config = num(s.Chat), true, `{"mentionAll":false,"senderNickname":"bob"}`
		if s.Mention {
			m.Content = "@" + lanyingtest.Nick + " " + s.Text
			m.Config = fmt.Sprintf(`{"mentionList":[%d],"senderNickname":"bob"}`, uint64(lanyingtest.Bot))
		}
	} else {
		m.From = num(s.Chat)
	}
	if s.Bot {
		m.Ext = `{"ai":{"role":"ai"}}`
	}
	return m
}

func (w *world) say(_ *testing.T, s channeltest.Said) (string, bool) {
	if w.Call == nil {
		channeltest.Until(func() bool { return w.Sockets() > 0 }, 200*time.Millisecond)
	}
	x := spoken(s)
	if s.File != "" {
		x.CType, x.Attachment = "FILE", fmt.Sprintf(`{"url":%q,"dName":%q,"fLen":%d}`, w.File(s.File, s.Content), s.File, len(s.Content))
	}
	m := w.Say(x)
	key := id(m.ID)
	w.said[key] = m
	if w.Call != nil {
		return key, w.Offer(m, 1, nil)
	}
	return key, w.ear.Said(key)
}

func (w *world) redeliver(_ *testing.T, key string) bool {
	if w.Call != nil {
		return w.Offer(w.said[key], 1, nil)
	}
	return w.ear.Again(key, func() { w.Again(w.said[key].ID) })
}

func (w *world) far() channeltest.Far {
	f := channeltest.Far{
		Say: w.say, Redeliver: w.redeliver, Groups: true, Bots: true, Flat: true, Files: true,
		Shown: func(_ *testing.T, chat, _ string) (list []channeltest.Shown) {
			for _, m := range w.Messages(num(chat)) {
				x := channeltest.Shown{ID: id(m.ID), Text: m.Content, Edited: m.Replaced+len(m.Pieces) > 0, Key: extOf(m.Ext).Parley.Key}
				var e struct {
					AI struct {
						Request string `json:"request_msg_id"`
					} `json:"ai"`
				}
				_ = json.Unmarshal([]byte(m.Ext), &e)
				x.InReplyTo = e.AI.Request
				list = append(list, x)
			}
			return list
		},
		FailPost: func(_ *testing.T, kept bool) { w.Play(lanyingtest.Fault{Kept: kept, Status: http.StatusBadGateway}) },
		RefuseRate: func(_ *testing.T, wait time.Duration) {
			w.Play(lanyingtest.Fault{Status: http.StatusTooManyRequests, Wait: wait})
		},
		Seen: w.home.Seen,
	}
	if w.Call == nil {
		f.Cut = func(*testing.T) { w.Cut() }
		f.Silence = func(*testing.T) { w.Silence(true) }
	}
	return f
}

func TestWebhook(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) (gateway.Channel, channeltest.Far) {
		w := newWorld(t, webhookConfig)
		return w.channel(), w.far()
	})
}

func TestSocket(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) (gateway.Channel, channeltest.Far) {
		w := newWorld(t, socketConfig)
		return w.channel(), w.far()
	})
}
