package mattermost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

const (
	callTimeout = 20 * time.Second
	answerBytes = 32 << 20 // of one answer: 200 posts of the greatest length
)

// call makes one request to /api/v4/path and reads its answer into into.
func (c *Channel) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var text io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode %s: %w", path, err)
		}
		text = bytes.NewReader(data)
	}
	req, err := c.request(ctx, method, path, text)
	if err != nil {
		return err
	}
	resp, err := c.do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w: %w", method, path, fault.Unavailable, err)
	}
	if resp.StatusCode >= 300 {
		return refusal(method, path, resp, data)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fault.Say(fault.Unavailable, "mattermost_base", "What url names does not answer as a Mattermost server.").Because(fmt.Errorf("%s %s: %w", method, path, err))
	}
	return nil
}

func (c *Channel) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.set.URL+"/api/v4/"+path, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.set.Token)
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

func (c *Channel) do(req *http.Request) (*http.Response, error) {
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, fault.Say(fault.Unavailable, "mattermost_unreachable", "The Mattermost server at %s cannot be reached.", host(c.set.URL)).Because(err)
	}
	return resp, nil
}

func host(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return "url"
}

// refusal turns an answer into an error of a kind.
func refusal(method, path string, resp *http.Response, data []byte) error {
	var said struct {
		ID      string `json:"id"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(data, &said) // a proxy in between may say anything
	cause := fmt.Errorf("%s %s: status %d %s %q", method, path, resp.StatusCode, said.ID, said.Message)
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized:
		return fault.Say(fault.Denied, "mattermost_token", "Mattermost does not accept the token: it is wrong, has expired, or the bot account was disabled.").Because(cause)
	case status == http.StatusForbidden:
		return fault.Say(fault.Denied, "mattermost_forbidden", "The bot may not do that in Mattermost: it is not a member of the channel, or lacks the permission.").Because(cause)
	case status == http.StatusTooManyRequests:
		err := fmt.Errorf("%w: %w", fault.Unavailable, cause)
		for _, name := range []string{"Retry-After", "X-RateLimit-Reset"} { // both in seconds
			if n, e := strconv.Atoi(resp.Header.Get(name)); e == nil && n >= 0 && n < 24*60*60 {
				return &gateway.RetryAfter{After: time.Duration(n) * time.Second, Err: err}
			}
		}
		return err
	case status >= 500, status == http.StatusRequestTimeout:
		return fmt.Errorf("%w: %w", fault.Unavailable, cause)
	case status == http.StatusNotFound, status == http.StatusGone:
		return fmt.Errorf("%w: %w", fault.NotFound, cause)
	case status < 400:
		return fault.Say(fault.Unavailable, "mattermost_redirect", "The Mattermost server sends on to another address; set url to that one.").Because(cause)
	}
	return fmt.Errorf("%w: %w", fault.Invalid, cause)
}
