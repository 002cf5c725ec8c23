package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"github.com/parley-im/parley/internal/fault"
)

// Reason is what went wrong with a call, in the words that health shows.
type Reason string

const (
	Connect     Reason = "connect"      // no connection
	FirstToken  Reason = "first_token"  // nothing came in time
	Stall       Reason = "stall"        // it stopped coming
	Total       Reason = "total"        // it took too long altogether
	Cut         Reason = "cut"          // it ended before it was whole
	Garbage     Reason = "garbage"      // not an answer of such a server
	Empty       Reason = "empty"        // whole, but without text
	Filtered    Reason = "filtered"     // withheld by the provider
	Key         Reason = "key"          // 401, 403
	Unknown     Reason = "not_found"    // 404: address or model
	Refused     Reason = "refused"      // 400, 413, 422: this request
	RateLimited Reason = "rate_limited" // 429
	Quota       Reason = "quota"        // 402, or 429 that waiting does not mend
	Server      Reason = "server"       // 5xx, or an error inside the stream
)

// Error is a call that failed. Its text is for the log: it has what the server
// says about the error, shortened, and nothing of the question or the answer.
type Error struct {
	Endpoint   string
	Reason     Reason
	Status     int
	RetryAfter time.Duration // what the server asks for, or 0
	Detail     string
	Cause      error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "model %s: %s", e.Endpoint, e.Reason)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	return b.String()
}

// Unwrap gives the kind: the caller may try again, here or elsewhere.
func (e *Error) Unwrap() []error {
	if e.Cause != nil {
		return []error{fault.Unavailable, e.Cause}
	}
	return []error{fault.Unavailable}
}

// causes of a cancelled context
var (
	errFirstToken = errors.New("no text came in time")
	errStall      = errors.New("the stream stalled")
	errTotal      = errors.New("the answer took too long")
)

// classify makes an *Error of what go-openai, the transport or a deadline gave.
// When the caller's own context ended, that is the error, and no failure of the endpoint.
func (c *Client) classify(caller, call context.Context, err error, header http.Header) error {
	if caller.Err() != nil {
		return fmt.Errorf("model %s: %w", c.Name, context.Cause(caller))
	}
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	e := &Error{Endpoint: c.Name, Reason: Connect}
	api, isAPI := errors.AsType[*openai.APIError](err)
	request, isRequest := errors.AsType[*openai.RequestError](err)
	_, badJSON := errors.AsType[*json.SyntaxError](err)
	_, badType := errors.AsType[*json.UnmarshalTypeError](err)
	netError, isNet := errors.AsType[net.Error](err)
	switch cause := context.Cause(call); {
	case errors.Is(cause, errFirstToken):
		e.Reason = FirstToken
	case errors.Is(cause, errStall):
		e.Reason = Stall
	case errors.Is(cause, errTotal):
		e.Reason = Total
	case isAPI:
		e.Status, e.Detail = api.HTTPStatusCode, clean(api.Message)
		e.Reason = byStatus(e.Status)
		if code := fmt.Sprint(api.Code); e.Status == 0 {
			e.Reason = byCode(code)
		} else if code == "insufficient_quota" {
			e.Reason = Quota
		}
	case isRequest: // an error status with a body that is no error of the API; the body stays out
		e.Status = request.HTTPStatusCode
		e.Reason = byStatus(e.Status)
	case errors.Is(err, errCut):
		e.Reason = Cut
	case errors.Is(err, errLine), errors.Is(err, errGarbage), badJSON, badType:
		e.Reason = Garbage
	case len(header) > 0: // the connection broke after the answer began
		e.Reason = Cut
	case isNet && netError.Timeout():
		e.Cause = errTimeout
	}
	if e.Reason == RateLimited || e.Reason == Server {
		e.RetryAfter = retryAfter(header)
	}
	return e
}

var errTimeout = errors.New("time-out")

func byStatus(status int) Reason {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return Key
	case status == http.StatusPaymentRequired:
		return Quota
	case status == http.StatusNotFound:
		return Unknown
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout:
		return Refused
	}
	return Server
}

// byCode reads the codes that come inside a stream whose status was 200.
func byCode(code string) Reason {
	if status, err := strconv.Atoi(code); err == nil && status >= 400 && status < 600 {
		return byStatus(status)
	}
	if strings.Contains(code, "rate_limit") {
		return RateLimited
	}
	return Server
}

func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if ms, err := strconv.Atoi(h.Get("Retry-After-Ms")); err == nil && ms > 0 {
		return time.Duration(ms) * time.Millisecond
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// clean shortens what a server says about an error and keeps it on one line.
func clean(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}
