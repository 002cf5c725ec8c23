package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/problem"
)

// healthz says that the process lives and answers, nothing more.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]bool{"ok": true})
}

type readiness struct {
	OK     bool        `json:"ok"`
	Checks []condition `json:"checks"`
}

type condition struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // a sentence for people; the cause is in the log
}

// readyz says whether requests can be taken, and what stands in the way if not.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	out, status := readiness{OK: true, Checks: []condition{}}, http.StatusOK
	for _, c := range s.Ready {
		got := condition{Name: c.Name, OK: true}
		if err := c.Ask(ctx); err != nil {
			_, got.Detail = fault.Public(err)
			got.OK = false
			if !c.Soft {
				out.OK, status = false, http.StatusServiceUnavailable
			}
			s.Log.WarnContext(ctx, "not ready", "check", c.Name, "request", problem.Request(ctx), "err", err)
		}
		out.Checks = append(out.Checks, got)
	}
	answer(w, status, out)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the connection is gone if this fails
}
