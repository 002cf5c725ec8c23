package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web"
	"github.com/parley-im/parley/knowledge"
)

func withConsole(c *web.Config) {
	c.Console = fstest.MapFS{
		"index.html":     {Data: []byte(`<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><div id="root">`)},
		"assets/a-1.js":  {Data: []byte("1")},
		"boot.js":        {Data: []byte("2")},
		".gitkeep":       {Data: []byte("secret")},
		"assets/.hidden": {Data: []byte("secret")},
	}
}

func TestConsole(t *testing.T) {
	h := open(t, withConsole)
	p := h.nobody()
	const html = "text/html,application/xhtml+xml"
	tests := []struct {
		path, accept string
		status       int
		cache, body  string
	}{
		{"/console/", html, 200, "no-store", "root"},
		{"/console/", "*/*", 200, "no-store", "root"},
		{"/console/documents/abc", html, 200, "no-store", "root"},
		{"/console/setup?token=x", html, 200, "no-store", "root"},
		{"/console/documents/abc", "application/json", 404, "", ""},
		{"/console/assets/a-1.js", "*/*", 200, "immutable", "1"},
		{"/console/boot.js", "*/*", 200, "no-cache", "2"},
		{"/console/assets/gone.js", "*/*", 404, "", ""},
		{"/console/assets/gone.js", html, 404, "", ""},
		{"/console/.gitkeep", html, 404, "", ""},
		{"/console/assets/.hidden", html, 404, "", ""},
		{"/console/..%2f..%2fserver.go", html, 404, "", ""},
		{"/console/%2e%2e/server.go", html, 404, "", ""},
		{"/console/..%5c..%5cserver.go", html, 404, "", ""},
		{"/console", html, 301, "", ""},
		{"/", html, 302, "", ""},
		{"/etc/passwd", html, 404, "", ""},
	}
	for _, test := range tests {
		got := p.get(test.path, "Accept", test.accept)
		if got.status != test.status || !strings.Contains(got.header.Get("Cache-Control"), test.cache) || !strings.Contains(got.body, test.body) || strings.Contains(got.body, "package web") {
			t.Errorf("%s (%s): got %d %q %q", test.path, test.accept, got.status, got.header.Get("Cache-Control"), got.body)
		}
	}
	etag := p.get("/console/boot.js").header.Get("ETag")
	if got := p.get("/console/boot.js", "If-None-Match", etag); got.status != 304 {
		t.Errorf("the same file again: status %d, want 304", got.status)
	}
}

func TestConsoleIsStrict(t *testing.T) {
	h := open(t, withConsole)
	seen := map[string]bool{}
	for range 3 {
		got := h.nobody().get("/console/", "Accept", "text/html")
		policy := got.header.Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`style-src 'self' 'nonce-([\w-]{20,})'`).FindStringSubmatch(policy)
		if nonce == nil || !strings.Contains(got.body, `content="`+nonce[1]+`"`) || seen[nonce[1]] {
			t.Fatalf("policy %q, page %q", policy, got.body)
		}
		seen[nonce[1]] = true
		for _, want := range []string{"default-src 'self'", "script-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("policy lacks %s: %s", want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("policy: %s", policy)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %q", name, got.header.Get(name))
			}
		}
	}
}

func TestConsoleThatWasNotBuilt(t *testing.T) {
	h := open(t, func(c *web.Config) { c.Console = fstest.MapFS{".gitkeep": {}} })
	got := h.nobody().get("/console/", "Accept", "text/html")
	if got.status != 503 || !strings.Contains(got.body, "make build") {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestSourcePage(t *testing.T) {
	h := open(t)
	err := h.receipts.Remember(t.Context(), "s", bot.Receipt{ReplyKey: "key-1", Cited: []int{1, 3}, At: time.Now(), Passages: []knowledge.Passage{
		{Document: `<script>alert("title")</script>`, Heading: "Delivery › <b>Times</b>", Location: "page 3", Text: "Two days.\n<img src=x onerror=alert(1)>", URL: "https://shop.example/a?b=1&c=2"},
		{Document: "not cited", Text: "canary"},
		{Document: "c", Text: "t", URL: "javascript:alert(1)"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p := h.nobody()
	got := p.get("/sources/key-1/1", "Accept-Language", "en-GB")
	for _, want := range []string{"&lt;script&gt;", "&lt;img src=x onerror=alert(1)&gt;", "Delivery › &lt;b&gt;", "page 3", `href="https://shop.example/a?b=1&amp;c=2"`, "Open the document", `lang="en"`} {
		if !strings.Contains(got.body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	if got.status != 200 || strings.Contains(got.body, "<script") || strings.Contains(got.body, "<img") || strings.Contains(got.body, "ZgotmplZ") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy: %s", policy)
	}
	if got := p.get("/sources/key-1/1", "Accept-Language", "zh-TW,zh;q=0.9,en;q=0.5"); !strings.Contains(got.body, "打开原文档") {
		t.Errorf("not in Chinese: %s", got.body)
	}
	if got := p.get("/sources/key-1/3"); got.status != 200 || strings.Contains(got.body, "javascript:") {
		t.Errorf("a script became a link: %s", got.body)
	}
	for _, path := range []string{"/sources/key-1/2", "/sources/key-1/0", "/sources/key-1/4", "/sources/key-1/-1", "/sources/key-1/x", "/sources/none/1", "/sources/key-1/99999999999999999999"} {
		got := p.get(path)
		if got.status != 404 || !strings.Contains(got.body, "This passage is not here") || strings.Contains(got.body, "canary") {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
	if strings.Contains(h.log.String(), "key-1") {
		t.Error("the key of an answer is in the log: whoever reads the log could read the source")
	}
}

func TestReady(t *testing.T) {
	var broken error
	h := open(t, func(c *web.Config) {
		c.Ready = []web.Check{
			{Name: "database", Ask: func(context.Context) error { return nil }},
			{Name: "gateway", Ask: func(context.Context) error { return broken }},
			{Name: "redis", Ask: func(context.Context) error { return fault.Unavailable }, Soft: true},
		}
	})
	p := h.nobody()
	if got := p.get("/healthz"); got.status != 200 {
		t.Errorf("healthz: %d", got.status)
	}
	if got := p.get("/readyz"); got.status != 200 || !strings.Contains(got.body, `{"name":"gateway","ok":true,"detail":""},{"name":"redis","ok":false,`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
	broken = fmt.Errorf("dial 10.0.0.7: secret detail: %w", fault.Unavailable)
	if got := p.get("/readyz"); got.status != 503 || strings.Contains(got.body, "secret detail") || !strings.Contains(got.body, `"ok":false`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := p.get("/healthz"); got.status != 200 {
		t.Errorf("healthz while not ready: %d", got.status)
	}
}

func TestMountedHandlers(t *testing.T) {
	h := open(t, func(c *web.Config) {
		echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.URL.Path)
			if _, ok := w.(http.Hijacker); !ok {
				t.Error("no WebSocket could be opened")
			}
		})
		c.Channels = map[string]http.Handler{"im": echo}
		c.Pages = map[string]http.Handler{"/chat": echo, "/boom": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("canary") })}
	})
	p := h.nobody()
	for _, path := range []string{"/channels/im", "/channels/im/", "/channels/im/ratings", "/chat"} {
		if got := p.get(path); got.status != 200 || got.body != path {
			t.Errorf("%s: got %d %q", path, got.status, got.body)
		}
	}
	got := p.get("/boom")
	if got.status != 500 || got.json(t)["code"] != "internal" || strings.Contains(got.body, "canary") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if log := h.log.String(); !strings.Contains(log, "canary") || !strings.Contains(log, got.header.Get("X-Request-Id")) {
		t.Error("the panic is not in the log with the number of its request")
	}
	if got := p.get("/chat"); got.status != 200 {
		t.Error("the server did not live on")
	}
	h.config.Pages = map[string]http.Handler{"GET /healthz": http.NotFoundHandler()}
	if _, err := web.New(h.config); err == nil {
		t.Error("clashing pages were accepted")
	}
}

func TestRunStopsGracefully(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	h := open(t, func(c *web.Config) {
		c.Pages = map[string]http.Handler{"/slow": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(began)
			<-finish
			fmt.Fprint(w, "whole")
		})}
	})
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.server.Run(ctx, l) }()
	conn := must(net.Dial("tcp", l.Addr().String()))
	fmt.Fprint(conn, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-began
	stop()
	close(finish)
	res := must(http.ReadResponse(bufio.NewReader(conn), nil))
	if res.StatusCode != 200 {
		t.Errorf("the request under way got %d", res.StatusCode)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the server still listens")
	}
	taken := must(net.Listen("tcp", "127.0.0.1:0"))
	_ = taken.Close()
	if err := h.server.Run(t.Context(), taken); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("Run on a closed listener: %v", err)
	}
}
