// Package ratelimit says how often something may happen: messages of a visitor, tries
// to sign in.
//
// A Limiter keeps a bucket of tokens for each key. A bucket holds burst tokens, one
// comes back every 60/perMinute seconds, and each thing that happens takes one. What
// is refused takes none, so whoever waits as long as they are told gets through.
//
// Memory counts in one process. internal/redis/ratelimit counts for all replicas, and
// with a Memory while Redis is away. Both run the suite in ratelimittest. Who limits
// something names the interface it needs itself; Limiter is the smallest.
package ratelimit

import (
	"container/list"
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter takes tokens out of buckets. It never fails, and it is safe for use by
// many goroutines.
type Limiter interface {
	// Allow takes a token of key, or tells how long it takes until there is one. Who
	// limits puts its own name in front of the key. Below one token a burst is one
	// token; with no rate nothing comes back.
	Allow(ctx context.Context, key string, perMinute float64, burst int) (ok bool, retryAfter time.Duration)
}

// Keys is how many keys NewMemory keeps if it is told 0: some 6 MB.
const Keys = 20_000

// Longest is the longest time that anybody is told to wait.
const Longest = time.Hour

// Memory is a Limiter within one process. It keeps a bounded number of keys; when
// there are more, the one that was not seen for the longest time is forgotten, and
// its bucket is full again.
type Memory struct {
	most int

	mu      sync.Mutex
	buckets map[string]*list.Element // of bucket
	seen    list.List                // the latest in front
}

type bucket struct {
	key string
	*rate.Limiter
}

var _ Limiter = (*Memory)(nil)

// NewMemory returns a Memory with room for most keys.
func NewMemory(most int) *Memory {
	if most <= 0 {
		most = Keys
	}
	return &Memory{most: most, buckets: map[string]*list.Element{}}
}

// Allow takes a token of key.
func (m *Memory) Allow(_ context.Context, key string, perMinute float64, burst int) (bool, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, now := m.bucket(key, perMinute, burst), time.Now()
	if b.AllowN(now, 1) {
		return true, 0
	}
	return false, missing(b, now)
}

// Wait tells what Allow would, and takes nothing; 0 is a yes.
func (m *Memory) Wait(key string, perMinute float64, burst int) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return missing(m.bucket(key, perMinute, burst), time.Now())
}

// missing returns how long it takes until b has a token.
func missing(b *rate.Limiter, now time.Time) time.Duration {
	tokens := b.TokensAt(now)
	if tokens >= 1 {
		return 0
	}
	if b.Limit() <= 0 {
		return Longest
	}
	seconds := (1 - tokens) / float64(b.Limit())
	return time.Duration(min(seconds*float64(time.Second), float64(Longest)))
}

// bucket returns the bucket of a key, filled as it is now.
func (m *Memory) bucket(key string, perMinute float64, burst int) *rate.Limiter {
	every, burst := rate.Limit(max(perMinute, 0)/60), max(burst, 1)
	if e, ok := m.buckets[key]; ok {
		m.seen.MoveToFront(e)
		b := e.Value.(bucket)
		if b.Limit() != every || b.Burst() != burst {
			b.SetLimit(every)
			b.SetBurst(burst)
		}
		return b.Limiter
	}
	for len(m.buckets) >= m.most {
		oldest := m.seen.Back()
		m.seen.Remove(oldest)
		delete(m.buckets, oldest.Value.(bucket).key)
	}
	b := bucket{key, rate.NewLimiter(every, burst)}
	m.buckets[key] = m.seen.PushFront(b)
	return b.Limiter
}

// Forget fills the bucket of key.
func (m *Memory) Forget(_ context.Context, key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.buckets[key]; ok {
		m.seen.Remove(e)
		delete(m.buckets, key)
	}
}

// Len is how many keys are kept.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.buckets)
}
