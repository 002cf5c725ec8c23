package telegram

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

// fileScheme begins the address of a file: the real one has the token in it.
const fileScheme = "telegram-file:"

// Fetch opens a file that somebody sent.
func (c *Channel) Fetch(ctx context.Context, a gateway.Attachment, limit int64) (io.ReadCloser, error) {
	id, ok := strings.CutPrefix(a.URL, fileScheme)
	if !ok {
		return nil, fmt.Errorf("%q is no file of Telegram: %w", a.URL, fault.NotFound)
	}
	var f struct {
		Path string `json:"file_path"`
		Size int64  `json:"file_size"`
	}
	if err := c.call(ctx, "getFile", map[string]any{"file_id": id}, &f); err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	if f.Size > limit {
		return nil, adapter.TooLarge(limit)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.set.BaseURL+"/file/bot"+c.set.Token+"/"+strings.TrimLeft(f.Path, "/"), nil)
	if err != nil {
		return nil, c.hide(err)
	}
	body, err := adapter.Get(ctx, req, c.client.Do, limit)
	if err != nil && fault.Kind(err) == nil {
		return nil, c.unreachable("open file", err)
	}
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	return body, nil
}
