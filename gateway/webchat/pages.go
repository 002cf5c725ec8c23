package webchat

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// dist is what the client's build leaves. Only .gitkeep is in the repository.
//
//go:embed all:client/dist
var dist embed.FS

const (
	rootPage   = "/chat"
	rootWidget = "/widget"
	// placeholder stands in the built files where the channel's settings go.
	placeholder = "__PARLEY_CONFIG__"
)

// pages is what browsers load, with the channel's settings in it. A file that was
// not built is nil.
type pages struct {
	publicURL          string
	assets             fs.FS
	chat, demo, script []byte
}

func newPages(name, publicURL string, s settings) (pages, error) {
	files, err := fs.Sub(dist, "client/dist")
	if err != nil {
		return pages{}, fmt.Errorf("read built client: %w", err)
	}
	return fill(files, name, publicURL, s)
}

func fill(files fs.FS, name, publicURL string, s settings) (pages, error) {
	config, err := json.Marshal(map[string]any{
		"socket": "/channels/" + name + "/socket", "title": s.Title, "greeting": s.Greeting, "suggestions": s.Suggestions,
	})
	if err != nil {
		return pages{}, fmt.Errorf("encode webchat settings: %w", err)
	}
	// Percent-encoded, it is the same in HTML and in a string of JavaScript, whatever its quotes are.
	safe := strings.NewReplacer("+", "%20", "&", "%26", "$", "%24").Replace(url.QueryEscape(string(config)))
	p := pages{publicURL: publicURL, assets: files}
	for file, into := range map[string]*[]byte{"index.html": &p.chat, "demo.html": &p.demo, "widget.js": &p.script} {
		data, err := fs.ReadFile(files, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return pages{}, fmt.Errorf("read built client: %w", err)
		}
		*into = []byte(strings.ReplaceAll(string(data), placeholder, html.EscapeString(safe)))
	}
	return p, nil
}

// Page serves the chat page at /chat, and what it loads below /chat/. Mount it at both.
func (c *Channel) Page() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, rootPage), "/")
		if name == "" {
			c.page(w, r, c.pages.chat)
			return
		}
		if !strings.HasPrefix(name, "assets/") || path.Clean(name) != name {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if _, err := fs.Stat(c.pages.assets, name); err == nil {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // its name changes with what is in it
		}
		http.ServeFileFS(w, r, c.pages.assets, name)
	})
}

// Demo serves a page at /widget that shows the widget as another site would have it.
func (c *Channel) Demo() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.TrimSuffix(r.URL.Path, "/") != rootWidget {
			http.NotFound(w, r)
			return
		}
		c.page(w, r, c.pages.demo)
	})
}

// Script serves the widget at /widget.js, for any site.
func (c *Channel) Script() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		c.send(w, r, c.pages.script, "text/javascript; charset=utf-8", "public, max-age=300")
	})
}

func (c *Channel) page(w http.ResponseWriter, r *http.Request, data []byte) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "+
		c.socketSources(r)+"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.send(w, r, data, "text/html; charset=utf-8", "no-cache")
}

var plainHost = regexp.MustCompile(`^[A-Za-z0-9.\-:\[\]]+$`)

// socketSources allows the page its own server. Older browsers do not count a
// WebSocket to the same host as 'self', so it is named.
func (c *Channel) socketSources(r *http.Request) string {
	if !plainHost.MatchString(r.Host) {
		return "'self'"
	}
	return "'self' ws://" + r.Host + " wss://" + r.Host
}

func (c *Channel) send(w http.ResponseWriter, r *http.Request, data []byte, kind, cache string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET works here.", http.StatusMethodNotAllowed)
		return
	}
	if data == nil {
		http.Error(w, "The chat page was not built into this program: run make build.", http.StatusServiceUnavailable)
		return
	}
	sum := sha256.Sum256(data)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(data) // the browser has gone
	}
}
