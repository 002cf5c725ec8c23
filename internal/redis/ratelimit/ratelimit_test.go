package ratelimit_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	memory "github.com/parley-im/parley/internal/ratelimit"
	"github.com/parley-im/parley/internal/ratelimit/ratelimittest"
	"github.com/parley-im/parley/internal/redis"
	"github.com/parley-im/parley/internal/redis/ratelimit"
	"github.com/parley-im/parley/internal/redistest"
	"github.com/parley-im/parley/internal/testservice"
)

// replica is a Limiter as one process has it.
func replica(t testing.TB, url string) *ratelimit.Limiter {
	t.Helper()
	c, err := redis.Open(url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for end := time.Now().Add(20 * time.Second); c.Ping(t.Context()) != nil && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	return ratelimit.New(c, memory.NewMemory(0))
}

func TestLimiter(t *testing.T) {
	ratelimittest.Run(t, func(t *testing.T) ratelimittest.Limiter { return replica(t, redistest.Server(t).URL()) })
}

// With Redis away it is a memory limiter, and keeps every promise of one.
func TestLimiterWithoutRedis(t *testing.T) {
	ratelimittest.Run(t, func(t *testing.T) ratelimittest.Limiter {
		c, err := redis.Open("redis://127.0.0.1:1", slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return ratelimit.New(c, memory.NewMemory(0))
	})
}

const burst = 10

// allowed asks n times for one key, a token a minute.
func allowed(t *testing.T, l *ratelimit.Limiter, n int) (got int) {
	t.Helper()
	for range n {
		began := time.Now()
		if ok, _ := l.Allow(t.Context(), "a", 1, burst); ok {
			got++
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("a call took %v", took)
		}
	}
	return got
}

func TestReplicasShareABucket(t *testing.T) {
	url := redistest.Server(t).URL()
	a, b := replica(t, url), replica(t, url)
	if x, y := allowed(t, a, 7), allowed(t, b, 7); x != 7 || y != 3 {
		t.Errorf("two replicas allowed %d and %d, want 7 and 3", x, y)
	}
	b.Forget(t.Context(), "a")
	if got := allowed(t, b, 20); got != burst {
		t.Errorf("after it was forgotten %d allowed, want %d", got, burst)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*testservice.Redis) error
		left  int // of the burst, after 8 were allowed before
	}{
		"killed":  {(*testservice.Redis).Kill, 2},
		"frozen":  {(*testservice.Redis).Freeze, 2},
		"flushed": {flush, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Server(t)
			l := replica(t, server.URL())
			other := replica(t, server.URL())
			if got := allowed(t, l, 8); got != 8 {
				t.Fatalf("%d of 8 allowed", got)
			}
			if err := c.spoil(server); err != nil {
				t.Fatal(err)
			}
			if got := allowed(t, l, 30); got != c.left {
				t.Errorf("after that %d more were allowed, want %d: nobody gets a fresh bucket", got, c.left)
			}
			// One that counted nothing itself begins with a whole bucket, and no more than that.
			if got := allowed(t, other, 30); got < 1 || got > burst {
				t.Errorf("another replica allowed %d, want up to %d", got, burst)
			}
		})
	}
}

func TestNothingReadableIsStored(t *testing.T) {
	server := redistest.Server(t)
	l := replica(t, server.URL())
	l.Allow(t.Context(), "sign-in/name/ann@shop.example", 1, 3)
	c := goClient(t, server)
	keys, err := c.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 1 || len(keys[0]) != len("parley:limit:")+24 {
		t.Errorf("keys %q, %v", keys, err)
	}
	if ttl := c.PTTL(t.Context(), keys[0]).Val(); ttl <= 0 || ttl > time.Minute {
		t.Errorf("the key lives for %v, want until its bucket is full", ttl)
	}
}

func BenchmarkAllow(b *testing.B) {
	l, i := replica(b, redistest.Server(b).URL()), 0
	for b.Loop() {
		i++
		l.Allow(b.Context(), fmt.Sprint(i%5000), 1e9, 1000)
	}
}

func BenchmarkRefuse(b *testing.B) { // a flood, held back without asking Redis
	l := replica(b, redistest.Server(b).URL())
	for b.Loop() {
		l.Allow(b.Context(), "a", 1, 1)
	}
}

func goClient(t *testing.T, s *testservice.Redis) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Addr: s.Address(), Protocol: 2})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func flush(s *testservice.Redis) error {
	c := goredis.NewClient(&goredis.Options{Addr: s.Address(), Protocol: 2})
	defer c.Close()
	return c.FlushAll(context.Background()).Err()
}
