// Package adapter holds what adapters of several platforms do in the same way: they
// offer what came until it is stored (Try, Persistently), open files that nobody can make
// larger than is allowed (Get), send tokens to nobody else (Pinned), and remember what
// can be asked again (Memory) and how far they have read (Position).
package adapter

import (
	"context"
	"time"

	"github.com/parley-im/parley/gateway"
)

// offerFor is how long something is offered again and again. Then the connection is
// given up, and the platform, or Since, offers it once more.
const offerFor = 30 * time.Second

// Try calls f again while it fails, with growing pauses, for half a minute or until
// ctx ends, and returns its last error.
func Try(ctx context.Context, f func() error) error {
	begun := time.Now()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := f()
		if err == nil || time.Since(begun)+wait > offerFor {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// Persistently is deliver with Try.
func Persistently(deliver gateway.Deliver) gateway.Deliver {
	return func(ctx context.Context, m gateway.Message) error {
		return Try(ctx, func() error { return deliver(ctx, m) })
	}
}
