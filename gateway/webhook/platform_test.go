package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
)

const secret = "a secret of some length"

// platform is a small home-made IM: it keeps what was posted, and signs what is said.
type platform struct {
	t       *testing.T
	channel gateway.Channel
	in      *httptest.Server // Parley's side
	out     *httptest.Server // the IM's side
	clock   int64            // makes the timestamps of two requests differ

	mu      sync.Mutex
	said    map[string][]byte // id → body
	posts   []reply
	byKey   map[string]string // Idempotency-Key → id
	ratings []gateway.Rating
	answers []func(w http.ResponseWriter, keep func()) // scripted, one for each request
	heads   []http.Header
}

// open starts the platform and a channel that is joined to it. more is added to the settings.
func open(t *testing.T, more string) *platform {
	p := &platform{t: t, said: map[string][]byte{}, byKey: map[string]string{}}
	p.out = httptest.NewServer(http.HandlerFunc(p.take))
	t.Cleanup(p.out.Close)
	var err error
	if !strings.Contains(more, "retries:") {
		more += "retries: 0\n"
	}
	p.channel, err = Open(setup(fmt.Sprintf("secret: %s\nurl: %s\n%s", secret, p.out.URL, more), p.rate))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/channels/hook/", p.channel.(http.Handler))
	p.in = httptest.NewServer(mux)
	t.Cleanup(p.in.Close)
	return p
}

func setup(config string, rate func(context.Context, gateway.Rating) error) gateway.Setup {
	return gateway.Setup{
		Name: "hook",
		Decode: func(into any) error {
			d := yaml.NewDecoder(strings.NewReader(config))
			d.KnownFields(true)
			return d.Decode(into)
		},
		Client: &http.Client{Timeout: 5 * time.Second},
		Log:    slog.New(slog.DiscardHandler),
		Seen:   func() {},
		Rate:   rate,
	}
}

func (p *platform) rate(_ context.Context, r gateway.Rating) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ratings = append(p.ratings, r)
	return nil
}

// take is the IM's end of the replies.
func (p *platform) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get(SignatureHeader) != Sign(secret, r.Header.Get(TimestampHeader), body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var in reply
	if err := json.Unmarshal(body, &in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heads = append(p.heads, r.Header.Clone())
	id := ""
	keep := func() { id = p.keep(r.Header.Get("Idempotency-Key"), in) }
	if len(p.answers) > 0 {
		answer := p.answers[0]
		p.answers = p.answers[1:]
		answer(w, keep)
		return
	}
	keep()
	_ = json.NewEncoder(w).Encode(map[string]string{"id": id})
}

func (p *platform) keep(key string, in reply) string {
	switch in.Type {
	case "typing":
		return ""
	case "edit":
		for i := range p.posts {
			if p.posts[i].ID == in.ID {
				p.posts[i] = in
			}
		}
		return in.ID
	}
	if id, ok := p.byKey[key]; ok {
		return id
	}
	in.ID = "post-" + strconv.Itoa(len(p.posts)+1)
	p.byKey[key] = in.ID
	p.posts = append(p.posts, in)
	return in.ID
}

// script answers the next request in its own way.
func (p *platform) script(answers ...func(w http.ResponseWriter, keep func())) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, answers...)
}

// send signs body and posts it to Parley.
func (p *platform) send(path string, body []byte) *http.Response {
	p.t.Helper()
	p.clock++
	timestamp := strconv.FormatInt(time.Now().Unix()-p.clock%200, 10) // no two alike in a test
	return p.raw(path, body, timestamp, Sign(secret, timestamp, body))
}

func (p *platform) raw(path string, body []byte, timestamp, signature string) *http.Response {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.in.URL+"/channels/hook/"+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set(TimestampHeader, timestamp)
	req.Header.Set(SignatureHeader, signature)
	resp, err := p.in.Client().Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func (p *platform) say(t *testing.T, s channeltest.Said) (string, bool) {
	id := "m" + strconv.Itoa(len(p.said)+1)
	person := s.Person
	if person == "" {
		person = "person of " + s.Chat
	}
	mentioned := s.Mention
	if s.ReplyTo != "" {
		mentioned = true // this IM tells so itself
	}
	body, err := json.Marshal(map[string]any{
		"id": id, "chat": s.Chat, "thread": s.Thread, "text": s.Text, "stop": s.Stop,
		"sender": map[string]any{"id": person, "name": person, "bot": s.Bot},
		"direct": s.Chat != channeltest.Group, "mentioned": mentioned, "sent_at": time.Now().Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.said[id] = body
	return id, p.redeliver(t, id)
}

func (p *platform) redeliver(t *testing.T, id string) bool {
	resp := p.send("", p.said[id])
	var got struct{ ID string }
	if resp.StatusCode == http.StatusAccepted {
		if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || got.ID != id {
			t.Errorf("acknowledged %q (%v), want %q", got.ID, err, id)
		}
	}
	return resp.StatusCode == http.StatusAccepted
}

func (p *platform) far() channeltest.Far {
	return channeltest.Far{
		Say: p.say, Redeliver: p.redeliver,
		Shown: func(_ *testing.T, chat, thread string) (shown []channeltest.Shown) {
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, r := range p.posts {
				if r.Chat == chat && r.Thread == thread {
					shown = append(shown, channeltest.Shown{ID: r.ID, Key: r.Key, InReplyTo: r.InReplyTo, Text: r.Text, Sources: len(r.Sources)})
				}
			}
			return shown
		},
		Groups: true, Threads: true, Bots: true, Stops: true,
		FailPost: func(_ *testing.T, kept bool) {
			p.script(func(w http.ResponseWriter, keep func()) {
				if kept {
					keep()
				}
				w.WriteHeader(http.StatusBadGateway)
			})
		},
		RefuseRate: func(_ *testing.T, wait time.Duration) {
			p.script(func(w http.ResponseWriter, _ func()) {
				w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
				w.WriteHeader(http.StatusTooManyRequests)
			})
		},
		Rate: func(t *testing.T, chat, post string, value int) {
			body := fmt.Sprintf(`{"post":%q,"chat":%q,"sender":{"id":%q},"value":%d}`, post, chat, "person of "+chat, value)
			if resp := p.send("ratings", []byte(body)); resp.StatusCode != http.StatusAccepted {
				t.Errorf("thumb: status %d", resp.StatusCode)
			}
		},
		Ratings: func() []gateway.Rating {
			p.mu.Lock()
			defer p.mu.Unlock()
			return append([]gateway.Rating(nil), p.ratings...)
		},
	}
}

func TestChannel(t *testing.T) {
	for name, more := range map[string]string{"plain": "", "editing": "edit: true\ntyping: true\nmax_text: 500\n"} {
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T) (gateway.Channel, channeltest.Far) {
				p := open(t, more)
				return p.channel, p.far()
			})
		})
	}
}
