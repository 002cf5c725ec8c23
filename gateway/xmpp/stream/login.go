package stream

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/gateway/xmpp/scram"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/internal/fault"
)

// Dial connects and logs in. Its errors have sentences for people.
func Dial(ctx context.Context, o Options) (_ *Conn, err error) {
	if o.MaxFrame == 0 {
		o.MaxFrame = 1 << 20
	}
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&o.Ping, 10 * time.Second}, {&o.Deaf, 25 * time.Second}, {&o.Timeout, 10 * time.Second}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	d := websocket.Dialer{}
	if o.Dialer != nil {
		d = *o.Dialer
	} else {
		d = *dialer(o.Timeout)
	}
	d.Subprotocols, d.WriteBufferSize, d.WriteBufferPool = []string{"xmpp"}, WriteBuffer, &buffers
	header := http.Header{}
	if u, err := url.Parse(o.URL); err == nil { // some servers compare it
		header.Set("Origin", map[string]string{"ws": "http", "wss": "https"}[u.Scheme]+"://"+u.Host)
	}
	within, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	ws, resp, err := d.DialContext(within, o.URL, header)
	if err != nil {
		return nil, unreachable(o.URL, resp, err)
	}
	ws.SetReadLimit(o.MaxFrame)
	c := &Conn{o: o, ws: ws, asked: map[string]chan *stanza.Node{}, over: make(chan struct{})}
	stop := context.AfterFunc(ctx, func() { _ = ws.Close() })
	defer stop()
	if err := c.login(); err != nil {
		_ = ws.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("log in: %w: %w", fault.Unavailable, context.Cause(ctx))
		}
		return nil, err
	}
	return c, nil
}

func (c *Conn) login() error {
	features, err := c.open()
	if err != nil {
		return err
	}
	if err := c.authenticate(features); err != nil {
		return err
	}
	if features, err = c.open(); err != nil {
		return err
	}
	if err := c.bind(); err != nil {
		return err
	}
	if features.Child(sm, "sm") == nil {
		return nil
	}
	if err := c.write(stanza.New(sm, "enable")); err != nil {
		return err
	}
	answer, err := c.await(func(n *stanza.Node) bool { return n.Space == sm })
	if err == nil && answer.Name == "enabled" {
		c.managed, c.sent = true, 0
	}
	return err
}

// open opens a stream and returns what the server offers.
func (c *Conn) open() (*stanza.Node, error) {
	if err := c.write(stanza.New(framing, "open", "to", c.o.JID.Domain, "version", "1.0")); err != nil {
		return nil, err
	}
	return c.await(func(n *stanza.Node) bool { return n.Is(streams, "features") })
}

// await reads until the frame that is waited for.
func (c *Conn) await(wanted func(*stanza.Node) bool) (*stanza.Node, error) {
	for range 20 {
		n, err := c.next(c.o.Timeout)
		switch {
		case err != nil:
			return nil, err
		case n.Is(streams, "error"):
			return nil, streamError(n)
		case n.Is(framing, "close"):
			return nil, fmt.Errorf("the server ended the stream: %w", fault.Unavailable)
		case wanted(n):
			return n, nil
		}
	}
	return nil, fmt.Errorf("the server does not get to the point: %w", fault.Unavailable)
}

func (c *Conn) authenticate(features *stanza.Node) error {
	var offered []string
	for _, m := range features.Child(sasl, "mechanisms").All(sasl, "mechanism") {
		offered = append(offered, m.Text)
	}
	for _, m := range scram.Mechanisms {
		if slices.Contains(offered, m.Name) {
			return c.scram(m)
		}
	}
	if !slices.Contains(offered, "PLAIN") {
		return fault.Say(fault.Denied, "xmpp_mechanism", "The XMPP server offers no way to log in that Parley knows (SCRAM-SHA-256, SCRAM-SHA-1, PLAIN); it offers %q.", offered)
	}
	if u, err := url.Parse(c.o.URL); err != nil || u.Scheme != "wss" {
		return fault.Say(fault.Denied, "xmpp_plain", "The XMPP server wants the password itself, which Parley sends over an encrypted connection (wss://) only.")
	}
	text := "\x00" + c.o.JID.Local + "\x00" + c.o.Password
	if err := c.write(stanza.New(sasl, "auth", "mechanism", "PLAIN").Say(base64.StdEncoding.EncodeToString([]byte(text)))); err != nil {
		return err
	}
	_, err := c.saslAnswer("success")
	return err
}

func (c *Conn) scram(m scram.Mechanism) error {
	x, err := m.New(c.o.JID.Local, c.o.Password)
	if err != nil {
		return fault.Say(fault.Invalid, "xmpp_password", "The password of the XMPP account has characters that cannot be used.").Because(err)
	}
	code := base64.StdEncoding
	if err := c.write(stanza.New(sasl, "auth", "mechanism", m.Name).Say(code.EncodeToString(x.First()))); err != nil {
		return err
	}
	challenge, err := c.saslAnswer("challenge")
	if err != nil {
		return err
	}
	response, err := x.Answer(challenge)
	if err != nil {
		return fault.Say(fault.Denied, "xmpp_server_proof", "The XMPP server did not keep to the rules of the login; it may be another server.").Because(err)
	}
	if err := c.write(stanza.New(sasl, "response").Say(code.EncodeToString(response))); err != nil {
		return err
	}
	final, err := c.saslAnswer("success")
	if err != nil {
		return err
	}
	if err := x.Verify(final); err != nil {
		return fault.Say(fault.Denied, "xmpp_server_proof", "The XMPP server could not prove that it knows the account; it may be another server.").Because(err)
	}
	return nil
}

// saslAnswer reads the next step, which must have that name.
func (c *Conn) saslAnswer(name string) ([]byte, error) {
	n, err := c.await(func(n *stanza.Node) bool { return n.Space == sasl })
	if err != nil {
		return nil, err
	}
	if n.Name == "failure" {
		return nil, loginFailure(c.o.JID, n)
	}
	data, err := base64.StdEncoding.DecodeString(n.Text)
	if n.Name != name || err != nil && n.Text != "=" {
		return nil, fault.Say(fault.Denied, "xmpp_server_proof", "The XMPP server did not keep to the rules of the login; it may be another server.").Because(
			errors.Join(fmt.Errorf("got <%s>, want <%s>", n.Name, name), err))
	}
	return data, nil
}

func (c *Conn) bind() error {
	what := stanza.New(binding, "bind")
	if r := c.o.JID.Resource; r != "" {
		what.Add(stanza.New(binding, "resource").Say(r))
	}
	if err := c.write(stanza.New(Client, "iq", "type", "set", "id", "bind").Add(what)); err != nil {
		return err
	}
	n, err := c.await(func(n *stanza.Node) bool { return n.Name == "iq" && n.Attr("id") == "bind" })
	if err != nil {
		return err
	}
	if n.Attr("type") == "error" {
		return fmt.Errorf("bind a resource: %w", ErrorOf(n))
	}
	c.me, err = stanza.ParseJID(n.Child(binding, "bind").Child(binding, "jid").Content())
	if err != nil {
		return fmt.Errorf("bind a resource: the server gave an address that %w: %w", err, fault.Unavailable)
	}
	return nil
}

// unreachable says why there is no WebSocket.
func unreachable(address string, resp *http.Response, err error) error {
	host := address
	if u, e := url.Parse(address); e == nil {
		host = u.Host
	}
	if resp != nil {
		return fault.Say(fault.Unavailable, "xmpp_no_websocket", "%s answers, but not as the WebSocket of an XMPP server (HTTP status %d); check the path of url.", host, resp.StatusCode).Because(err)
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return fault.Say(fault.Unavailable, "xmpp_no_host", "The host name %s of the XMPP server cannot be found; check url.", host).Because(err)
	}
	return fault.Say(fault.Unavailable, "xmpp_unreachable", "The XMPP server at %s cannot be reached.", host).Because(err)
}
