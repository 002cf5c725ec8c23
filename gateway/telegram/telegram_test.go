package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
	"github.com/parley-im/parley/internal/fault"
)

// world is a channel and the made-up Telegram behind it.
type world struct {
	*fake
	channel *Channel

	ear  channeltest.Ear
	home channeltest.Home
	said map[string]update
}

func open(t *testing.T, text string, w *world) (gateway.Channel, error) {
	t.Helper()
	return Open(w.home.Setup("tg", text))
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{fake: newFake(t), said: map[string]update{}}
	ch, err := open(t, config(w.fake), w)
	if err != nil {
		t.Fatal(err)
	}
	w.channel = ch.(*Channel)
	return w
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) (gateway.Channel, channeltest.Far) {
		w := newWorld(t)
		return &tapped{w.channel, w}, w.far()
	})
}

// tapped is the channel with an ear at what could not be stored.
type tapped struct {
	*Channel
	w *world
}

func (t *tapped) Listen(ctx context.Context, deliver gateway.Deliver) error {
	return t.Channel.Listen(ctx, t.w.ear.Hear(deliver))
}

// update makes what somebody says into an update, as Telegram writes it.
func (w *world) update(s channeltest.Said) update {
	w.mu.Lock()
	w.ids++
	m := &message{ID: w.ids, Date: time.Now().Unix(), Text: s.Text, Chat: chat{ID: number(s.Chat), Type: "private"}}
	w.mu.Unlock()
	name := s.Person
	if name == "" {
		name = s.Chat
	}
	m.From = &user{ID: number(name), FirstName: name, IsBot: s.Bot, Language: "zh-hans"}
	if s.Chat == channeltest.Group {
		m.Chat = chat{ID: -number(s.Chat), Type: "supergroup"}
		if s.Thread != "" {
			m.Thread, m.IsTopic = number(s.Thread), true
		}
		if s.Mention {
			m.Text = "👋 @Parley_bot " + s.Text
			m.Text = strings.TrimPrefix(m.Text, "👋 ")
			m.Entities = []entity{{Type: "mention", Offset: 0, Length: 11}}
		}
		if s.ReplyTo != "" {
			m.ReplyTo = &message{From: &user{ID: 7, IsBot: true}}
		}
	}
	if s.File != "" {
		w.mu.Lock()
		w.files["f-"+s.File] = s.Content
		w.mu.Unlock()
		m.Caption, m.Text = m.Text, ""
		m.Document = &file{ID: "f-" + s.File, Name: s.File, Size: int64(len(s.Content))}
	}
	return update{Message: m}
}

func (w *world) say(t *testing.T, s channeltest.Said) (string, bool) {
	t.Helper()
	u := w.update(s)
	w.said[itoa(u.Message.ID)] = u
	number := w.push(u)
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
		if _, refused := w.ear.Heard(itoa(u.Message.Chat.ID) + ":" + itoa(u.Message.ID)); refused > 0 {
			return itoa(u.Message.ID), false
		}
		if w.confirmed(number, 0) {
			return itoa(u.Message.ID), true
		}
		time.Sleep(time.Millisecond)
	}
	return itoa(u.Message.ID), false
}

func (w *world) far() channeltest.Far {
	return channeltest.Far{
		Say: w.say, Groups: true, Threads: true, Bots: true, Files: true,
		Redeliver: func(t *testing.T, id string) bool {
			w.mu.Lock()
			for _, u := range w.updates {
				if u.Message != nil && itoa(u.Message.ID) == id { // it waits still
					w.mu.Unlock()
					return w.confirmed(u.ID, 2*time.Second)
				}
			}
			w.mu.Unlock()
			return w.confirmed(w.push(w.said[id]), 2*time.Second)
		},
		Shown: func(_ *testing.T, chat, thread string) (list []channeltest.Shown) {
			w.mu.Lock()
			defer w.mu.Unlock()
			in, topic := number(chat), int64(0)
			if chat == channeltest.Group {
				in = -in
			}
			if thread != "" {
				topic = number(thread)
			}
			for _, x := range w.posts {
				if x.chat == in && x.thread == topic {
					list = append(list, channeltest.Shown{ID: itoa(x.id), InReplyTo: itoa(x.chat) + ":" + itoa(x.replyTo), Text: x.text, Edited: x.edits > 0})
				}
			}
			return list
		},
		Cut: func(*testing.T) {
			w.CloseClientConnections()
		},
		FailPost: func(_ *testing.T, kept bool) {
			w.play(func(_ string, rw http.ResponseWriter) bool {
				if !kept {
					refuse(rw, 502, "Bad Gateway", 0)
				}
				return !kept
			})
		},
		RefuseRate: func(_ *testing.T, wait time.Duration) {
			w.play(fails(429, "Too Many Requests: retry after 3", int(wait.Seconds())))
		},
		Rate: func(_ *testing.T, chat, post string, value int) {
			r := &reaction{User: &user{ID: number(chat), FirstName: chat}}
			r.Chat.ID = number(chat)
			r.Message = repliedTo("x:" + post)
			if thumb := map[int]string{1: "👍", -1: "👎"}[value]; thumb != "" {
				if err := json.Unmarshal([]byte(`[{"type":"emoji","emoji":"`+thumb+`"}]`), &r.New); err != nil {
					panic(err)
				}
			}
			w.push(update{Reaction: r})
		},
		Ratings: w.home.Ratings, Seen: w.home.Seen,
	}
}

func TestSettings(t *testing.T) {
	for text, want := range map[string]string{
		"token: x":       "token must be",
		"token: 1:short": "token must be",
		"token: " + token + "\nbase_url: ftp://x": "base_url must be",
		"token: " + token + "\npace: 1ms":         "pace must be",
		"token: " + token + "\npoll: 2m":          "poll must lie",
	} {
		if _, err := open(t, text, &world{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), token) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// What Telegram answers becomes an error of a kind, with a sentence and without the token.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		code int
		text string
		kind error
		want string
	}{
		{401, "Unauthorized", fault.Denied, "does not accept the token"},
		{403, "Forbidden: bot was blocked by the user", fault.Denied, "may not write there"},
		{403, "Forbidden: bot was kicked from the group chat", fault.Denied, "may not write there"},
		{400, "Bad Request: chat not found", fault.NotFound, ""},
		{400, "Bad Request: message thread not found", fault.NotFound, ""},
		{400, "Bad Request: not enough rights to send text messages to the chat", fault.Denied, ""},
		{400, "Bad Request: message is too long", fault.Invalid, ""},
		{500, "Internal Server Error", fault.Unavailable, ""},
		{429, "Too Many Requests", fault.Unavailable, ""},
	} {
		w := newWorld(t)
		w.play(fails(c.code, c.text, 0))
		_, err := w.channel.Post(t.Context(), gateway.Outgoing{Conversation: gateway.Conversation{Chat: "1"}, Text: "x"})
		if _, sentence := fault.Public(err); !errors.Is(err, c.kind) || !strings.Contains(sentence, c.want) {
			t.Errorf("%d %s: %v (%q)", c.code, c.text, err, sentence)
		}
	}
	w := newWorld(t)
	w.play(func(_ string, rw http.ResponseWriter) bool { _, _ = rw.Write([]byte("<html>")); return true })
	if _, err := w.channel.Post(t.Context(), gateway.Outgoing{Conversation: gateway.Conversation{Chat: "1"}, Text: "x"}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("a web page: %v", err)
	}
	w.fake.Close()
	err := w.channel.Listen(t.Context(), nil)
	if err == nil || strings.Contains(err.Error(), token) || !errors.Is(err, fault.Unavailable) {
		t.Errorf("nobody there: %v", err)
	}
	for _, bad := range []gateway.Conversation{{Chat: "abc"}, {Chat: "1", Thread: "t"}} {
		if _, err := w.channel.Post(t.Context(), gateway.Outgoing{Conversation: bad}); !errors.Is(err, fault.NotFound) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestUnmention(t *testing.T) {
	me := user{ID: 7, Username: "parley_bot"}
	at := func(text, word string) entity {
		i := strings.Index(text, word)
		units := func(s string) int { return len(utf16.Encode([]rune(s))) }
		return entity{Type: "mention", Offset: units(text[:i]), Length: units(word)}
	}
	for _, c := range []struct{ text, word, kind, want string }{
		{"@parley_bot how long?", "@parley_bot", "mention", "how long?"},
		{"👍👍 @Parley_Bot，多久？", "@Parley_Bot", "mention", "👍👍 ，多久？"},
		{"how long @parley_bot", "@parley_bot", "mention", "how long"},
		{"/ask@parley_bot how long?", "/ask@parley_bot", "bot_command", "/ask how long?"},
	} {
		e := at(c.text, c.word)
		e.Type = c.kind
		if got, ok := unmention(c.text, []entity{e}, me); !ok || got != c.want {
			t.Errorf("%q: %q, %v; want %q", c.text, got, ok, c.want)
		}
	}
	for _, e := range []entity{{Type: "mention", Offset: 0, Length: 6}, {Type: "mention", Offset: -1, Length: 3}, {Type: "mention", Offset: 2, Length: 99}, {Type: "bold", Offset: 0, Length: 3}} {
		if got, ok := unmention("@other how?", []entity{e}, me); ok || got != "@other how?" {
			t.Errorf("%+v: %q, %v", e, got, ok)
		}
	}
	if got, ok := unmention("Parley how?", []entity{{Type: "text_mention", Offset: 0, Length: 6, User: &user{ID: 7}}}, me); !ok || got != "how?" {
		t.Errorf("a mention by number: %q, %v", got, ok)
	}
}

func TestFiles(t *testing.T) {
	w := newWorld(t)
	w.files["doc-1"] = strings.Repeat("x", 1000)
	m := &message{ID: 1, From: &user{ID: 2}, Chat: chat{ID: 2, Type: "private"}, Caption: "look", Document: &file{ID: "doc-1", Name: "a.pdf", Size: 1000}, Photo: []file{{ID: "small"}, {ID: "large"}}}
	got, ok := w.channel.message(user{ID: 7}, m)
	if !ok || got.Text != "look" || len(got.Attachments) != 2 || got.Attachments[0].Name != "a.pdf" || got.Attachments[1].URL != fileScheme+"large" {
		t.Fatalf("%+v", got)
	}
	body, err := w.channel.Fetch(t.Context(), got.Attachments[0], 1000)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if err != nil || string(data) != w.files["doc-1"] || body.Close() != nil {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, err := w.channel.Fetch(t.Context(), got.Attachments[0], 999); !errors.Is(err, fault.Invalid) {
		t.Errorf("a file that is too large: %v", err)
	}
	if _, err := w.channel.Fetch(t.Context(), gateway.Attachment{URL: "https://evil.example/"}, 1000); !errors.Is(err, fault.NotFound) {
		t.Errorf("another address: %v", err)
	}
}

// An edited question is another question; posts in channels and what the bot itself said are none.
func TestWhatIsDelivered(t *testing.T) {
	w := newWorld(t)
	var got []gateway.Message
	deliver := func(_ context.Context, m gateway.Message) error { got = append(got, m); return nil }
	m := message{ID: 1, From: &user{ID: 2}, Chat: chat{ID: 2, Type: "private"}, Text: "hi"}
	edited, own, silent, posted := m, m, m, m
	edited.EditDate, own.From, silent.Text, posted.Chat.Type = 5, &user{ID: 7}, " ", "channel"
	for _, u := range []update{{Message: &m}, {Edited: &edited}, {Message: &own}, {Message: &silent}, {Message: &posted}, {}, {Message: &message{}}} {
		if err := w.channel.take(t.Context(), user{ID: 7}, u, deliver); err != nil {
			t.Error(err)
		}
	}
	if len(got) != 2 || got[0].ID != "2:1" || got[1].ID != "2:1:5" {
		t.Errorf("delivered %+v", got)
	}
}

func FuzzUpdate(f *testing.F) {
	f.Add([]byte(`{"update_id":1,"message":{"message_id":2,"from":{"id":3},"chat":{"id":4,"type":"group"},"text":"@b x","entities":[{"type":"mention","offset":0,"length":2}]}}`))
	f.Add([]byte(`{"message_reaction":{"chat":{"id":1},"user":{"id":2},"new_reaction":[{"type":"emoji","emoji":"👍"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var u update
		if json.Unmarshal(data, &u) != nil {
			return
		}
		c := &Channel{name: "tg"}
		err := c.take(t.Context(), user{ID: 7, Username: "b"}, u, func(_ context.Context, m gateway.Message) error {
			if m.ID == "" || m.Conversation.Chat == "" || m.Sender.ID == "" {
				t.Errorf("%q became %+v", data, m)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
