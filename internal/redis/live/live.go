// Package live carries hints between replicas over Redis. It is a live.Bus.
//
// Within the process a payload is handed on at once, whether or not Redis is there;
// to the other replicas it goes by PUBLISH. All subscriptions of a process share one
// connection, which Run holds: it asks Redis for the topics that somebody listens to,
// hands on what comes, and connects again when the connection breaks or is silent
// for too long (a frozen server keeps connections open). What was published in
// between is lost, as a Bus may.
package live

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/parley-im/parley/internal/live"
	"github.com/parley-im/parley/internal/redis"
)

const (
	beat   = time.Second            // a sign of life is asked for so often
	silent = 3 * time.Second        // without any, the connection is given up
	again  = 250 * time.Millisecond // until it is made anew
	joined = 500 * time.Millisecond // longest that Subscribe waits for Redis to confirm
	batch  = 500                    // topics in one command
)

// Bus is one process's end of the bus.
type Bus struct {
	client *redis.Client
	log    *slog.Logger
	self   []byte // stands in front of each payload, so that we know our own
	local  live.Memory
	poke   chan struct{} // the topics have changed

	mu     sync.Mutex
	topics map[string]*topic // that somebody here listens to
	online bool              // the connection holds
}

// topic is what is known of the wishes for one topic.
type topic struct {
	listeners int
	asked     bool          // Redis was asked for it, on this connection
	heard     chan struct{} // closed once Redis has confirmed
}

var _ live.Bus = (*Bus)(nil)

// New returns a Bus. Other processes are reached while Run runs.
func New(client *redis.Client, log *slog.Logger) *Bus {
	return &Bus{client: client, log: log, self: []byte(rand.Text())[:16], poke: make(chan struct{}, 1), topics: map[string]*topic{}}
}

// Publish hands payload on here, and then to the other replicas.
func (b *Bus) Publish(ctx context.Context, name string, payload []byte) error {
	if err := b.local.Publish(ctx, name, payload); err != nil {
		return err
	}
	err := b.client.Do(ctx, func(ctx context.Context, r goredis.Cmdable) error {
		return r.Publish(ctx, b.channel(name), append(bytes.Clone(b.self), payload...)).Err()
	})
	if err != nil {
		return fmt.Errorf("publish to other replicas: %w", err)
	}
	return nil
}

// Subscribe delivers what is published to a topic until ctx ends. While Redis is
// away it delivers what is published in this process.
func (b *Bus) Subscribe(ctx context.Context, name string) (<-chan []byte, error) {
	c, err := b.local.Subscribe(ctx, name)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	t := b.topics[name]
	if t == nil {
		t = &topic{heard: make(chan struct{})}
		b.topics[name] = t
	}
	t.listeners++
	heard := t.heard
	b.mu.Unlock()
	b.changed()
	context.AfterFunc(ctx, func() { b.leave(name, t) })
	if !b.client.Up() {
		return c, nil
	}
	late := time.NewTimer(joined)
	defer late.Stop()
	select {
	case <-heard:
	case <-late.C:
	case <-ctx.Done():
	}
	return c, nil
}

func (b *Bus) leave(name string, t *topic) {
	b.mu.Lock()
	if t.listeners--; t.listeners == 0 && b.topics[name] == t {
		delete(b.topics, name)
	}
	b.mu.Unlock()
	b.changed()
}

func (b *Bus) changed() {
	select {
	case b.poke <- struct{}{}:
	default: // somebody else has poked already
	}
}

func (b *Bus) channel(name string) string { return b.client.Channel("live:" + name) }

// Online reports whether the other replicas can be heard.
func (b *Bus) Online() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.online
}

// Run holds the connection until ctx ends.
func (b *Bus) Run(ctx context.Context) error {
	for down := false; ; {
		err := b.session(ctx, func() {
			if down {
				b.log.InfoContext(ctx, "live updates from other replicas come again")
			}
			down = false
		})
		if ctx.Err() != nil {
			return nil
		}
		if !down {
			down = true
			b.log.WarnContext(ctx, "no live updates from other replicas, they are found in the database instead", "err", err)
		}
		pause := time.NewTimer(again)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil
		}
	}
}

var errSilent = errors.New("the connection is silent")

// session is one connection, from its beginning to its end. Through Ping it stays
// away while the breaker says so, and tells the breaker when Redis is back.
func (b *Bus) session(ctx context.Context, up func()) error {
	if err := b.client.Ping(ctx); err != nil {
		return err
	}
	s := &session{bus: b, conn: b.client.Listen(ctx), have: map[string]*topic{}, life: make(chan struct{}, 1)}
	b.mu.Lock()
	for _, t := range b.topics {
		t.asked, t.heard = false, make(chan struct{})
	}
	b.mu.Unlock()
	ended := make(chan error, 1)
	if err := s.conn.Ping(ctx); err != nil {
		return errors.Join(err, s.conn.Close())
	}
	go func() { ended <- s.receive(ctx) }()
	err := s.hold(ctx, up, ended)
	b.mu.Lock()
	b.online = false
	b.mu.Unlock()
	return err
}
