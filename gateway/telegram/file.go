package telegram

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// fileScheme begins the address of a file: the real one has the token in it.
const fileScheme = "telegram-file:"

const fetchTimeout = 2 * time.Minute

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
		return nil, tooLarge(limit)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.set.BaseURL+"/file/bot"+c.set.Token+"/"+strings.TrimLeft(f.Path, "/"), nil)
	if err != nil {
		cancel()
		return nil, c.hide(err)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		cancel()
		return nil, c.unreachable("open file", err)
	}
	if resp.StatusCode != http.StatusOK {
		cancel()
		return nil, fmt.Errorf("open file: status %d: %w", resp.StatusCode, closed(resp.Body, fault.Unavailable))
	}
	return &limited{body: resp.Body, left: limit, limit: limit, cancel: cancel}, nil
}

func closed(c io.Closer, err error) error {
	_ = c.Close() // nothing was read
	return err
}

func tooLarge(limit int64) error {
	return fault.Say(fault.Invalid, "file_too_large", "The file is larger than %d MB.", limit>>20)
}

// limited fails when more is read than is allowed.
type limited struct {
	body        io.ReadCloser
	left, limit int64
	cancel      context.CancelFunc
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.body.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, tooLarge(l.limit)
	}
	return n, err
}

func (l *limited) Close() error {
	defer l.cancel()
	return l.body.Close()
}
