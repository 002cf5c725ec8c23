package gateway_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/leasetest"
	"github.com/parley-im/parley/internal/fault"
)

// The leases of these tests pass the suite of all leases.
func TestMemoryLeases(t *testing.T) {
	leasetest.Run(t, func(*testing.T) gateway.Leases { return newLeases() })
}

// leases are in memory, for processes that are not.
type leases struct {
	mu  sync.Mutex
	all map[string]*leased
}

type leased struct {
	owner string
	fence int64
	ends  time.Time
}

var _ gateway.Leases = (*leases)(nil)

func newLeases() *leases { return &leases{all: map[string]*leased{}} }

func (l *leases) Hold(_ context.Context, name, owner string, lease time.Duration) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	x := l.all[name]
	switch {
	case x == nil:
		x = &leased{owner: owner, fence: 1}
		l.all[name] = x
	case !x.ends.After(now):
		x.owner, x.fence = owner, x.fence+1
	case x.owner != owner:
		return 0, fmt.Errorf("%s has %s: %w", x.owner, name, fault.Conflict)
	}
	x.ends = now.Add(lease)
	return x.fence, nil
}

func (l *leases) Free(_ context.Context, name, owner string, fence int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x := l.all[name]; x != nil && x.owner == owner && x.fence == fence {
		x.ends = time.Time{}
	}
	return nil
}
