package auth

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Sessions holds who is signed in. The cookie carries a random token; the store
// has its hash.
type Sessions struct{ manager *scs.SessionManager }

// NewSessions keeps sessions in store. secure: people reach the server over https,
// so the cookie is bound to it.
func NewSessions(store scs.CtxStore, secure bool) *Sessions {
	m := scs.New()
	m.Store = store
	m.HashTokenInStore = true
	m.IdleTimeout = 12 * time.Hour
	m.Lifetime = 7 * 24 * time.Hour
	m.Cookie.Name = "parley"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Path = "/"
	if secure {
		m.Cookie.Name = "__Host-parley"
		m.Cookie.Secure = true
	}
	return &Sessions{m}
}

// Middleware loads the session of a request and saves it before the answer begins.
// If that fails, failed answers instead. (The library's own middleware would send
// both answers.)
func (s *Sessions) Middleware(next http.Handler, failed func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie")
		token := ""
		if c, err := r.Cookie(s.manager.Cookie.Name); err == nil {
			token = c.Value
		}
		ctx, err := s.manager.Load(r.Context(), token)
		if err != nil {
			failed(w, r, fmt.Errorf("load session: %w", err))
			return
		}
		r = r.WithContext(ctx)
		saved := &saver{ResponseWriter: w, save: func() bool {
			if err := s.save(ctx, w); err != nil {
				failed(w, r, fmt.Errorf("save session: %w", err))
				return false
			}
			return true
		}}
		next.ServeHTTP(saved, r)
		saved.begin()
	})
}

// save stores the session, if there is one, and sets its cookie.
func (s *Sessions) save(ctx context.Context, w http.ResponseWriter) error {
	switch s.manager.Status(ctx) {
	case scs.Modified:
		token, until, err := s.manager.Commit(ctx)
		if err != nil {
			return err
		}
		s.manager.WriteSessionCookie(ctx, w, token, until)
	case scs.Destroyed:
		s.manager.WriteSessionCookie(ctx, w, "", time.Time{})
	}
	return nil
}

// saver saves before the first byte of an answer; if it cannot, the answer is dropped.
type saver struct {
	http.ResponseWriter
	save         func() bool
	begun, saved bool
}

func (w *saver) begin() bool {
	if !w.begun {
		w.begun = true
		w.saved = w.save()
	}
	return w.saved
}

func (w *saver) WriteHeader(status int) {
	if w.begin() {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *saver) Write(b []byte) (int, error) {
	if !w.begin() {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

func (w *saver) Unwrap() http.ResponseWriter { return w.ResponseWriter }

const (
	sessionUser  = "user"
	sessionEpoch = "epoch"
)

// Begin signs u in, under a new token.
func (s *Sessions) Begin(ctx context.Context, u User) error {
	if err := s.manager.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	s.manager.Put(ctx, sessionUser, u.ID)
	s.manager.Put(ctx, sessionEpoch, u.Epoch)
	return nil
}

// User is who signed in with this session; false if nobody did.
func (s *Sessions) User(ctx context.Context) (id string, epoch int, ok bool) {
	id = s.manager.GetString(ctx, sessionUser)
	return id, s.manager.GetInt(ctx, sessionEpoch), id != ""
}

// End signs out.
func (s *Sessions) End(ctx context.Context) error {
	if err := s.manager.Destroy(ctx); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

type principalKey struct{}

// With puts who makes a request into its context.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// Of is who makes the request of ctx; the zero Principal is nobody.
func Of(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}
