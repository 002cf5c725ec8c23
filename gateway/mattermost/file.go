package mattermost

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

// fileScheme begins the address of a file, which only the bot can open.
const fileScheme = "mattermost-file:"

// Fetch opens a file that somebody sent.
func (c *Channel) Fetch(ctx context.Context, a gateway.Attachment, limit int64) (io.ReadCloser, error) {
	id, ok := strings.CutPrefix(a.URL, fileScheme)
	if !ok || id == "" {
		return nil, fmt.Errorf("%q is no file of Mattermost: %w", a.URL, fault.NotFound)
	}
	req, err := c.request(ctx, http.MethodGet, "files/"+escape(id), nil)
	if err != nil {
		return nil, err
	}
	body, err := adapter.Get(ctx, req, c.do, limit)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	return body, nil
}
