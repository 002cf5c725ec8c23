package slack

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

// world is a channel and the made-up Slack behind it.
type world struct {
	*fake
	*Channel
	ear   channeltest.Ear
	home  channeltest.Home
	roots map[string]string // by the suite's name of a thread
}

func open(t *testing.T, text string, w *world) (*Channel, error) {
	t.Helper()
	ch, err := Open(w.home.Setup("sl", text))
	if err != nil {
		return nil, err
	}
	return ch.(*Channel), nil
}

const tokens = "bot_token: " + botToken + "\napp_token: " + appToken + "\n"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{fake: newFake(t), roots: map[string]string{}}
	var err error
	if w.Channel, err = open(t, tokens+"base_url: "+w.URL+"/api\npace: 100ms\nsilence: 500ms\n", w); err != nil {
		t.Fatal(err)
	}
	return w
}

// Listen has an ear at what could be stored and what not.
func (w *world) Listen(ctx context.Context, deliver gateway.Deliver) error {
	return w.Channel.Listen(ctx, w.ear.Hear(deliver))
}

// place is the channel of a chat: people's are D…, others C….
func place(chat string) string {
	if chat == channeltest.Group {
		return "C" + strings.ToUpper(chat)
	}
	return "D" + strings.ToUpper(chat)
}

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// write makes somebody write.
func (w *world) write(s channeltest.Said) *said {
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	m := &said{User: "U" + strings.ToUpper(s.Chat), Text: escapes.Replace(s.Text), channel: place(s.Chat)}
	if s.Person != "" {
		m.User = "U" + strings.ToUpper(s.Person)
	}
	if s.Bot {
		m.User, m.BotID, m.Subtype = "", "BOTHER", "bot_message"
	}
	if s.Mention {
		m.Text = "<@" + botUser + "> " + m.Text
	}
	if s.Thread != "" {
		if w.roots[s.Thread] == "" {
			w.roots[s.Thread] = w.keep(&said{User: "UROOT", Text: "the first message of " + s.Thread, channel: m.channel}).TS
		}
		m.ThreadTS = w.roots[s.Thread]
	}
	for _, x := range w.messages {
		if s.ReplyTo != "" && x.TS == s.ReplyTo {
			m.ThreadTS = x.ThreadTS
		}
	}
	if s.File != "" {
		w.files["F-"+s.File] = s.Content
		m.Subtype, m.Files = "file_share", []any{map[string]any{"id": "F-" + s.File, "name": s.File, "mimetype": "text/plain", "size": len(s.Content)}}
	}
	return w.keep(m)
}

func (w *world) event(e any) string {
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	return w.envelope("events_api", e)
}

func (w *world) connected() bool {
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	return len(w.sockets) > 0
}

func (w *world) say(_ *testing.T, s channeltest.Said) (string, bool) {
	m := w.write(s)
	channeltest.Until(w.connected, 200*time.Millisecond)
	w.event(event1(m))
	id := m.channel + ":" + m.TS
	return id, w.ear.Said(id)
}

func (w *world) redeliver(_ *testing.T, id string) bool {
	return w.ear.Again(id, func() {
		w.fake.mu.Lock()
		defer w.fake.mu.Unlock()
		for _, m := range w.messages {
			if m.channel+":"+m.TS == id {
				w.envelope("events_api", event1(m))
			}
		}
	})
}

func (w *world) shown(_ *testing.T, chat, thread string) (all []channeltest.Shown) {
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	named := map[string]bool{}
	for _, root := range w.roots {
		named[root] = true
	}
	for _, m := range w.messages {
		in := m.ThreadTS == w.roots[thread]
		if thread == "" {
			in = !named[m.ThreadTS] // what begins in the channel is answered in a thread of its own
		}
		if m.User == botUser && m.channel == place(chat) && in {
			all = append(all, channeltest.Shown{ID: m.TS, Text: m.Text, Edited: m.edits > 0})
		}
	}
	return all
}

func (w *world) far() channeltest.Far {
	given := ""
	return channeltest.Far{
		Say: w.say, Redeliver: w.redeliver, Shown: w.shown, Groups: true, Threads: true, Bots: true, Files: true,
		Cut: func(*testing.T) { w.cut() },
		Silence: func(*testing.T) {
			w.fake.mu.Lock()
			defer w.fake.mu.Unlock()
			w.quiet = true
		},
		FailPost: func(_ *testing.T, kept bool) {
			w.play(func(rw http.ResponseWriter) bool {
				if !kept {
					refuse(rw, "internal_error", nil)
				}
				return !kept
			})
		},
		RefuseRate: func(_ *testing.T, wait time.Duration) {
			w.play(func(rw http.ResponseWriter) bool {
				rw.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
				rw.WriteHeader(http.StatusTooManyRequests)
				return true
			})
		},
		Rate: func(_ *testing.T, chat, post string, value int) {
			kind := "reaction_added"
			switch value {
			case 1:
				given = "+1::skin-tone-3"
			case -1:
				given = "thumbsdown"
			default:
				kind = "reaction_removed"
			}
			w.event(map[string]any{"type": kind, "user": "U" + strings.ToUpper(chat), "reaction": given, "item": map[string]any{"type": "message", "channel": place(chat), "ts": post}})
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
	for text, want := range map[string]string{
		"app_token: " + appToken:                              "bot_token must be",
		"bot_token: " + botToken:                              "app_token must be",
		"bot_token: " + appToken + "\napp_token: " + appToken: "bot_token must be",
		tokens + "base_url: slack":                            "base_url must be",
		tokens + "pace: 1ms":                                  "pace must be",
		tokens + "silence: 1h":                                "silence must lie",
	} {
		if _, err := open(t, text, &world{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	c, err := open(t, tokens, &world{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Account(); got != "11-22" {
		t.Errorf("account %q", got)
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"1 &lt; 2 &amp;&amp; 3 &gt; 2":               "1 < 2 && 3 > 2",
		"see <https://a.example/x>":                  "see https://a.example/x",
		"see <https://a.example/x|the page>":         "see the page (https://a.example/x)",
		"see <http://a.example|a.example>":           "see http://a.example",
		"<mailto:a@b.example|a@b.example> writes":    "mailto:a@b.example writes",
		"<@U1> and <@U2|lee> in <#C1|help>, <!here>": "@U1 and @lee in #help, @here",
		"&amp;lt;": "&lt;",
		"a < b":    "a < b",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"<@UBOT> hi": "hi", "<@UBOT|parley>: hi": "hi", "hi <@UBOT>": "hi"} {
		if got, ok := unmention(text, botUser); !ok || got != want {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
	if got, ok := unmention("<@UBOTTOM> hi", botUser); ok {
		t.Errorf("somebody else: %q", got)
	}
}
