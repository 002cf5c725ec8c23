package redis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parley-im/parley/internal/fault"
)

// State is how Redis does. There is no "not ready": requests are taken either way.
type State string

const (
	OK       State = "ok"
	Degraded State = "degraded" // limits are each replica's own, caches and live updates are slower
)

// Health is what people are told.
type Health struct {
	State  State
	Since  time.Time // the state before it ended then
	Detail string    // the latest failure, for staff; "" if all is well
}

// Health asks Redis, for at most the time of a call; while Redis is left alone it
// tells that at once.
func (c *Client) Health(ctx context.Context) Health {
	err := c.Ping(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	h := Health{State: OK, Since: c.since}
	if err != nil {
		h.State, h.Detail = Degraded, err.Error()
		if c.last != nil {
			h.Detail = c.last.Error()
		}
	}
	return h
}

// Ping makes a call that does nothing.
func (c *Client) Ping(ctx context.Context) error {
	return c.Do(ctx, func(ctx context.Context, r redis.Cmdable) error { return r.Ping(ctx).Err() })
}

// Server is what the doctor wants to know.
type Server struct {
	Version string
	Took    time.Duration // of one call
	// Evicts is false if Redis refuses to write once its memory is full, or has no
	// bound at all, instead of dropping the oldest entries of the caches.
	Evicts bool
}

// Inspect looks at the server, also while the breaker keeps calls from it. It has
// some seconds.
func (c *Client) Inspect(ctx context.Context) (Server, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := c.server.Ping(ctx).Err(); err != nil { // connects, which a later call need not do
		return Server{}, fmt.Errorf("reach redis: %w: %w", fault.Unavailable, err)
	}
	began := time.Now()
	text, err := c.server.Info(ctx).Result()
	if err != nil {
		return Server{}, fmt.Errorf("ask redis how it does: %w: %w", fault.Unavailable, err)
	}
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[key] = value
		}
	}
	return Server{
		Version: info["redis_version"], Took: time.Since(began),
		Evicts: info["maxmemory"] != "0" && strings.HasPrefix(info["maxmemory_policy"], "allkeys-"),
	}, nil
}
