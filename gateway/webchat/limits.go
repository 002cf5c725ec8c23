package webchat

import (
	"context"
	"time"
)

// Limiter says how often somebody may speak. internal/ratelimit has one for a single
// process, and internal/redis/ratelimit one for all replicas.
type Limiter interface {
	Allow(ctx context.Context, key string, perMinute float64, burst int) (ok bool, retryAfter time.Duration)
}

// limits is how fast each of a kind may speak: each visitor, or each address.
type limits struct {
	counts    Limiter
	kind      string
	perMinute float64
	burst     int
}

// wait takes one token of key, or returns how long it takes until there is one.
func (l *limits) wait(ctx context.Context, key string) time.Duration {
	ok, after := l.counts.Allow(ctx, l.kind+key, l.perMinute, l.burst)
	if ok {
		return 0
	}
	return max(after, time.Millisecond)
}
