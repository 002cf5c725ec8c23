// Package problem turns errors into what a caller of the HTTP API may read. It is
// the only place that maps the kinds of internal/fault to a status: an error comes
// in, a Problem (application/problem+json, RFC 9457) goes out with a stable code, a
// sentence and the number of the request. The error's own text is logged here, once,
// with the same number, and never leaves the process.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// Problem is the body of every answer that is not a success.
type Problem struct {
	Type      string  `json:"type" doc:"Always about:blank: the code says what it is."`
	Title     string  `json:"title" doc:"The status in words."`
	Status    int     `json:"status"`
	Detail    string  `json:"detail" doc:"An English sentence for people."`
	Code      string  `json:"code" doc:"Stable and short; what programs test."`
	RequestID string  `json:"request_id" doc:"The number under which the server logged it."`
	Errors    []Field `json:"errors,omitempty" doc:"What is wrong, place by place."`

	retryAfter time.Duration
}

// Field is one thing that is wrong in a request, and where.
type Field struct {
	Location string `json:"location" doc:"Such as body.name or query.limit."`
	Message  string `json:"message"`
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus and ContentType are how huma asks.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes application/json application/problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders are the headers that go with the body.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.retryAfter/time.Second)+1))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="parley"`)
	}
	return h
}

// Refused is an error that names the fields at fault. Its kind is that of Err.
type Refused struct {
	Err    error
	Fields []Field
}

func (r *Refused) Error() string { return r.Err.Error() }
func (r *Refused) Unwrap() error { return r.Err }

// later is what an error is that tells after which time to try again.
type later interface{ RetryAfter() time.Duration }

// Codes that have a status of their own, beside those of the five kinds.
const (
	SignIn      = "sign_in_required"
	WrongSignIn = "sign_in_refused"
	TooMany     = "too_many_attempts"
	TooLarge    = "too_large"
	Malformed   = "malformed"
)

// From says of err what may be said, and logs what may not.
func From(ctx context.Context, log *slog.Logger, err error) *Problem {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = fault.Say(fault.Invalid, TooLarge, "This is too large: at most %d bytes are accepted here.", large.Limit).Because(err)
	}
	code, sentence := fault.Public(err)
	status := statusOf(fault.Kind(err), code)
	p := New(ctx, status, code, sentence)
	if r, ok := errors.AsType[*Refused](err); ok {
		p.Errors = r.Fields
	}
	var l later
	if errors.As(err, &l) {
		p.retryAfter = l.RetryAfter()
	}
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		p.Status = 499 // the caller went away; nobody reads this
	case status >= 500:
		log.ErrorContext(ctx, "request failed", "request", p.RequestID, "code", code, "err", err)
	default:
		log.DebugContext(ctx, "request refused", "request", p.RequestID, "code", code, "err", err)
	}
	return p
}

// New is a problem that needs no log line.
func New(ctx context.Context, status int, code, sentence string) *Problem {
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: sentence, Code: code, RequestID: Request(ctx),
	}
}

func statusOf(kind error, code string) int {
	switch code {
	case SignIn, WrongSignIn:
		return http.StatusUnauthorized
	case TooMany:
		return http.StatusTooManyRequests
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case Malformed:
		return http.StatusBadRequest
	}
	switch kind {
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Conflict:
		return http.StatusConflict
	case fault.Denied:
		return http.StatusForbidden
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Write sends p where no huma operation does.
func (p *Problem) Write(w http.ResponseWriter) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the connection is gone if this fails
}

type requestKey struct{}

// WithRequest puts the number of a request into its context.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// Request is the number of the request that ctx belongs to, or "".
func Request(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
