package webchat

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func built(t *testing.T, files fstest.MapFS, publicURL string) *Channel {
	t.Helper()
	p, err := fill(files, "web", publicURL, settings{Title: map[string]string{"en": `</script>"'&<b>`}})
	if err != nil {
		t.Fatal(err)
	}
	return &Channel{name: "web", pages: p}
}

func get(h http.Handler, path, host string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var whole = fstest.MapFS{
	"index.html":        {Data: []byte(`<meta name="parley-config" content="__PARLEY_CONFIG__">`)},
	"demo.html":         {Data: []byte(`demo`)},
	"widget.js":         {Data: []byte("x(`__PARLEY_CONFIG__`)")},
	"assets/page-a1.js": {Data: []byte(`1`)},
}

func TestPages(t *testing.T) {
	c := built(t, whole, "")
	r := get(c.Page(), "/chat", "parley.example:8080")
	text := body(t, r)
	if r.StatusCode != http.StatusOK || !strings.Contains(text, "%2Fchannels%2Fweb%2Fsocket") {
		t.Errorf("page: %d %s", r.StatusCode, text)
	}
	if inside := strings.TrimSuffix(strings.TrimPrefix(text, `<meta name="parley-config" content="`), `">`); strings.ContainsAny(inside, "<>\"'`&$") {
		t.Errorf("settings break out of the page: %s", inside)
	}
	csp := r.Header.Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'", "img-src 'self' data:",
		"connect-src 'self' ws://parley.example:8080 wss://parley.example:8080;",
	} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy %q lacks %q", csp, want)
		}
	}
	if csp := get(c.Page(), "/chat", "a;script-src *").Header.Get("Content-Security-Policy"); strings.Contains(csp, "*") {
		t.Errorf("a Host header got into the policy: %s", csp)
	}
	tag := r.Header.Get("ETag")
	if r := get(c.Page(), "/chat/", "h", "If-None-Match", tag); r.StatusCode != http.StatusNotModified {
		t.Errorf("asked again with %s: %d", tag, r.StatusCode)
	}
	r = get(c.Script(), "/widget.js", "h")
	if kind := r.Header.Get("Content-Type"); kind != "text/javascript; charset=utf-8" || strings.Contains(body(t, r), placeholder) {
		t.Errorf("script of type %s still has its placeholder", kind)
	}
	if r := get(c.Demo(), "/widget", "h"); body(t, r) != "demo" {
		t.Errorf("demo: %d", r.StatusCode)
	}
}

func TestAssets(t *testing.T) {
	c := built(t, whole, "")
	r := get(c.Page(), "/chat/assets/page-a1.js", "h")
	if r.StatusCode != http.StatusOK || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("asset: %d %v", r.StatusCode, r.Header)
	}
	for _, path := range []string{"/chat/assets/nosuch.js", "/chat/assets/../index.html", "/chat/index.html", "/chat/.gitkeep", "/chat/assets/", "/chat/assets", "/chatter"} {
		if r := get(c.Page(), path, "h"); r.StatusCode != http.StatusNotFound || strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v, want 404", path, r.StatusCode, r.Header)
		}
	}
}

func TestNotBuilt(t *testing.T) {
	c := built(t, fstest.MapFS{".gitkeep": {}}, "")
	for path, h := range map[string]http.Handler{"/chat": c.Page(), "/widget": c.Demo(), "/widget.js": c.Script()} {
		r := get(h, path, "h")
		if text := body(t, r); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "make build") {
			t.Errorf("%s: %d %s, want 503 that says what to do", path, r.StatusCode, text)
		}
	}
}

func TestAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"203.0.113.5:1234": "203.0.113.5", "[2001:db8::4]:1234": "2001:db8::4",
		"198.51.100.7": "198.51.100.7", "2001:db8:1:2::/64": "2001:db8:1:2::/64",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-For", "192.0.2.1") // who may be believed is known to the web server only
		if got := address(r); got != want {
			t.Errorf("from %s: %s, want %s", remote, got, want)
		}
	}
}

func TestSecureCookie(t *testing.T) {
	for url, want := range map[string]bool{"": false, "http://parley.example": false, "https://parley.example": true} {
		c := built(t, whole, url)
		if got := strings.Contains(c.cookie(httptest.NewRequest(http.MethodGet, "/", nil), "t"), "Secure"); got != want {
			t.Errorf("public URL %q: secure %v, want %v", url, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"type":"say","id":"x","text":"y"}`, `{"locale":"zh-CN"}`, `[]`, `{"value":1e9}`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := read(data)
		if err == nil && (strings.Contains(got.Text, "\x00") || !localeLike(got.Locale)) {
			t.Fatalf("%q became %+v", data, got)
		}
	})
}
