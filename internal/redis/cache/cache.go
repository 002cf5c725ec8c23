// Package cache shares what is costly among replicas, in Redis. It is a cache.Cache.
//
// A Memory stands in front: what this process asked for a short while ago is not
// asked of Redis again, and while Redis is away that Memory is the whole cache. What
// comes from Redis stays in it for nearby at most, so that nothing outlives its time
// by more than that.
//
// Values are neither signed nor encrypted. Redis belongs to the same trust as the
// database: who can write to it can change answers that are kept there.
package cache

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/parley-im/parley/internal/cache"
	"github.com/parley-im/parley/internal/redis"
)

// nearby is how long a value of Redis is believed without asking again.
const nearby = time.Minute

// Cache keeps values in Redis.
type Cache struct {
	client *redis.Client
	prefix string
	memory *cache.Memory
}

var _ cache.Cache = (*Cache)(nil)

// New returns a Cache in client, whose keys begin with "parley:" and prefix. memory
// is its own.
func New(client *redis.Client, prefix string, memory *cache.Memory) *Cache {
	return &Cache{client: client, prefix: "parley:" + prefix + ":", memory: memory}
}

// Get asks the memory, and Redis for the rest, in one call.
func (c *Cache) Get(ctx context.Context, keys ...string) [][]byte {
	out := c.memory.Get(ctx, keys...)
	var missing []int
	var names []string
	for i, value := range out {
		if value == nil {
			missing, names = append(missing, i), append(names, c.prefix+keys[i])
		}
	}
	if len(missing) == 0 {
		return out
	}
	var found []any
	err := c.client.Do(ctx, func(ctx context.Context, r goredis.Cmdable) (err error) {
		found, err = r.MGet(ctx, names...).Result()
		return err
	})
	if err != nil || len(found) != len(missing) {
		return out
	}
	for n, i := range missing {
		if text, ok := found[n].(string); ok && len(text) <= cache.MaxValue {
			out[i] = []byte(text)
			c.memory.Set(ctx, nearby, cache.Entry{Key: keys[i], Value: out[i]})
		}
	}
	return out
}

// Set keeps entries in both, in Redis with one call.
func (c *Cache) Set(ctx context.Context, ttl time.Duration, entries ...cache.Entry) {
	c.memory.Set(ctx, ttl, entries...)
	if ttl < time.Millisecond { // Redis counts in these
		return
	}
	var fit []cache.Entry
	for _, e := range entries {
		if len(e.Value) > 0 && len(e.Value) <= cache.MaxValue {
			fit = append(fit, e)
		}
	}
	if len(fit) == 0 {
		return
	}
	_ = c.client.Do(ctx, func(ctx context.Context, r goredis.Cmdable) error { // what fails is kept nearby
		_, err := r.Pipelined(ctx, func(p goredis.Pipeliner) error {
			for _, e := range fit {
				p.Set(ctx, c.prefix+e.Key, e.Value, ttl)
			}
			return nil
		})
		return err
	})
}
