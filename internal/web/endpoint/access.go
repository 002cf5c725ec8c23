package endpoint

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/problem"
)

// identify finds out who makes a request: the session of the cookie, or the key of
// the Authorization header. A wrong key is refused; without either nobody is there.
func (m *Mux) identify(next http.Handler) http.Handler {
	byCookie := m.Sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, epoch, ok := m.Sessions.User(r.Context()); ok {
			p, err := m.Accounts.Session(r.Context(), id, epoch)
			if err != nil {
				problem.From(r.Context(), m.Log, err).Write(w)
				return
			}
			r = r.WithContext(auth.With(r.Context(), p))
		}
		next.ServeHTTP(w, r)
	}), func(w http.ResponseWriter, r *http.Request, err error) {
		problem.From(r.Context(), m.Log, err).Write(w)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		if header == "" {
			byCookie.ServeHTTP(w, r)
			return
		}
		secret, _ := strings.CutPrefix(header, "Bearer ")
		p, err := m.Accounts.KeyHolder(r.Context(), secret)
		if err != nil {
			problem.From(r.Context(), m.Log, err).Write(w)
			return
		}
		next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), p)))
	})
}

// authorize is the one place where a permission is asked for. An operation that
// declares none is refused to everybody.
func (m *Mux) authorize(h huma.Context, next func(huma.Context)) {
	need, ok := h.Operation().Metadata[metaNeed].(auth.Permission)
	p := auth.Of(h.Context())
	switch {
	case ok && p.May(need):
		next(h)
	case !p.Known():
		m.refuse(h, fault.Say(fault.Denied, problem.SignIn, "Sign in first."))
	default:
		m.refuse(h, fault.Say(fault.Denied, "denied", "You may not do this. It needs the permission %q.", need))
	}
}

func (m *Mux) refuse(h huma.Context, err error) {
	_, w := humago.Unwrap(h)
	problem.From(h.Context(), m.Log, err).Write(w)
}

// note is what a handler adds to the audit line of its request.
type note struct {
	user   auth.User
	target string
}

type (
	noteKey     struct{}
	exchangeKey struct{}
)

// record writes the audit: who did what to what. It comes after the deed, as only
// then it is known that there was one.
func (m *Mux) record(h huma.Context, next func(huma.Context)) {
	op := h.Operation()
	if op.Metadata[metaRecord] != true {
		next(h)
		return
	}
	n := &note{target: first(h.Param("id"), h.Param("name"))}
	h = huma.WithValue(h, noteKey{}, n)
	next(h)
	if h.Status() >= 300 {
		return
	}
	p := auth.Of(h.Context())
	if !p.Known() {
		p.User = n.user
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.Context()), 5*time.Second)
	defer cancel()
	err := m.Accounts.Record(ctx, auth.Entry{
		At: time.Now(), UserID: p.User.ID, User: p.User.Username, KeyID: p.KeyID,
		Action: op.OperationID, Target: n.target, Request: problem.Request(ctx),
	})
	if err != nil {
		m.Log.ErrorContext(ctx, "audit not written", "request", problem.Request(ctx), "action", op.OperationID, "user", p.User.Username, "err", err)
	}
}

// Target says what was changed, where the path does not.
func Target(ctx context.Context, target string) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.target = target
	}
}

// User says who acted, where the request began with nobody.
func User(ctx context.Context, u auth.User) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.user = u
	}
}

// Exchange is the request itself and where it is answered.
type Exchange struct {
	Request  *http.Request
	Response http.ResponseWriter
}

// keep gives handlers the Exchange, for bodies that are streamed and for the
// caller's address.
func keep(h huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(h)
	next(huma.WithValue(h, exchangeKey{}, Exchange{r, w}))
}

// Of is the Exchange that ctx belongs to.
func Of(ctx context.Context) Exchange {
	e, _ := ctx.Value(exchangeKey{}).(Exchange)
	return e
}

func first(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}
