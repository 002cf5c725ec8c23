package stream_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/stream"
	"github.com/parley-im/parley/internal/fault"
)

// server is a made-up one that does what the test says. Real ones are asked in the
// tests of the channel; this one does what they never do.
type server struct {
	t    *testing.T
	ws   *websocket.Conn
	sent atomic.Int64
}

func (s *server) say(text string) {
	s.sent.Add(1)
	_ = s.ws.WriteMessage(websocket.TextMessage, []byte(text)) // the other end may be gone
}

// hear reads one frame, nil at the end.
func (s *server) hear() *stanza.Node {
	_, data, err := s.ws.ReadMessage()
	if err != nil {
		return nil
	}
	n, err := stanza.Parse(data)
	if err != nil {
		s.t.Errorf("the client sent %q: %v", data, err)
	}
	return n
}

// drain reads until the other end is gone.
func (s *server) drain() {
	for s.hear() != nil {
	}
}

const (
	opened   = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='b'/>`
	features = `<features xmlns='http://etherx.jabber.org/streams'>%s</features>`
	offers   = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>%s</mechanism></mechanisms>`
)

// offer opens the stream with one mechanism.
func (s *server) offer(mechanism string) {
	s.hear()
	s.say(opened)
	s.say(fmt.Sprintf(features, fmt.Sprintf(offers, mechanism)))
}

// admit logs the client in by PLAIN; managed turns acknowledgement on.
func (s *server) admit(managed bool) {
	s.offer("PLAIN")
	s.hear()
	s.say(`<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`)
	s.hear()
	s.say(opened)
	if managed {
		s.say(fmt.Sprintf(features, `<sm xmlns='urn:xmpp:sm:3'/>`))
	} else {
		s.say(fmt.Sprintf(features, ""))
	}
	s.hear()
	s.say(`<iq xmlns='jabber:client' type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@b/c</jid></bind></iq>`)
	if managed {
		s.hear()
		s.say(`<enabled xmlns='urn:xmpp:sm:3'/>`)
	}
}

// serve starts a made-up server with TLS, unless plain.
func serve(t *testing.T, plain bool, script func(*server)) stream.Options {
	t.Helper()
	up := websocket.Upgrader{Subprotocols: []string{"xmpp"}, CheckOrigin: func(*http.Request) bool { return true }}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		script(&server{t: t, ws: ws})
	})
	o := stream.Options{JID: stanza.JID{Local: "a", Domain: "b"}, Password: "secret", Timeout: 2 * time.Second, Ping: time.Second, Deaf: 3 * time.Second}
	var s *httptest.Server
	if plain {
		s = httptest.NewServer(h)
		o.URL = "ws" + strings.TrimPrefix(s.URL, "http")
	} else {
		s = httptest.NewTLSServer(h)
		o.URL = "wss" + strings.TrimPrefix(s.URL, "https")
		o.Dialer = &websocket.Dialer{TLSClientConfig: s.Client().Transport.(*http.Transport).TLSClientConfig}
	}
	t.Cleanup(s.Close)
	return o
}

func public(err error) string {
	_, text := fault.Public(err)
	return text
}

func TestLoginsThatFail(t *testing.T) {
	challenge := func(text string) string {
		return "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + base64.StdEncoding.EncodeToString([]byte(text)) + "</challenge>"
	}
	failure := func(condition string) func(*server) {
		return func(s *server) {
			s.offer("SCRAM-SHA-1")
			s.hear()
			s.say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><" + condition + "/></failure>")
			s.drain()
		}
	}
	for _, c := range []struct {
		name  string
		plain bool
		play  func(*server)
		kind  error
		want  string
	}{
		{"no mechanism that is known", false, func(s *server) { s.offer("GSSAPI"); s.drain() }, fault.Denied, "no way to log in"},
		{"the password in the clear", true, func(s *server) { s.offer("PLAIN"); s.drain() }, fault.Denied, "over an encrypted connection"},
		{"wrong password", false, failure("not-authorized"), fault.Denied, "does not accept the address or the password"},
		{"disabled", false, failure("account-disabled"), fault.Denied, "disabled"},
		{"wants TLS", false, failure("encryption-required"), fault.Denied, "wants an encrypted connection"},
		{"busy", false, failure("temporary-auth-failure"), fault.Unavailable, "at the moment"},
		{"a challenge that goes wrong", false, func(s *server) {
			s.offer("SCRAM-SHA-256")
			s.hear()
			s.say(challenge("r=else,s=AAAA,i=4096"))
			s.drain()
		}, fault.Denied, "did not keep to the rules"},
		{"success without a proof", false, func(s *server) {
			s.offer("SCRAM-SHA-256")
			s.hear()
			s.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
			s.drain()
		}, fault.Denied, "did not keep to the rules"},
		{"not XML", false, func(s *server) { s.say("hello"); s.drain() }, fault.Unavailable, "not well-formed"},
		{"another domain", false, func(s *server) {
			s.say("<error xmlns='http://etherx.jabber.org/streams'><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>")
			s.drain()
		}, fault.Denied, "not responsible for the domain"},
		{"silence", false, func(s *server) { s.drain() }, fault.Unavailable, "Nothing was heard"},
		{"chatter", false, func(s *server) {
			for range 50 {
				s.say("<x/>")
			}
			s.drain()
		}, fault.Unavailable, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := serve(t, c.plain, c.play)
			_, err := stream.Dial(t.Context(), o)
			if !errors.Is(err, c.kind) || !strings.Contains(public(err), c.want) {
				t.Errorf("%v: %q; want %v and %q", err, public(err), c.kind, c.want)
			}
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

// run dials, and runs the connection until it ends.
func run(t *testing.T, o stream.Options, handle stream.Handler) (*stream.Conn, <-chan error) {
	t.Helper()
	c, err := stream.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- c.Run(ctx, handle) }()
	t.Cleanup(stop)
	return c, ended
}

func end(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not return")
		return nil
	}
}

func nothing(context.Context, *stanza.Node) error { return nil }

func TestConnectionsThatBreak(t *testing.T) {
	streamError := func(condition string) string {
		return "<error xmlns='http://etherx.jabber.org/streams'><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>"
	}
	for _, c := range []struct{ name, say, want string }{
		{"kicked", streamError("conflict"), "Something else logged in"},
		{"shutdown", streamError("system-shutdown"), "shutting down"},
		{"too fast", streamError("policy-violation"), "a rule of its own"},
		{"unknown", streamError("undefined-condition"), "ended the connection"},
		{"half an element", "<message xmlns='jabber:client'>", "not well-formed"},
		{"a bomb", "<!DOCTYPE x [<!ENTITY a 'b'>]><message>&a;</message>", "not well-formed"},
		{"ten megabytes", "<message xmlns='jabber:client'><body>" + strings.Repeat("x", 10<<20) + "</body></message>", "larger than 1024 kB"},
		{"a number that is none", "<a xmlns='urn:xmpp:sm:3' h='many'/>", ""},
		{"good-bye", "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", ""},
		{"silence", "", "Nothing was heard"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := serve(t, false, func(s *server) {
				s.admit(true)
				if c.say != "" {
					s.say(c.say)
				}
				s.drain()
			})
			conn, ended := run(t, o, nothing)
			err := end(t, ended)
			if !errors.Is(err, fault.Unavailable) || !strings.Contains(public(err), c.want) {
				t.Errorf("%v: %q, want %q", err, public(err), c.want)
			}
			if err := conn.SendSafely(t.Context(), stanza.New(stream.Client, "message")); !errors.Is(err, fault.Unavailable) {
				t.Errorf("sent over a connection that broke: %v", err)
			}
		})
	}
}

// What came is acknowledged when it was dealt with, and not before.
func TestAcknowledges(t *testing.T) {
	heard := make(chan string, 10)
	o := serve(t, false, func(s *server) {
		s.admit(true)
		s.say("<message xmlns='jabber:client' id='1'/>")
		s.say("<message xmlns='jabber:client' id='2'/>")
		s.say("<r xmlns='urn:xmpp:sm:3'/>")
		for n := s.hear(); n != nil; n = s.hear() {
			if n.Is("urn:xmpp:sm:3", "a") {
				heard <- n.Attr("h")
			}
		}
		close(heard)
	})
	o.Ping, o.Deaf = time.Minute, 2*time.Minute
	release := make(chan struct{})
	_, ended := run(t, o, func(_ context.Context, n *stanza.Node) error {
		<-release
		if n.Attr("id") == "2" {
			return errors.New("cannot be stored")
		}
		return nil
	})
	if h := <-heard; h != "0" {
		t.Errorf("acknowledged %s while nothing was dealt with", h)
	}
	close(release)
	if err := end(t, ended); err == nil || !strings.Contains(err.Error(), "cannot be stored") {
		t.Errorf("ended with %v", err)
	}
	for h := range heard {
		if h != "0" && h != "1" {
			t.Errorf("acknowledged %s, one of two was dealt with", h)
		}
	}
}

// SendSafely waits for the acknowledgement, or says that it is unknown.
func TestSendSafely(t *testing.T) {
	for _, managed := range []bool{true, false} {
		t.Run(fmt.Sprint("managed ", managed), func(t *testing.T) {
			o := serve(t, false, func(s *server) {
				s.admit(managed)
				got := 0
				for n := s.hear(); n != nil; n = s.hear() {
					switch {
					case n.Name == "message":
						got++
					case n.Is("urn:xmpp:sm:3", "r") && got == 1:
						s.say("<a xmlns='urn:xmpp:sm:3' h='1'/>")
					case n.Name == "iq" && n.Attr("type") == "get" && got == 1:
						s.say("<iq xmlns='jabber:client' type='result' id='" + n.Attr("id") + "'/>")
					case got == 2 && n.Name != "open": // it is never acknowledged
						return
					}
				}
			})
			o.Ping, o.Deaf = time.Minute, 2*time.Minute
			c, _ := run(t, o, nothing)
			if err := c.SendSafely(t.Context(), stanza.New(stream.Client, "message")); err != nil {
				t.Errorf("the first: %v", err)
			}
			if err := c.SendSafely(t.Context(), stanza.New(stream.Client, "message")); !errors.Is(err, fault.Unavailable) {
				t.Errorf("one that is not acknowledged: %v", err)
			}
		})
	}
}
