package problem_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/problem"
)

type wait struct{ error }

func (wait) RetryAfter() time.Duration { return 1500 * time.Millisecond }
func (w wait) Unwrap() error           { return w.error }

func TestFrom(t *testing.T) {
	const secret = "password=hunter2"
	cause := errors.New(secret)
	tests := []struct {
		name   string
		err    error
		status int
		code   string
		logged bool // as an error
	}{
		{"internal", cause, 500, "internal", true},
		{"not found", fmt.Errorf("%s: %w", secret, fault.NotFound), 404, "not_found", false},
		{"invalid", fmt.Errorf("%s: %w", secret, fault.Invalid), 422, "invalid", false},
		{"conflict", fault.Say(fault.Conflict, "taken", "It is taken.").Because(cause), 409, "taken", false},
		{"denied", fault.Denied, 403, "denied", false},
		{"unavailable", fault.Say(fault.Unavailable, "busy", "Busy.").Because(cause), 503, "busy", true},
		{"sign in", fault.Say(fault.Denied, problem.SignIn, "Sign in."), 401, problem.SignIn, false},
		{"too many", wait{fault.Say(fault.Denied, problem.TooMany, "Wait.")}, 429, problem.TooMany, false},
		{"too large", fmt.Errorf("%s: %w", secret, &http.MaxBytesError{Limit: 7}), 413, problem.TooLarge, false},
		{"joined", errors.Join(cause, fault.Say(fault.Invalid, "bad", "Bad.")), 422, "bad", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			ctx := problem.WithRequest(t.Context(), "r-1")
			p := problem.From(ctx, slog.New(slog.NewTextHandler(&log, nil)), test.err)
			if p.Status != test.status || p.Code != test.code || p.RequestID != "r-1" || strings.Contains(p.Detail, secret) {
				t.Errorf("got %+v", p)
			}
			if got := strings.Count(log.String(), "level=ERROR"); (got == 1) != test.logged || test.logged && !strings.Contains(log.String(), "r-1") {
				t.Errorf("logged: %q", log.String())
			}
		})
	}
}

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	log := slog.New(slog.DiscardHandler)
	problem.From(context.Background(), log, wait{fault.Say(fault.Denied, problem.TooMany, "Wait.")}).Write(w)
	if w.Code != 429 || w.Header().Get("Retry-After") != "2" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	w = httptest.NewRecorder()
	problem.From(context.Background(), log, &problem.Refused{Err: fault.Invalid, Fields: []problem.Field{{Location: "body.x", Message: "is wrong"}}}).Write(w)
	if !strings.Contains(w.Body.String(), `"errors":[{"location":"body.x","message":"is wrong"}]`) {
		t.Errorf("got %s", w.Body)
	}
}
