package webhook

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

const maxBody = 1 << 20

// ServeHTTP takes messages at /channels/NAME/ and thumbs at /channels/NAME/ratings.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var take func(*http.Request, []byte) (any, error)
	switch strings.TrimPrefix(r.URL.Path, "/channels/"+c.name) {
	case "", "/":
		take = c.takeMessage
	case "/ratings":
		take = c.takeRating
	default:
		c.refuse(w, fault.Say(fault.NotFound, "not_found", "Messages go to /channels/%s/, thumbs to /channels/%s/ratings.", c.name, c.name))
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		problem(w, http.StatusMethodNotAllowed, "method", "Only POST is understood here.", nil)
		return
	}
	now := time.Now()
	if err := fresh(r.Header, now); err != nil {
		c.refuse(w, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			problem(w, http.StatusRequestEntityTooLarge, "too_large", "The body is larger than 1 MB.", nil)
			return
		}
		problem(w, http.StatusBadRequest, "unreadable", "The body could not be read to its end.", nil)
		return
	}
	signature, err := signed(r.Header, c.set.Secret, body)
	if err == nil {
		err = c.replays.claim(signature, now)
	}
	if err != nil {
		c.refuse(w, err)
		return
	}
	c.seen()
	answer, err := take(r, body)
	if err != nil {
		c.replays.release(signature)
		c.refuse(w, err)
		return
	}
	writeJSON(w, "application/json", http.StatusAccepted, answer)
}

// takeMessage returns after the message is durable.
func (c *Channel) takeMessage(r *http.Request, body []byte) (any, error) {
	m, err := decodeMessage(c.name, body, time.Now())
	if err != nil {
		return nil, err
	}
	if err := c.Deliver(r.Context(), m); err != nil {
		return nil, err
	}
	return map[string]string{"id": m.ID}, nil
}

func (c *Channel) takeRating(r *http.Request, body []byte) (any, error) {
	rating, err := decodeRating(c.name, body)
	if err != nil {
		return nil, err
	}
	if err := c.rate(r.Context(), rating); err != nil {
		return nil, err
	}
	return map[string]string{"post": rating.Post}, nil
}

// refuse answers with what err is, and never with its text.
func (c *Channel) refuse(w http.ResponseWriter, err error) {
	if f, ok := errors.AsType[*fieldError](err); ok {
		problem(w, http.StatusBadRequest, "invalid_body", f.Error(), f)
		return
	}
	status := http.StatusInternalServerError
	switch fault.Kind(err) {
	case fault.Invalid:
		status = http.StatusBadRequest
	case fault.Denied:
		status = http.StatusUnauthorized
	case fault.NotFound:
		status = http.StatusNotFound
	case fault.Conflict:
		status = http.StatusConflict
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "2")
	default:
		c.log.Error("webhook request failed", "err", err)
	}
	code, sentence := fault.Public(err)
	problem(w, status, code, sentence, nil)
}

// problem writes an RFC 9457 document.
func problem(w http.ResponseWriter, status int, code, detail string, f *fieldError) {
	p := map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail}
	if f != nil && f.Field != "" {
		p["errors"] = []map[string]string{{"location": "body." + f.Field, "message": f.Message}}
	}
	writeJSON(w, "application/problem+json", status, p)
}

func writeJSON(w http.ResponseWriter, kind string, status int, v any) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the sender has gone: it will ask again
}
