package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// listen runs Listen until the test ends and hands each message to deliver.
func (p *platform) listen(deliver gateway.Deliver) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := p.channel.Listen(ctx, deliver); !errors.Is(err, context.Canceled) {
			p.t.Errorf("Listen returned %v", err)
		}
	}()
	p.t.Cleanup(func() {
		cancel()
		<-ended
	})
	for end := time.Now().Add(5 * time.Second); !p.channel.(*Channel).Listening(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatal("nobody listens")
		}
	}
}

const hello = `{"id":"m1","chat":"c1","sender":{"id":"u1"},"text":"hello","direct":true}`

func TestDecodeMessage(t *testing.T) {
	now := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	got, err := decodeMessage("hook", []byte(`{
		"id": 12345678901234567890, "chat": 9007199254740993, "thread": "t", "text": "a\u0000b",
		"sender": {"id": -7, "name": "Ann", "bot": true}, "mentioned": true, "locale": "zh-CN", "sent_at": 1795464000,
		"attachments": [{"name": "a.pdf", "type": "application/pdf", "size": 3, "url": "https://x.example/a.pdf"}],
		"something": {"else": [1]}}`), now)
	if err != nil {
		t.Fatal(err)
	}
	want := gateway.Message{
		ID:           "12345678901234567890",
		Conversation: gateway.Conversation{Channel: "hook", Chat: "9007199254740993", Thread: "t"},
		Sender:       gateway.Person{ID: "-7", Name: "Ann", Bot: true},
		Text:         "ab", Locale: "zh-CN", Mentioned: true, SentAt: time.Unix(1795464000, 0),
		Attachments: []gateway.Attachment{{Name: "a.pdf", Type: "application/pdf", Size: 3, URL: "https://x.example/a.pdf"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got, err = decodeMessage("hook", []byte(hello), now)
	if err != nil || !got.SentAt.Equal(now) || !got.Direct {
		t.Errorf("without sent_at: %+v, %v", got, err)
	}
	got, err = decodeMessage("hook", []byte(`{"id":1,"chat":2,"sender":{"id":3},"text":"x","sent_at":"2026-11-23T20:15:00+08:00","thread":null}`), now)
	if err != nil || !got.SentAt.Equal(time.Date(2026, 11, 23, 12, 15, 0, 0, time.UTC)) {
		t.Errorf("with a zone: %+v, %v", got, err)
	}
}

func TestWrongBodies(t *testing.T) {
	p := open(t, "")
	p.listen(func(_ context.Context, m gateway.Message) error {
		t.Errorf("delivered %+v", m)
		return nil
	})
	with := func(old, new string) string { return strings.Replace(hello, old, new, 1) }
	for _, c := range []struct{ body, location, detail string }{
		{with(`"m1"`, `{}`), "body.id", "id must be a string or a number, not object"},
		{with(`"m1"`, `""`), "body.id", "id must be a string or a number, and not empty"},
		{with(`"m1"`, `null`), "body.id", "id must be"},
		{with(`"m1"`, `true`), "body.id", "not bool"},
		{with(`"m1"`, `"a\u0000"`), "body.id", "holds NUL"},
		{with(`"m1"`, `"`+strings.Repeat("x", 600)+`"`), "body.id", "longer than 512"},
		{with(`"id":"m1",`, ``), "body.id", "id must be"},
		{with(`"c1"`, `["c1"]`), "body.chat", "chat must be a string or a number, not array"},
		{with(`{"id":"u1"}`, `"u1"`), "body.sender", "sender must be an object, not string"},
		{with(`"u1"`, `[]`), "body.sender.id", "sender.id must be a string or a number, not array"},
		{with(`"hello"`, `17`), "body.text", "text must be a string, not number"},
		{with(`"hello"`, `" \n"`), "body.text", "text must not be empty"},
		{with(`true`, `"yes"`), "body.direct", "direct must be true or false, not string"},
		{with(`true`, `true,"sent_at":"yesterday"`), "body.sent_at", "sent_at must be a time like"},
		{with(`true`, `true,"sent_at":1e99`), "body.sent_at", "sent_at must be a time like"},
		{with(`true`, `true,"sent_at":{}`), "body.sent_at", "not object"},
		{with(`true`, `true,"attachments":{}`), "body.attachments", "attachments must be a list"},
		{with(`true`, `true,"attachments":[{"size":"big"}]`), "body.attachments", "must be a whole number, not string"},
		{`[]`, "", "must be an object, not array"},
		{`"x"`, "", "must be an object, not string"},
		{`null`, "body.id", "id must be"},
		{``, "", "must be a JSON object"},
		{hello[:30], "", "must be a JSON object"},
		{hello + hello, "", "one JSON object and nothing else"},
	} {
		resp := p.send("", []byte(c.body))
		got := readProblem(t, resp)
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(got.Detail, c.detail) || got.Code != "invalid_body" {
			t.Errorf("%s: %d %+v, want 400 with %q", c.body, resp.StatusCode, got, c.detail)
		}
		if c.location != "" && (len(got.Errors) != 1 || !strings.HasPrefix(got.Errors[0].Location, c.location)) {
			t.Errorf("%s: errors %+v, want %s", c.body, got.Errors, c.location)
		}
	}
}

type problemBody struct {
	Status       int
	Code, Detail string
	Errors       []struct{ Location, Message string }
}

func readProblem(t *testing.T, resp *http.Response) (p problemBody) {
	t.Helper()
	if kind := resp.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("status %d has the type %q", resp.StatusCode, kind)
	}
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Status != resp.StatusCode {
		t.Errorf("status %d has the body %+v, %v", resp.StatusCode, p, err)
	}
	return p
}

func TestSignatures(t *testing.T) {
	p := open(t, "")
	p.listen(func(context.Context, gateway.Message) error { return nil })
	now := func(off time.Duration) string { return strconv.FormatInt(time.Now().Add(off).Unix(), 10) }
	good := now(0)
	for _, c := range []struct {
		name, timestamp, signature string
		want                       int
	}{
		{"right", good, Sign(secret, good, []byte(hello)), http.StatusAccepted},
		{"the same again", good, Sign(secret, good, []byte(hello)), http.StatusConflict},
		{"signed afresh", now(-time.Second), Sign(secret, now(-time.Second), []byte(hello)), http.StatusAccepted},
		{"wrong secret", good, Sign("another secret that is long", good, []byte(hello)), http.StatusUnauthorized},
		{"other body", good, Sign(secret, good, []byte(hello+" ")), http.StatusUnauthorized},
		{"other time", now(-time.Minute), Sign(secret, good, []byte(hello)), http.StatusUnauthorized},
		{"no signature", good, "", http.StatusUnauthorized},
		{"no prefix", good, strings.TrimPrefix(Sign(secret, good, []byte(hello)), "sha256="), http.StatusUnauthorized},
		{"capitals", good, strings.ToUpper(Sign(secret, good, []byte(hello))), http.StatusUnauthorized},
		{"no timestamp", "", Sign(secret, "", []byte(hello)), http.StatusUnauthorized},
		{"odd timestamp", "today", Sign(secret, "today", []byte(hello)), http.StatusUnauthorized},
		{"stale", now(-6 * time.Minute), Sign(secret, now(-6*time.Minute), []byte(hello)), http.StatusUnauthorized},
		{"from the future", now(6 * time.Minute), Sign(secret, now(6*time.Minute), []byte(hello)), http.StatusUnauthorized},
	} {
		resp := p.raw("", []byte(hello), c.timestamp, c.signature)
		if resp.StatusCode != c.want {
			t.Errorf("%s: status %d, want %d", c.name, resp.StatusCode, c.want)
		}
		if resp.StatusCode != http.StatusAccepted {
			readProblem(t, resp)
		}
	}
}

func TestReplaysAreForgotten(t *testing.T) {
	var r replays
	now := time.Now()
	if err := errors.Join(r.claim("a", now), r.claim("b", now.Add(8*time.Minute))); err != nil {
		t.Fatal(err)
	}
	if err := r.claim("a", now.Add(9*time.Minute)); !errors.Is(err, fault.Conflict) {
		t.Errorf("after 9 minutes: %v", err)
	}
	if err := r.claim("c", now.Add(11*time.Minute)); err != nil {
		t.Error(err)
	}
	if len(r.seen) != 2 {
		t.Errorf("%d signatures are kept, want b and c", len(r.seen))
	}
}

func TestNotTaken(t *testing.T) {
	p := open(t, "")
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	sign := Sign(secret, timestamp, []byte(hello))
	resp := p.raw("", []byte(hello), timestamp, sign)
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("nobody listens: status %d, %v", resp.StatusCode, resp.Header)
	}
	fail := true
	p.listen(func(context.Context, gateway.Message) error {
		if fail {
			fail = false
			return errors.New("disk /var/secret is full")
		}
		return nil
	})
	resp = p.raw("", []byte(hello), timestamp, sign)
	if body := readProblem(t, resp); resp.StatusCode != http.StatusInternalServerError || strings.Contains(body.Detail, "disk") {
		t.Errorf("an internal error: %d %+v", resp.StatusCode, body)
	}
	// It was never taken, so even the very same request may come again.
	if resp := p.raw("", []byte(hello), timestamp, sign); resp.StatusCode != http.StatusAccepted {
		t.Errorf("offered again: status %d", resp.StatusCode)
	}
}

func TestRoutesAndSizes(t *testing.T) {
	p := open(t, "")
	p.listen(func(context.Context, gateway.Message) error { return nil })
	big := []byte(`{"id":"m","chat":"c","sender":{"id":"u"},"text":"` + strings.Repeat("x", 1<<20) + `"}`)
	if resp := p.send("", big); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("1 MB and more: status %d", resp.StatusCode)
	}
	if resp := p.send("nosuch", []byte(hello)); resp.StatusCode != http.StatusNotFound {
		t.Errorf("unknown path: status %d", resp.StatusCode)
	}
	resp, err := p.in.Client().Get(p.in.URL + "/channels/hook/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != http.MethodPost {
		t.Errorf("GET: status %d, %v", resp.StatusCode, resp.Header)
	}
	for _, body := range []string{`{"post":"p","chat":"c","sender":{"id":"u"}}`, `{"post":"p","chat":"c","sender":{"id":"u"},"value":2}`, `{"post":"p","chat":"c","sender":{"id":"u"},"value":"up"}`} {
		resp := p.send("ratings", []byte(body))
		if got := readProblem(t, resp); resp.StatusCode != http.StatusBadRequest || !strings.HasPrefix(got.Detail, "value must be") {
			t.Errorf("%s: %d %+v", body, resp.StatusCode, got)
		}
	}
}

func FuzzDecodeMessage(f *testing.F) {
	for _, s := range []string{hello, `{}`, `[]`, `null`, `{"id":1e5,"chat":0.1,"sender":{"id":-0},"text":"x"}`, `{"id":"\ud800","sent_at":"x"}`, `{"sender":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := decodeMessage("hook", body, time.Now())
		if err != nil {
			if _, ok := errors.AsType[*fieldError](err); !ok {
				t.Fatalf("%q gave %v, which is not an error that can be told", body, err)
			}
			return
		}
		if m.ID == "" || m.Conversation.Chat == "" || m.Sender.ID == "" || m.SentAt.IsZero() || strings.Contains(m.ID+m.Text, "\x00") {
			t.Fatalf("%q became %+v", body, m)
		}
		if m.Text == "" && !m.Stop && len(m.Attachments) == 0 {
			t.Fatalf("%q became an empty message", body)
		}
	})
}
