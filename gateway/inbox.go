package gateway

import (
	"context"
	"fmt"
	"sync"

	"github.com/parley-im/parley/internal/fault"
)

// Inbox gives a pushed channel its Listen: embed it, and let ServeHTTP call
// Deliver. The zero Inbox is ready.
type Inbox struct {
	mu      sync.RWMutex // held for reading while a message is delivered
	deliver Deliver
}

// Listen hands what Deliver gets to deliver, until ctx ends. When it returns, no
// delivery is under way any more.
func (b *Inbox) Listen(ctx context.Context, deliver Deliver) error {
	b.mu.Lock()
	if b.deliver != nil {
		b.mu.Unlock()
		return fmt.Errorf("listen twice at a time: %w", fault.Conflict)
	}
	b.deliver = deliver
	b.mu.Unlock()

	<-ctx.Done()

	b.mu.Lock()
	b.deliver = nil
	b.mu.Unlock()
	return ctx.Err()
}

// Deliver hands m to whoever listens. With nobody there it is fault.Unavailable:
// answer so that the platform offers the message again.
func (b *Inbox) Deliver(ctx context.Context, m Message) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.deliver == nil {
		return fmt.Errorf("deliver message: nobody listens: %w", fault.Unavailable)
	}
	return b.deliver(ctx, m)
}

// Listening reports whether Deliver would reach somebody.
func (b *Inbox) Listening() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.deliver != nil
}
