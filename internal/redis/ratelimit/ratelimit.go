// Package ratelimit counts for all replicas together, in Redis. It is a
// ratelimit.Limiter.
//
// A bucket is one key that holds the time at which it will be full again (the generic
// cell rate algorithm: a token bucket in one number). One script reads Redis's own
// clock, decides and writes, so replicas with different clocks agree. The key goes by
// itself when the bucket is full. Keys are hashed: no name and no address stands in
// Redis.
//
// Each replica also counts what it allowed itself. What that refuses is refused
// without asking, so a flood costs Redis nothing; and when Redis goes away or loses
// everything, nobody who was held back here gets a fresh bucket. While Redis is away,
// that count alone decides: a limit then holds for each replica by itself.
package ratelimit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/parley-im/parley/internal/ratelimit"
	"github.com/parley-im/parley/internal/redis"
)

// script takes KEYS[1], and of ARGV the microseconds that a token takes and the burst.
// It returns the microseconds to wait, 0 if a token was taken. What lies further ahead
// than a whole bucket is cut down to that: the limits have changed, or the clock.
const script = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local token, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.min(tonumber(redis.call('GET', KEYS[1]) or 0), now + burst * token)
full = math.max(full, now) + token
if full - now > burst * token then
	return math.ceil(full - now - burst * token)
end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return 0`

// What a bucket can be at most, so that the script's numbers and the key's lifetime
// stay in bounds.
const (
	slowest   = 30 * 24 * time.Hour // for a token
	mostBurst = 1_000_000
)

// Limiter counts in Redis.
type Limiter struct {
	client *redis.Client
	script *goredis.Script
	memory *ratelimit.Memory
}

var _ ratelimit.Limiter = (*Limiter)(nil)

// New returns a Limiter that counts in client, and in memory too.
func New(client *redis.Client, memory *ratelimit.Memory) *Limiter {
	return &Limiter{client: client, script: goredis.NewScript(script), memory: memory}
}

// Allow takes a token of key.
func (l *Limiter) Allow(ctx context.Context, key string, perMinute float64, burst int) (bool, time.Duration) {
	// The count here is later than Redis's by the time of a call.
	if wait := l.memory.Wait(key, perMinute, burst); wait > l.client.Limit() {
		return false, wait
	}
	token := slowest
	if perMinute > 0 {
		token = time.Duration(min(float64(time.Minute)/perMinute, float64(slowest)))
	}
	var micros int64
	err := l.client.Do(ctx, func(ctx context.Context, r goredis.Cmdable) (err error) {
		micros, err = l.script.Run(ctx, r, []string{name(key)}, max(1, token.Microseconds()), max(1, min(burst, mostBurst))).Int64()
		return err
	})
	if err != nil {
		return l.memory.Allow(ctx, key, perMinute, burst)
	}
	if micros > 0 {
		return false, min(time.Duration(micros)*time.Microsecond, ratelimit.Longest)
	}
	// Redis may have lost its count while several asked at once.
	if ok, wait := l.memory.Allow(ctx, key, perMinute, burst); !ok && wait > l.client.Limit() {
		return false, wait
	}
	return true, 0
}

// Forget fills the bucket of key, here and in Redis.
func (l *Limiter) Forget(ctx context.Context, key string) {
	l.memory.Forget(ctx, key)
	_ = l.client.Do(ctx, func(ctx context.Context, r goredis.Cmdable) error { // if it fails, it fills by itself
		return r.Del(ctx, name(key)).Err()
	})
}

func name(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "parley:limit:" + base64.RawURLEncoding.EncodeToString(sum[:18])
}
