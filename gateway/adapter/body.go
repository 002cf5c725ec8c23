package adapter

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// fetchTimeout is for the whole of a file.
const fetchTimeout = 2 * time.Minute

// Get opens what do answers req with, for a Fetch. It may take two minutes in all,
// until Close. Reading more than limit bytes fails with fault.Invalid.
func Get(ctx context.Context, req *http.Request, do func(*http.Request) (*http.Response, error), limit int64) (io.ReadCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	resp, err := do(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	b := &body{ReadCloser: resp.Body, left: limit, limit: limit, cancel: cancel}
	switch {
	case resp.StatusCode != http.StatusOK:
		err = fmt.Errorf("status %d: %w", resp.StatusCode, fault.Unavailable)
	case resp.ContentLength > limit:
		err = TooLarge(limit)
	default:
		return b, nil
	}
	_ = b.Close() // nothing of it was read
	return nil, err
}

// TooLarge is the error for a file that is larger than limit bytes.
func TooLarge(limit int64) error {
	return fault.Say(fault.Invalid, "file_too_large", "The file is larger than %d MB.", limit>>20)
}

// body fails when more is read than is allowed.
type body struct {
	io.ReadCloser
	left, limit int64
	cancel      context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, TooLarge(b.limit)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
