package auth

import (
	"context"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// Limiter counts tries. internal/ratelimit has one for a single process, and
// internal/redis/ratelimit one for all replicas.
type Limiter interface {
	Allow(ctx context.Context, key string, perMinute float64, burst int) (ok bool, retryAfter time.Duration)
	// Forget gives a key its burst back.
	Forget(ctx context.Context, key string)
}

// LimitWith counts tries in l from now on, in place of this process's memory. It is
// called before the Service is used.
func (s *Service) LimitWith(l Limiter) { s.addresses.counts, s.names.counts = l, l }

// limiter allows a burst of tries for each key of a kind, then some each minute.
type limiter struct {
	counts    Limiter
	kind      string
	burst     int
	perMinute float64
}

// take counts one try. The error tells when the next is allowed; it is the same
// for keys that exist and keys that do not.
func (l *limiter) take(ctx context.Context, key string) error {
	ok, after := l.counts.Allow(ctx, l.kind+key, l.perMinute, l.burst)
	if ok {
		return nil
	}
	return &tooMany{
		error: fault.Say(fault.Denied, "too_many_attempts", "Too many attempts. Wait a moment, then try again."),
		after: after,
	}
}

// forget gives a key its burst back.
func (l *limiter) forget(ctx context.Context, key string) { l.counts.Forget(ctx, l.kind+key) }

// tooMany is the refusal of one try too many.
type tooMany struct {
	error
	after time.Duration
}

func (t *tooMany) Unwrap() error             { return t.error }
func (t *tooMany) RetryAfter() time.Duration { return t.after }
