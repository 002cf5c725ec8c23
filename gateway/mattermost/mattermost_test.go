package mattermost

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
)

// world is a channel and the made-up server behind it.
type world struct {
	*fake
	*Channel

	ear   channeltest.Ear
	home  channeltest.Home
	roots map[string]string // by the suite's name of a thread
}

func open(t *testing.T, text string, w *world) (*Channel, error) {
	t.Helper()
	ch, err := Open(w.home.Setup("mm", text))
	if err != nil {
		return nil, err
	}
	return ch.(*Channel), nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{fake: newFake(t), roots: map[string]string{}}
	var err error
	if w.Channel, err = open(t, "url: "+w.URL+"/\ntoken: "+token+"\npace: 100ms\nping: 200ms\n", w); err != nil {
		t.Fatal(err)
	}
	return w
}

// Listen has an ear at what could be stored and what not.
func (w *world) Listen(ctx context.Context, deliver gateway.Deliver) error {
	return w.Channel.Listen(ctx, w.ear.Hear(deliver))
}

// write makes somebody write a post.
func (w *world) write(s channeltest.Said) post {
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	name := s.Person
	if name == "" {
		name = s.Chat
	}
	if s.Bot {
		name = "beep"
	}
	w.fake.users["u-"+name] = user{ID: "u-" + name, Username: name, IsBot: s.Bot, Locale: "zh-CN"}
	p := post{UserID: "u-" + name, ChannelID: s.Chat, Message: s.Text, RootID: w.root(s)}
	if s.Mention {
		p.Message = "@parley " + s.Text
	}
	if s.ReplyTo != "" {
		for _, x := range w.posts {
			if x.ID == s.ReplyTo {
				p.RootID = x.RootID
			}
		}
	}
	if s.File != "" {
		w.files["f-"+s.File] = s.Content
		p.Metadata.Files = append(p.Metadata.Files, file{"f-" + s.File, s.File, "text/plain", int64(len(s.Content))})
	}
	return w.keep(p)
}

// root finds the first post of a thread, or has somebody write it, unnoticed.
func (w *world) root(s channeltest.Said) string {
	if s.Thread == "" {
		return ""
	}
	if w.roots[s.Thread] == "" {
		w.roots[s.Thread] = w.keep(post{UserID: "u-root", ChannelID: s.Chat, Message: "the first post of " + s.Thread}).ID
	}
	return w.roots[s.Thread]
}

func (w *world) event(p post) {
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	w.tell("posted", map[string]any{"channel_type": w.chat(p.ChannelID).Type, "post": text(p)})
}

func (w *world) connected() bool {
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	return len(w.sockets) > 0
}

func (w *world) say(_ *testing.T, s channeltest.Said) (string, bool) {
	p := w.write(s)
	channeltest.Until(w.connected, 200*time.Millisecond)
	w.event(p)
	return p.ID, w.ear.Said(p.ID)
}

func (w *world) redeliver(_ *testing.T, id string) bool {
	return w.ear.Again(id, func() {
		w.fake.mu.Lock()
		l := list(w.posts, func(p post) bool { return p.ID == id })
		w.fake.mu.Unlock()
		w.event(l.Posts[id])
	})
}

func (w *world) shown(_ *testing.T, chat, thread string) (all []channeltest.Shown) {
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	named := map[string]bool{}
	for _, root := range w.roots {
		named[root] = true
	}
	for _, p := range w.posts {
		in := p.RootID == w.roots[thread]
		if thread == "" {
			in = !named[p.RootID] // what begins in the chat is answered in a thread of its own
		}
		if p.UserID != botID || p.ChannelID != chat || !in {
			continue
		}
		x := channeltest.Shown{ID: p.ID, Text: p.Message, Edited: w.edits[p.ID] > 0}
		x.Key, _ = p.Props[keyProp].(string)
		all = append(all, x)
	}
	return all
}

func (w *world) react(post, person, emoji, event string) {
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	w.tell(event, map[string]any{"reaction": text(map[string]string{"user_id": person, "post_id": post, "emoji_name": emoji})})
}

func (w *world) far() channeltest.Far {
	given := "" // the thumb that is there
	return channeltest.Far{
		Say: w.say, Redeliver: w.redeliver, Shown: w.shown, Groups: true, Threads: true, Bots: true, Files: true,
		Cut: func(*testing.T) { w.cut() },
		Silence: func(*testing.T) {
			w.fake.mu.Lock()
			defer w.fake.mu.Unlock()
			w.deaf = true
		},
		FailPost: func(_ *testing.T, kept bool) {
			w.play(func(rw http.ResponseWriter) bool {
				if !kept {
					refuse(rw, http.StatusBadGateway, "")
				}
				return !kept
			})
		},
		RefuseRate: func(_ *testing.T, wait time.Duration) {
			w.play(func(rw http.ResponseWriter) bool {
				rw.Header().Set("X-Ratelimit-Reset", strconv.Itoa(int(wait.Seconds())))
				rw.WriteHeader(http.StatusTooManyRequests)
				return true
			})
		},
		Rate: func(_ *testing.T, chat, post string, value int) {
			event := "reaction_added"
			switch value {
			case 1:
				given = "+1_medium_skin_tone"
			case -1:
				given = "thumbsdown"
			case 0:
				event = "reaction_removed"
			}
			w.react(post, "u-"+chat, given, event)
		},
		Ratings: w.home.Ratings, Seen: w.home.Seen,
	}
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, func(t *testing.T) (gateway.Channel, channeltest.Far) {
		w := newWorld(t)
		return w, w.far()
	})
}

func TestSettings(t *testing.T) {
	const good = "url: https://chat.example.com\ntoken: abc\n"
	for text, want := range map[string]string{
		"token: abc":                       "url must be",
		"url: chat.example.com\ntoken: ab": "url must be",
		"url: https://chat.example.com":    "token must be",
		good + "pace: 1ms":                 "pace must be",
		good + "ping: 2m":                  "ping must lie",
	} {
		if _, err := open(t, text, &world{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	one, err := open(t, good, &world{})
	if err != nil {
		t.Fatal(err)
	}
	two, _ := open(t, good+"pace: 3s", &world{})
	other, _ := open(t, "url: https://chat.example.com\ntoken: abd\n", &world{})
	if one.Account() != two.Account() || one.Account() == other.Account() || strings.Contains(one.Account(), "abc") {
		t.Errorf("accounts %s, %s and %s", one.Account(), two.Account(), other.Account())
	}
}
