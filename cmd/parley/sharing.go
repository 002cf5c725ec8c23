package main

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"

	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/cache"
	"github.com/parley-im/parley/internal/live"
	"github.com/parley-im/parley/internal/postgres/notify"
	"github.com/parley-im/parley/internal/ratelimit"
	"github.com/parley-im/parley/internal/redis"
	rediscache "github.com/parley-im/parley/internal/redis/cache"
	redislive "github.com/parley-im/parley/internal/redis/live"
	redislimit "github.com/parley-im/parley/internal/redis/ratelimit"
)

// cacheBytes bounds what one cache keeps in memory.
const cacheBytes = 16 << 20

// sharing is what the replicas of an installation tell each other. Nothing in it has
// to last: without Redis, and without other replicas, all of it is memory.
type sharing struct {
	client *redis.Client // or nil
	bus    live.Bus      // nil: there is one process only
	run    func(context.Context) error
	limits limiter
}

// limiter counts for visitors and for those who sign in.
type limiter interface {
	webchat.Limiter
	auth.Limiter
}

func (in *installation) share() error {
	memory := ratelimit.NewMemory(0)
	in.sharing = sharing{limits: memory, run: func(context.Context) error { return nil }}
	switch {
	case in.cfg.Redis != "":
		client, err := redis.Open(string(in.cfg.Redis), in.log)
		if err != nil {
			return err
		}
		bus := redislive.New(client, in.log)
		in.sharing = sharing{client: client, bus: bus, run: bus.Run, limits: redislimit.New(client, memory)}
		in.meters.Redis(in.sharing.up)
	case in.stores.server != nil:
		bus := notify.New(in.stores.server, in.log)
		in.sharing.bus, in.sharing.run = bus, bus.Run
	}
	return nil
}

// cache returns one that all replicas share, if there is Redis.
func (s sharing) cache(prefix string) cache.Cache {
	memory := cache.NewMemory(cacheBytes)
	if s.client == nil {
		return memory
	}
	return rediscache.New(s.client, prefix, memory)
}

// degraded is the reason why replicas work less well together than they could, or nil.
func (s sharing) degraded(ctx context.Context) error {
	if h := s.client.Health(ctx); h.State != redis.OK {
		return errors.New(h.Detail)
	}
	return nil
}

func (s sharing) close() error {
	if s.client == nil {
		return nil
	}
	return s.client.Close()
}

// owner names this process among those that share a database. The name is for people;
// it has to be its own, since containers may have the same host name.
func owner(replica string) string {
	if replica == "" {
		if host, err := os.Hostname(); err == nil {
			replica = host
		}
	}
	return strings.TrimLeft(replica+"-"+rand.Text()[:8], "-")
}
