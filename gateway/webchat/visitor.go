package webchat

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/parley-im/parley/internal/fault"
)

// A visitor is a UUID with a signature: "<uuid>.<hmac>". On our own pages the
// token sits in an HttpOnly cookie. On other sites, where the widget runs, cookies
// of ours would be third-party and are blocked by most browsers; there the widget
// keeps the token in that site's localStorage and sends it in its first frame, and
// cookies are not looked at, so that no other site can ride on them.
const cookieName = "parley_visitor"

// signing makes and checks tokens. The key is read once, when first needed.
type signing struct {
	store   Store
	channel string

	mu  sync.Mutex
	key []byte
}

func (s *signing) secret(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key == nil {
		key, err := s.store.Key(ctx)
		if err != nil {
			return nil, err
		}
		s.key = key
	}
	return s.key, nil
}

func (s *signing) token(ctx context.Context, visitor string) (string, error) {
	key, err := s.secret(ctx)
	if err != nil {
		return "", fmt.Errorf("sign visitor: %w", err)
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte("parley visitor\x00" + s.channel + "\x00" + visitor))
	return visitor + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil)), nil
}

// visitor returns whose token it is. A token that we did not make is fault.Denied.
func (s *signing) visitor(ctx context.Context, token string) (string, error) {
	id, _, _ := strings.Cut(token, ".")
	want, err := s.token(ctx, id)
	if err != nil {
		return "", err
	}
	if _, err := uuid.Parse(id); err != nil || !hmac.Equal([]byte(want), []byte(token)) {
		return "", fmt.Errorf("check visitor: %w", fault.Denied)
	}
	return id, nil
}

// recognise returns the visitor of a token, or a new one if the token is empty or
// not ours.
func (s *signing) recognise(ctx context.Context, token string) (visitor string, err error) {
	if token != "" {
		visitor, err = s.visitor(ctx, token)
		if err == nil || fault.Kind(err) != fault.Denied {
			return visitor, err
		}
	}
	return uuid.NewString(), nil
}

func cookieValue(r *http.Request) string {
	if k, err := r.Cookie(cookieName); err == nil {
		return k.Value
	}
	return ""
}

// cookie is set with the answer that opens the socket. Its path is the channel's
// own, so no other request carries it.
func (c *Channel) cookie(r *http.Request, token string) string {
	secure := r.TLS != nil || strings.HasPrefix(c.pages.publicURL, "https://") || r.Header.Get("X-Forwarded-Proto") == "https"
	k := http.Cookie{
		Name: cookieName, Value: token, Path: "/channels/" + c.name + "/", MaxAge: 180 * 24 * 60 * 60,
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
	return k.String()
}

// origin reports whether the request comes from a page of this server, and
// allowed whether its origin may open a socket at all. No Origin header means no
// browser: nothing there that a foreign page could misuse.
func (c *Channel) origin(r *http.Request) (same, allowed bool) {
	header := r.Header.Get("Origin")
	if header == "" {
		return true, true
	}
	from, ok := origin(header)
	if !ok {
		return false, false
	}
	_, host, _ := strings.Cut(from, "://")
	if own, ok := origin(c.pages.publicURL); strings.EqualFold(host, r.Host) || (ok && own == from) {
		return true, true
	}
	return false, c.origins[from]
}

// address returns the network address that a request came from. The web server has
// put it into RemoteAddr without a port; a plain one has a port, which does not count.
func address(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// A chat is a visitor and the number of the conversation: "<uuid>.2".

func chatID(visitor string, n int) string { return visitor + "." + strconv.Itoa(n) }

func visitorOf(chat string) (string, error) {
	visitor, n, _ := strings.Cut(chat, ".")
	if _, err := strconv.Atoi(n); err != nil || uuid.Validate(visitor) != nil {
		return "", fmt.Errorf("webchat conversation: %w", fault.NotFound)
	}
	return visitor, nil
}
