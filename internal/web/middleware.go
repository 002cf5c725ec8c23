package web

import (
	"bufio"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/api"
	"github.com/parley-im/parley/internal/web/problem"
)

// number gives each request a number of ours; one that came from outside is not used.
func (s *Server) number(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(problem.WithRequest(r.Context(), id)))
	})
}

// recovered keeps a panic from ending more than its request.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &response{ResponseWriter: w}
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			ctx := r.Context()
			s.Log.ErrorContext(ctx, "panic", "request", problem.Request(ctx), "err", p, "stack", string(debug.Stack()))
			if seen.status != 0 {
				panic(http.ErrAbortHandler) // half an answer is out: let the connection show it
			}
			code, sentence := fault.Public(nil)
			problem.New(ctx, http.StatusInternalServerError, code, sentence).Write(seen)
		}()
		next.ServeHTTP(seen, r)
	})
}

// logged writes one line for each request, without its query and without what
// stands in for a password in the path.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &response{ResponseWriter: w}
		defer func() {
			route, status, took := s.route(r), seen.status, time.Since(began)
			if status == 0 {
				status = http.StatusOK
			}
			shown := r.URL.Path
			if strings.HasPrefix(shown, "/sources/") {
				shown = route
			}
			s.Log.InfoContext(r.Context(), "request", "request", problem.Request(r.Context()), "method", known(r.Method),
				"path", shown, "status", status, "bytes", seen.bytes, "took", took)
			if s.Observe != nil {
				s.Observe(Observation{Method: known(r.Method), Route: route, Status: status, Took: took})
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

// route is the pattern that serves r.
func (s *Server) route(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, api.Prefix+"/") {
		return s.api.Route(r)
	}
	_, pattern := s.mux.Handler(r)
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	if pattern == "" {
		return "other"
	}
	return pattern
}

func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// policy is the content security policy of what sets none of its own.
const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// strict sets the headers that keep browsers strict. Handlers may set others.
func (s *Server) strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.Contains(r.URL.Path, "\x00") || strings.Contains(r.URL.RawQuery, "%00") {
			problem.New(r.Context(), http.StatusBadRequest, problem.Malformed, "The address has a NUL character in it.").Write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what a browser sends from another site's page.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.New(r.Context(), http.StatusForbidden, "cross_origin", "This request came from a page of another site.").Write(w)
	}))
	return guard.Handler(next)
}

// response remembers what was answered.
type response struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Hijack is for WebSockets.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}
