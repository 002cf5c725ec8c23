package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// reply is the body of what is posted to the other side.
type reply struct {
	Type      string           `json:"type"` // message, edit or typing
	Key       string           `json:"key,omitempty"`
	ID        string           `json:"id,omitempty"` // of the message to edit
	Chat      string           `json:"chat"`
	Thread    string           `json:"thread,omitempty"`
	InReplyTo string           `json:"in_reply_to,omitempty"`
	Text      string           `json:"text,omitempty"`
	Sources   []gateway.Source `json:"sources,omitempty"`
	Final     bool             `json:"final"`
	Notice    bool             `json:"notice"`
}

func newReply(kind, id string, out gateway.Outgoing) reply {
	return reply{
		Type: kind, Key: out.Key, ID: id, Chat: out.Conversation.Chat, Thread: out.Conversation.Thread,
		InReplyTo: out.InReplyTo, Text: out.Text, Sources: out.Sources, Final: out.Final, Notice: out.Notice,
	}
}

// Post posts out. The ID is the one that the other side answers with, or the key.
func (c *Channel) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	id, err := c.send(ctx, newReply("message", "", out))
	if err == nil && id == "" {
		id = out.Key
	}
	return id, err
}

// Typing posts a typing sign, if that was asked for. It is tried once: the next
// one follows in a few seconds.
func (c *Channel) Typing(ctx context.Context, conv gateway.Conversation) error {
	if !c.set.Typing {
		return nil
	}
	_, err := c.try(ctx, reply{Type: "typing", Chat: conv.Chat, Thread: conv.Thread})
	return err
}

// send tries a few times, with growing waits. What it does not reach is the
// Gateway's to try again: the key stays the same.
func (c *Channel) send(ctx context.Context, r reply) (string, error) {
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = 100*time.Millisecond, 2*time.Second
	return backoff.Retry(ctx, func() (string, error) { return c.try(ctx, r) },
		backoff.WithBackOff(waits), backoff.WithMaxTries(uint(c.set.Retries)+1))
}

// try sends one signed request. An error that another try cannot mend, or that
// came with a time to wait, is permanent.
func (c *Channel) try(ctx context.Context, r reply) (string, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return "", backoff.Permanent(fmt.Errorf("encode reply: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, c.set.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.set.URL, bytes.NewReader(body))
	if err != nil {
		return "", backoff.Permanent(fmt.Errorf("post reply: %w: %w", fault.Invalid, err))
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(TimestampHeader, timestamp)
	req.Header.Set(SignatureHeader, Sign(c.set.Secret, timestamp, body))
	if r.Type == "message" { // an edit may be repeated, and comes with many texts under one key
		req.Header.Set("Idempotency-Key", r.Key)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("post reply: %w: %w", fault.Unavailable, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return "", fmt.Errorf("post reply: read answer: %w: %w", fault.Unavailable, err)
	}
	return read(resp, answer)
}

// read turns the answer into the ID of the message, or an error of a kind.
func read(resp *http.Response, answer []byte) (string, error) {
	fail := func(kind error) error { return fmt.Errorf("post reply: status %d: %w", resp.StatusCode, kind) }
	switch status := resp.StatusCode; {
	case status < 300, status == http.StatusConflict: // conflict: this key was posted before
		var posted struct {
			ID ident `json:"id"`
		}
		_ = json.Unmarshal(answer, &posted) // the body is optional, and may be anything
		return string(posted.ID), nil
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		if wait, ok := retryAfter(resp.Header.Get("Retry-After"), time.Now()); ok {
			return "", backoff.Permanent(&gateway.RetryAfter{After: wait, Err: fail(fault.Unavailable)})
		}
		return "", fail(fault.Unavailable)
	case status >= 500, status == http.StatusRequestTimeout:
		return "", fail(fault.Unavailable)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "", backoff.Permanent(fail(fault.Denied))
	case status >= 400 && status != http.StatusNotFound && status != http.StatusGone:
		return "", backoff.Permanent(fail(fault.Invalid))
	}
	return "", backoff.Permanent(fail(fault.NotFound)) // 404, 410, and redirects: nobody is there
}

// retryAfter reads seconds or a date.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if n, err := strconv.Atoi(value); err == nil && n >= 0 {
		return time.Duration(min(n, 24*60*60)) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), 24*time.Hour), true
	}
	return 0, false
}
