package webhook

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

var out = gateway.Outgoing{
	Conversation: gateway.Conversation{Channel: "hook", Chat: "c1", Thread: "t1"}, Key: "k/0", InReplyTo: "m1", Text: "An answer [1].", Final: true,
	Sources: []gateway.Source{{Number: 1, Title: "Returns"}},
}

func status(code int, more ...string) func(http.ResponseWriter, func()) {
	return func(w http.ResponseWriter, _ func()) {
		for i := 0; i+1 < len(more); i += 2 {
			w.Header().Set(more[i], more[i+1])
		}
		w.WriteHeader(code)
		if len(more)%2 == 1 {
			_, _ = w.Write([]byte(more[len(more)-1]))
		}
	}
}

func TestPostAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter, func())
		id     string
		kind   error
	}{
		{"with an ID", status(200, `{"id":"p1"}`), "p1", nil},
		{"with a number", status(201, `{"id":12345678901234567890}`), "12345678901234567890", nil},
		{"with nothing", status(204), "k/0", nil},
		{"with something else", status(200, "OK"), "k/0", nil},
		{"posted before", status(409, `{"id":"p1"}`), "p1", nil},
		{"posted before, no ID", status(409, "<html>"), "k/0", nil},
		{"refused text", status(400), "", fault.Invalid},
		{"too large", status(413), "", fault.Invalid},
		{"unprocessable", status(422), "", fault.Invalid},
		{"wrong signature", status(401), "", fault.Denied},
		{"forbidden", status(403), "", fault.Denied},
		{"no such chat", status(404), "", fault.NotFound},
		{"chat gone", status(410), "", fault.NotFound},
		{"moved", status(307, "Location", "https://elsewhere.example/"), "", fault.NotFound},
		{"broken", status(500, "<html>"), "", fault.Unavailable},
		{"too many", status(429), "", fault.Unavailable},
		{"busy", status(503), "", fault.Unavailable},
		{"too slow", func(http.ResponseWriter, func()) { time.Sleep(300 * time.Millisecond) }, "", fault.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t, "timeout: 200ms\n")
			p.script(c.answer)
			id, err := p.channel.Post(t.Context(), out)
			if id != c.id || !errors.Is(err, c.kind) || (err == nil) != (c.kind == nil) {
				t.Errorf("got %q, %v; want %q, %v", id, err, c.id, c.kind)
			}
		})
	}
}

func TestRetries(t *testing.T) {
	p := open(t, "retries: 3\n")
	p.script(status(500), status(502), status(503))
	id, err := p.channel.Post(t.Context(), out)
	if err != nil || id != "post-1" || len(p.posts) != 1 {
		t.Errorf("after three failures: %q, %v, %d posts", id, err, len(p.posts))
	}
	if len(p.heads) != 4 {
		t.Errorf("%d requests, want 4", len(p.heads))
	}
	for _, h := range p.heads {
		if h.Get("Idempotency-Key") != "k/0" || h.Get("Content-Type") != "application/json" {
			t.Errorf("request has the headers %v", h)
		}
	}
	for _, answer := range []func(http.ResponseWriter, func()){status(422), status(429, "Retry-After", "7")} {
		before := len(p.heads)
		p.script(answer)
		if _, err := p.channel.Post(t.Context(), out); err == nil || len(p.heads) != before+1 {
			t.Errorf("%v after %d requests, want an error after one", err, len(p.heads)-before)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": 0, "Mon, 23 Nov 2026 20:00:30 GMT": 30 * time.Second,
		"Mon, 23 Nov 2026 19:00:00 GMT": 0, "99999999": 24 * time.Hour, "": -1, "soon": -1, "-3": -1,
	} {
		got, ok := retryAfter(value, now)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func TestEndedContext(t *testing.T) {
	p := open(t, "retries: 5\n")
	ctx, cancel := context.WithCancel(t.Context())
	p.script(func(w http.ResponseWriter, _ func()) {
		cancel()
		w.WriteHeader(http.StatusBadGateway)
	})
	started := time.Now()
	if _, err := p.channel.Post(ctx, out); err == nil {
		t.Error("no error")
	}
	if took := time.Since(started); took > time.Second {
		t.Errorf("went on for %v", took)
	}
}

func TestTypingAndEdit(t *testing.T) {
	p := open(t, "")
	if err := p.channel.(gateway.Typer).Typing(t.Context(), out.Conversation); err != nil || len(p.heads) != 0 {
		t.Errorf("typing that nobody asked for: %v, %d requests", err, len(p.heads))
	}
	if _, ok := p.channel.(gateway.Editor); ok {
		t.Error("without edit: true the channel is an Editor")
	}
	p = open(t, "typing: true\nedit: true\npace: 2s\nmax_text: 900\n")
	if err := p.channel.(gateway.Typer).Typing(t.Context(), out.Conversation); err != nil || len(p.heads) != 1 {
		t.Errorf("typing: %v, %d requests", err, len(p.heads))
	}
	want := gateway.Profile{Format: gateway.Markdown, MaxText: 900, Pace: 2 * time.Second, Dedupes: true, Sources: true}
	if got := p.channel.(gateway.Profiler).Profile(); got != want {
		t.Errorf("profile %+v, want %+v", got, want)
	}
}

func TestSettings(t *testing.T) {
	good := "secret: " + secret + "\nurl: https://im.example/replies\n"
	if _, err := Open(setup(good, nil)); err != nil {
		t.Errorf("good settings: %v", err)
	}
	for _, c := range []struct{ config, want string }{
		{"secret: short\nurl: https://im.example/", "secret must have"},
		{"url: https://im.example/", "secret must have"},
		{"secret: " + secret, "url must be"},
		{"secret: " + secret + "\nurl: ftp://im.example/", "url must be"},
		{"secret: " + secret + "\nurl: /replies", "url must be"},
		{good + "retries: 9", "retries must"},
		{good + "timeout: 1ns", "timeout must"},
		{good + "max_text: 5", "max_text must"},
		{good + "pace: 1ms", "pace must"},
		{good + "nosuch: 1", "nosuch"},
		{"secret: short\nurl: none", "url must be"}, // both are told
	} {
		_, err := Open(setup(c.config, nil))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.config, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
}
