// Package redis is the connection to Redis, which Parley uses for what may be lost:
// live hints between replicas (package live), limits that all replicas share
// (package ratelimit) and caches (package cache).
//
// When Redis loses everything, or is not there at all, Parley loses speed and the
// exactness of its limits, and nothing else: no message, no answer, no session and no
// right depends on it. The record is the database. Concretely:
//
//	killed, frozen, wrong password, out of memory → each replica counts limits for
//	    itself, caches fall back to the memory of the process, hints between
//	    replicas stop and every replica looks into the database a little later
//	flushed → caches are empty; limits begin anew, but each replica still holds
//	    back whoever it held back itself
//
// So no call may wait. Client.Do gives each call some tens of milliseconds, never
// repeats one, and stops calling at all when nothing has worked for the time of two
// calls (one stall of a busy machine is not enough): a breaker then refuses at once,
// and lets a single call through every second to see whether Redis is back. So it
// comes back by itself. Each change is one line in the log, and Client.Health says
// "degraded", which is no reason to take no requests.
package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/sony/gobreaker/v2"

	"github.com/parley-im/parley/internal/fault"
)

const (
	limit       = 50 * time.Millisecond  // of one call, unless the URL says read_timeout=
	mostLimit   = time.Second            // whatever the URL says
	dialLimit   = 500 * time.Millisecond // of a connection; the call that asked for it does not wait so long
	connections = 10                     // for calls; more would only wait in Redis, which does one thing at a time
	failures    = 3                      // in a row, over the time of two calls, then no more calls
	pause       = time.Second            // until one call may try again
)

// Client is a connection to one Redis server. It is safe for use by many goroutines.
type Client struct {
	server  *redis.Client
	breaker *gobreaker.CircuitBreaker[struct{}]
	limit   time.Duration
	scope   string
	log     *slog.Logger
	failing atomic.Int64 // time of the first of the failures in a row; 0: the latest call worked

	mu    sync.Mutex
	last  error     // the latest failure
	since time.Time // of the present state
}

// Open reads a redis://, rediss:// or unix:// URL. It connects to nothing yet, since
// Parley starts without Redis as well. It is one server, or an address that behaves
// like one; the protocol of a cluster is not spoken. With ?read_timeout=200ms a call
// may take longer than 50 ms, for a server that is far away.
func Open(url string, log *slog.Logger) (*Client, error) {
	o, err := redis.ParseURL(url)
	if err != nil { // its text may hold the password
		return nil, fault.Say(fault.Invalid, "redis", "redis: this is no address of a Redis server; it looks like redis://USER:PASSWORD@HOST:PORT/0")
	}
	c := &Client{limit: min(cmp.Or(max(o.ReadTimeout, 0), limit), mostLimit), scope: "parley:" + strconv.Itoa(o.DB) + ":", log: log, since: time.Now()}
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = c.limit, c.limit, c.limit
	o.DialTimeout, o.DialerRetries = max(dialLimit, c.limit), 1
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1 // what failed is not worth a second wait
	o.PoolSize = cmp.Or(o.PoolSize, connections)
	o.PipelinePoolSize = -1 // one small pool for everything
	o.ConnMaxIdleTime = cmp.Or(o.ConnMaxIdleTime, 5*time.Minute)
	o.Protocol = 2 // plain replies: no pushed ones that have to be sorted out
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	logging.Disable() // it writes plain text to standard error; the breaker tells what matters
	c.server = redis.NewClient(o)
	c.breaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:    "redis",
		Timeout: pause,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			first := c.failing.Load()
			return n.ConsecutiveFailures >= failures && first != 0 && time.Since(time.Unix(0, first)) >= 2*c.limit
		},
		IsExcluded: func(err error) bool { return errors.Is(err, errCaller) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			c.changed(from, to)
		},
	})
	return c, nil
}

// Close closes the connections.
func (c *Client) Close() error { return c.server.Close() }

// errCaller marks calls that the caller gave up: they say nothing about Redis.
var errCaller = errors.New("the caller gave up")

// Do calls f, which makes one round trip, with the deadline of a call. Every error of
// f, an error reply included, counts against Redis, but for redis.Nil ("there is no
// such key"), which is no error here and not returned. What Do returns is
// fault.Unavailable, at once while Redis is left alone.
func (c *Client) Do(ctx context.Context, f func(context.Context, redis.Cmdable) error) error {
	_, err := c.breaker.Execute(func() (struct{}, error) {
		limited, cancel := context.WithTimeout(ctx, c.limit)
		defer cancel()
		err := f(limited, c.server)
		switch {
		case err == nil || errors.Is(err, redis.Nil):
			c.failing.Store(0)
			return struct{}{}, nil
		case ctx.Err() != nil:
			return struct{}{}, fmt.Errorf("%w: %w", errCaller, err)
		}
		c.failing.CompareAndSwap(0, time.Now().UnixNano())
		c.mu.Lock()
		c.last = err
		c.mu.Unlock()
		return struct{}{}, err
	})
	if err != nil {
		return fmt.Errorf("redis: %w: %w", fault.Unavailable, err)
	}
	return nil
}

// changed notes that calls stop or go on. Between the two the breaker tries now and
// then, which is nobody's business.
func (c *Client) changed(from, to gobreaker.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case from == gobreaker.StateClosed:
		c.since = time.Now()
		c.log.Warn("redis does not answer, going on without it", "err", c.last)
	case to == gobreaker.StateClosed:
		c.log.Info("redis answers again", "took", time.Since(c.since))
		c.since = time.Now()
	}
}

// Up reports whether calls are being made. It asks nobody.
func (c *Client) Up() bool { return c.breaker.State() == gobreaker.StateClosed }

// Limit is how long a call may take.
func (c *Client) Limit() time.Duration { return c.limit }

// Channel returns the name of a channel for messages. Unlike keys they do not belong
// to a database of the server, so their name holds its number: two installations
// that share a server do not hear each other.
func (c *Client) Channel(topic string) string { return c.scope + topic }

// Listen returns a connection for messages, which has no channels yet. It is beyond
// the breaker; the caller closes it.
func (c *Client) Listen(ctx context.Context) *redis.PubSub { return c.server.Subscribe(ctx) }
