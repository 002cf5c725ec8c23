package webchat_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/ratelimit"
)

func TestOrigins(t *testing.T) {
	s := openSite(t, fast+"origins: [\"https://shop.example\", \"http://localhost:3000\"]\n", newStore(t))
	for origin, ok := range map[string]bool{
		"":                                  true, // no browser
		s.server.URL:                        true,
		"https://shop.example":              true,
		"https://SHOP.example:443":          true,
		"http://localhost:3000":             true,
		"http://shop.example":               false,
		"https://shop.example.evil.example": false,
		"https://evil.example":              false,
		"null":                              false,
		"file://":                           false,
	} {
		b := s.browser(t)
		b.origin = origin
		conn, resp, err := b.dial(t)
		if (err == nil) != ok {
			t.Errorf("origin %q: %v, want allowed %v", origin, err, ok)
		}
		if err != nil && (resp == nil || resp.StatusCode != http.StatusForbidden) {
			t.Errorf("origin %q: %v, want status 403", origin, resp)
		}
		if conn != nil {
			_ = conn.Close()
		}
	}
}

func TestSettings(t *testing.T) {
	for _, config := range []string{
		"origins: [\"*\"]", "origins: [\"https://shop.example/path\"]", "origins: [\"shop.example\"]",
		"per_minute: 0", "burst: 0", "max_sockets: 0", "nosuch: 1", "suggestions: {en: [a, b, c, d, e, f, g]}",
	} {
		t.Run(config, func(t *testing.T) {
			_, err := webchat.With(newStore(t), ratelimit.NewMemory(0))(gateway.Setup{Name: "web", Decode: strict(config)})
			if err == nil {
				t.Error("no error")
			}
		})
	}
}

// The widget on another site: no cookies, the token comes and goes in frames.
func TestWidgetOnAnotherSite(t *testing.T) {
	s := openSite(t, fast+"origins: [\"https://shop.example\"]\n", newStore(t))
	got := s.listen(t)
	b := s.browser(t)
	ours := b.open(t) // the visitor has been on our own page, and has its cookie
	b.origin = "https://shop.example"
	x := b.open(t)
	if x.last.Token == "" || x.last.Chat == ours.last.Chat {
		t.Fatalf("on another site: token %q, chat %q; want a visitor of its own", x.last.Token, x.last.Chat)
	}
	x.say(uuid.NewString(), "hello")
	m := <-got
	if y := b.open(t); y.last.Chat != m.Conversation.Chat || texts(y.last.History) != "said:hello" {
		t.Errorf("with the kept token: %+v", y.last)
	}
	for name, token := range map[string]string{
		"none":             "",
		"forged":           m.Sender.ID + "." + strings.Repeat("A", 43),
		"unsigned":         m.Sender.ID,
		"another's name":   uuid.NewString() + b.token[36:],
		"signature cut":    b.token[:len(b.token)-1],
		"signature longer": b.token + "A",
		"no UUID":          "../../x." + b.token[37:],
	} {
		c := s.browser(t)
		c.origin, c.token = b.origin, token
		if z := c.open(t); z.last.Chat == m.Conversation.Chat || len(z.last.History) != 0 || z.last.Token == token {
			t.Errorf("token %s was taken: %+v", name, z.last)
		}
	}
}

func TestCookie(t *testing.T) {
	s := openSite(t, fast, newStore(t))
	s.listen(t)
	b := s.browser(t)
	conn, resp, err := b.dial(t)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	set := resp.Header.Get("Set-Cookie")
	for _, want := range []string{"parley_visitor=", "HttpOnly", "SameSite=Lax", "Path=/channels/web/", "Max-Age="} {
		if !strings.Contains(set, want) {
			t.Errorf("cookie %q lacks %s", set, want)
		}
	}
	x := b.open(t)
	x.say(uuid.NewString(), "mine")
	u, err := url.Parse(s.server.URL + "/channels/web/")
	if err != nil {
		t.Fatal(err)
	}
	real := b.jar.Cookies(u)[0].Value
	thief := s.browser(t)
	thief.jar.SetCookies(u, []*http.Cookie{{Name: "parley_visitor", Value: real[:36] + "." + strings.Repeat("A", 43), Path: "/channels/web/"}})
	if y := thief.open(t); y.last.Chat == x.last.Chat || len(y.last.History) != 0 {
		t.Errorf("a forged cookie opened %+v", y.last)
	}
	other := s.browser(t) // a token counts only where cookies do not
	other.token = real
	if y := other.open(t); y.last.Chat == x.last.Chat {
		t.Error("on our own page a token in a frame was taken")
	}
}

func TestSocketLimits(t *testing.T) {
	s := openSite(t, fast+"visitor_sockets: 2\nmax_sockets: 4\norigins: [\"https://shop.example\"]\n", newStore(t))
	b := s.browser(t)
	first := b.open(t)
	b.open(t)
	if _, resp, err := b.dial(t); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a third tab of one visitor: %v, want 503 before the upgrade", err)
	}
	s.browser(t).open(t)
	s.browser(t).open(t)
	if _, resp, err := s.browser(t).dial(t); err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a fifth socket: %v, want 503 with Retry-After", err)
	}
	first.close()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, _, err := b.dial(t)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("a closed tab still counts")
		}
	}
}

func TestBadFramesEndTheSocket(t *testing.T) {
	s := openSite(t, fast, newStore(t))
	for name, data := range map[string]string{
		"no JSON":        "hello",
		"wrong type":     `{"type":"hello","token":7}`,
		"no hello first": `{"type":"say","id":"x","text":"y"}`,
		"too large":      `{"type":"hello","text":"` + strings.Repeat("x", 70<<10) + `"}`,
	} {
		conn, _, err := s.browser(t).dial(t)
		if err != nil {
			t.Fatal(err)
		}
		// A frame that is too large may find the end while it is still being written.
		if err := conn.WriteMessage(websocket.TextMessage, []byte(data)); err == nil {
			x := &tab{t: t, conn: conn}
			if f, err := x.read(); err == nil || strings.Contains(err.Error(), "timeout") {
				t.Errorf("%s: %+v, %v; want the end", name, f, err)
			}
		} else if name != "too large" {
			t.Errorf("%s: %v", name, err)
		}
		_ = conn.Close()
	}
	x := s.browser(t).open(t)
	for range 60 {
		if x.conn.WriteJSON(map[string]string{"type": "ping"}) != nil {
			break
		}
	}
	for {
		if _, err := x.read(); err != nil {
			if strings.Contains(err.Error(), "timeout") {
				t.Error("a flood of frames did not end the socket")
			}
			break
		}
	}
}

func TestSlowReaderBlocksNobody(t *testing.T) {
	s := openSite(t, fast, newStore(t))
	got := s.listen(t)
	b := s.browser(t)
	b.open(t) // connects, and never reads again
	x := b.open(t)
	x.say(uuid.NewString(), "question")
	m := <-got
	post(t, s, m, "k/0", "…", false)
	text := strings.Repeat("长", 30<<10) // fills the sockets' buffers soon
	for i := range 200 {
		started := time.Now()
		if err := s.channel.Edit(t.Context(), "k/0", outgoing(m, "k/0", fmt.Sprint(i, text), i == 199)); err != nil {
			t.Fatal(err)
		}
		// The write deadline is 10 seconds: nobody may wait for that.
		if took := time.Since(started); took > 5*time.Second {
			t.Fatalf("edit %d took %v beside a tab that does not read", i, took)
		}
		if f := x.await("edit"); f.Text != fmt.Sprint(i, text) {
			t.Fatalf("edit %d was seen as %.20q", i, f.Text)
		}
	}
}

func TestCloseEndsAllGoroutines(t *testing.T) {
	before := goleak.IgnoreCurrent()
	store := newStore(t)
	s := openSite(t, fast, store)
	var tabs []*tab
	for range 5 {
		tabs = append(tabs, s.browser(t).open(t))
	}
	silent, _, err := s.browser(t).dial(t) // has not said hello
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := s.channel.Close(); err != nil {
		t.Fatal(err)
	}
	for _, x := range tabs {
		if _, err := x.read(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
			t.Errorf("a tab was told %v, want that the server restarts", err)
		}
	}
	if _, resp, err := s.browser(t).dial(t); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after Close a tab could be opened: %v", err)
	}
	s.server.Close()
	err = goleak.Find(before, goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"),
		goleak.IgnoreAnyFunction("modernc.org/sqlite.newConn.func1"))
	if err != nil {
		t.Error(err)
	}
}
