package cache_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	memory "github.com/parley-im/parley/internal/cache"
	"github.com/parley-im/parley/internal/cache/cachetest"
	"github.com/parley-im/parley/internal/redis"
	"github.com/parley-im/parley/internal/redis/cache"
	"github.com/parley-im/parley/internal/redistest"
	"github.com/parley-im/parley/internal/testservice"
)

// replica is a Cache as one process has it.
func replica(t testing.TB, url string, near int) *cache.Cache {
	t.Helper()
	c, err := redis.Open(url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if url != nowhere {
		for end := time.Now().Add(20 * time.Second); c.Ping(t.Context()) != nil && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		}
	}
	return cache.New(c, "test", memory.NewMemory(near))
}

const nowhere = "redis://127.0.0.1:1"

func TestCache(t *testing.T) {
	for name, near := range map[string]int{"with memory": 32 << 20, "without": 0} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Server(t)
			// The largest values take this machine longer than a call may, when it is busy.
			cachetest.Run(t, func(t *testing.T) memory.Cache { return replica(t, server.URL()+"?read_timeout=1s", near) })
		})
	}
}

// With Redis away it is a memory cache, and keeps every promise of one.
func TestCacheWithoutRedis(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) memory.Cache { return replica(t, nowhere, 32<<20) })
}

func TestReplicasShare(t *testing.T) {
	url := redistest.Server(t).URL()
	a, b := replica(t, url, 1<<20), replica(t, url, 1<<20)
	a.Set(t.Context(), time.Hour, memory.Entry{Key: "k", Value: []byte("v")})
	if got := b.Get(t.Context(), "k", "other"); string(got[0]) != "v" || got[1] != nil {
		t.Errorf("another replica has %q", got)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*testservice.Redis) error
		near  string // what the replica that asked before still has
	}{
		"killed": {(*testservice.Redis).Kill, "v"}, "frozen": {(*testservice.Redis).Freeze, "v"}, "flushed": {flush, "v"},
		"holds something else": {garble, "v"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Server(t)
			a, b := replica(t, server.URL(), 1<<20), replica(t, server.URL(), 1<<20)
			a.Set(t.Context(), time.Hour, memory.Entry{Key: "k", Value: []byte("v")})
			if err := c.spoil(server); err != nil {
				t.Fatal(err)
			}
			for range 10 {
				began := time.Now()
				if got := a.Get(t.Context(), "k")[0]; string(got) != c.near {
					t.Errorf("the replica that set it has %q, want %q", got, c.near)
				}
				if got := b.Get(t.Context(), "k")[0]; got != nil {
					t.Errorf("another replica has %q", got)
				}
				b.Set(t.Context(), time.Hour, memory.Entry{Key: "new", Value: []byte("n")})
				if got := b.Get(t.Context(), "new")[0]; string(got) != "n" {
					t.Errorf("what was set since is %q", got)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("four calls took %v", took)
				}
			}
		})
	}
}

func admin(s *testservice.Redis, f func(*goredis.Client) error) error {
	c := goredis.NewClient(&goredis.Options{Addr: s.Address(), Protocol: 2})
	defer c.Close()
	return f(c)
}

func flush(s *testservice.Redis) error {
	return admin(s, func(c *goredis.Client) error { return c.FlushAll(context.Background()).Err() })
}

// garble puts a list where a value should be, as another program's key might.
func garble(s *testservice.Redis) error {
	return admin(s, func(c *goredis.Client) error {
		ctx := context.Background()
		if err := c.Del(ctx, "parley:test:k").Err(); err != nil {
			return err
		}
		return c.RPush(ctx, "parley:test:k", "x").Err()
	})
}

func BenchmarkGet(b *testing.B) {
	for name, near := range map[string]int{"redis": 0, "memory": 32 << 20} {
		b.Run(name, func(b *testing.B) {
			c := replica(b, redistest.Server(b).URL()+"?read_timeout=1s", near)
			c.Set(b.Context(), time.Hour, memory.Entry{Key: "k", Value: make([]byte, 3072)})
			for b.Loop() {
				if c.Get(b.Context(), "k")[0] == nil {
					b.Fatal(fmt.Errorf("it is gone"))
				}
			}
		})
	}
}
