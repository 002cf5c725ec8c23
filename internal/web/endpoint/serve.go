package endpoint

import (
	"net/http"
	"strings"

	"github.com/parley-im/parley/internal/web/problem"
)

// Handler serves all that begins with Prefix.
func (m *Mux) Handler() http.Handler {
	known := m.identify(m.mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		handler, pattern := m.mux.Handler(r)
		if pattern != "" {
			known.ServeHTTP(w, r)
			return
		}
		probe := &probe{header: http.Header{}} // learns whether the path or only the method is unknown
		handler.ServeHTTP(probe, r)
		if probe.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", probe.header.Get("Allow"))
			problem.New(r.Context(), http.StatusMethodNotAllowed, "method_not_allowed", "This address does not take "+method(r)+".").Write(w)
			return
		}
		problem.New(r.Context(), http.StatusNotFound, "not_found", "There is no such address in the API.").Write(w)
	})
}

// Route is the pattern of the operation that serves r, for metrics.
func (m *Mux) Route(r *http.Request) string {
	_, pattern := m.mux.Handler(r)
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return m.Prefix + "/"
}

// method is safe to repeat: it came from outside.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodPut, http.MethodHead, http.MethodOptions:
		return r.Method
	}
	return "this method"
}

// probe is a ResponseWriter that keeps nothing but status and headers.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(status int)      { p.status = status }
