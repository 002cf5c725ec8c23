package answercache_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/cache"
	"github.com/parley-im/parley/internal/llm/answercache"
	"github.com/parley-im/parley/internal/redis"
	rediscache "github.com/parley-im/parley/internal/redis/cache"
	"github.com/parley-im/parley/internal/redistest"
)

func TestStore(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) cache.Cache{
		"memory": func(*testing.T) cache.Cache { return cache.NewMemory(1 << 20) },
		"redis": func(t *testing.T) cache.Cache {
			c, err := redis.Open(redistest.Server(t).URL()+"?read_timeout=1s", slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			return rediscache.New(c, "answers", cache.NewMemory(0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			s := answercache.New(c, time.Hour)
			a := bot.Answer{Text: "三十天 [1]。", Cited: []int{1}, Model: "m1", At: time.Now().UTC().Truncate(time.Microsecond)}
			if got, ok := s.Find(t.Context(), "k"); ok {
				t.Errorf("an empty one has %+v", got)
			}
			s.Keep(t.Context(), "k", a)
			got, ok := s.Find(t.Context(), "k")
			if diff := cmp.Diff(a, got); !ok || diff != "" {
				t.Errorf("found %v (-want +got):\n%s", ok, diff)
			}
			a.At = a.At.Add(-2 * time.Hour)
			s.Keep(t.Context(), "old", a)
			if got, ok := s.Find(t.Context(), "old"); ok {
				t.Errorf("one that is too old was found: %+v", got)
			}
			c.Set(t.Context(), time.Hour, cache.Entry{Key: "broken", Value: []byte(`{"text": 7`)})
			if got, ok := s.Find(t.Context(), "broken"); ok {
				t.Errorf("what is no answer was found: %+v", got)
			}
			if hits, misses := s.Counts(); hits != 1 || misses != 3 {
				t.Errorf("%d hits and %d misses, want 1 and 3", hits, misses)
			}
		})
	}
}

func TestNothingFails(t *testing.T) {
	c, err := redis.Open("redis://127.0.0.1:1", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := answercache.New(rediscache.New(c, "answers", cache.NewMemory(0)), 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Keep(ctx, "k", bot.Answer{Text: "x"})
	if _, ok := s.Find(ctx, "k"); ok {
		t.Error("found something nowhere")
	}
}
