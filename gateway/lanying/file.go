package lanying

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

const mostHops = 3

// Fetch opens a file that somebody sent. Its address is what somebody wrote, so it must
// be of Lanying; from there it may lead elsewhere, where the token does not go.
func (c *Channel) Fetch(ctx context.Context, a gateway.Attachment, limit int64) (io.ReadCloser, error) {
	who, err := c.login(ctx)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(a.URL)
	if err != nil || !c.set.trusted(who.api, u) {
		return nil, fault.Say(fault.Denied, "lanying_file_host", "The file is on a host that is not in file_hosts.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("open file: %w: %w", fault.Invalid, err)
	}
	c.sign(req, who)
	body, err := adapter.Get(ctx, req, c.follow, limit)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	return body, nil
}

// follow goes where the server of files sends on to, without what was meant for it.
func (c *Channel) follow(req *http.Request) (*http.Response, error) {
	for hop := 0; ; hop++ {
		resp, err := c.client.Do(req)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", fault.Unavailable, err)
		}
		if resp.StatusCode < 300 || resp.StatusCode >= 400 {
			return c.checked(resp)
		}
		next, err := resp.Location()
		_ = resp.Body.Close() // nothing of it is wanted
		if err != nil || hop == mostHops || next.Scheme != "https" && req.URL.Scheme == "https" {
			return nil, fmt.Errorf("sent on to nowhere good: %w", fault.Unavailable)
		}
		if req, err = http.NewRequestWithContext(req.Context(), http.MethodGet, next.String(), nil); err != nil {
			return nil, fmt.Errorf("%w: %w", fault.Unavailable, err)
		}
	}
}

// checked finds the refusal in an answer that says 200.
func (c *Channel) checked(resp *http.Response) (*http.Response, error) {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") || resp.ContentLength > 4096 {
		return resp, nil
	}
	r := bufio.NewReaderSize(resp.Body, 4096)
	head, _ := r.Peek(4096) // shorter at the end of the file
	var e envelope
	if json.Unmarshal(head, &e) == nil && e.Code != 0 && e.Code != http.StatusOK && e.Message != "" {
		_ = resp.Body.Close()
		return nil, refusal(e, "file")
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{r, resp.Body}
	return resp, nil
}
