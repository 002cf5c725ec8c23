package slack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

const (
	fileScheme = "slack-file:"     // begins the address of a file, which only the bot can open
	fileHost   = "files.slack.com" // where they are
)

// Fetch opens a file that somebody sent.
func (c *Channel) Fetch(ctx context.Context, a gateway.Attachment, limit int64) (io.ReadCloser, error) {
	id, ok := strings.CutPrefix(a.URL, fileScheme)
	if !ok || id == "" {
		return nil, fmt.Errorf("%q is no file of Slack: %w", a.URL, fault.NotFound)
	}
	asking, cancel := context.WithTimeout(ctx, callTimeout)
	f, _, _, err := c.api.GetFileInfoContext(asking, id, 1, 1)
	cancel()
	if err != nil {
		return nil, fmt.Errorf("open file: %w", refusal(err))
	}
	if int64(f.Size) > limit {
		return nil, adapter.TooLarge(limit)
	}
	address := f.URLPrivateDownload
	if address == "" {
		address = f.URLPrivate
	}
	u, err := url.Parse(address)
	base, _ := url.Parse(c.set.BaseURL) // was checked
	if err != nil || u.Host != base.Host && (u.Host != fileHost || u.Scheme != "https") {
		return nil, fmt.Errorf("open file: it is not on a host of Slack: %w", fault.Denied) // kept elsewhere, as of other services
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("open file: %w: %w", fault.Invalid, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.set.Bot)
	body, err := adapter.Get(ctx, req, c.client.Do, limit)
	if err != nil && fault.Kind(err) == nil {
		err = fmt.Errorf("%w: %w", fault.Unavailable, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	return body, nil
}
