package redis_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/redis"
	"github.com/parley-im/parley/internal/redistest"
	"github.com/parley-im/parley/internal/testservice"
)

// lines collects what is logged.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(p))
	return len(p), nil
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "")
}

func open(t testing.TB, url string) (*redis.Client, *lines) {
	t.Helper()
	log := &lines{}
	c, err := redis.Open(url, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, log
}

// until repeats ask until it is true.
func until(t testing.TB, what string, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ask(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestCalls(t *testing.T) {
	c, log := open(t, redistest.Start(t))
	until(t, "Redis answers", func() bool { return c.Ping(t.Context()) == nil })
	var got string
	err := c.Do(t.Context(), func(ctx context.Context, r goredis.Cmdable) (err error) {
		got, err = r.Get(ctx, "redistest:there is no such key").Result()
		return err
	})
	if err != nil || got != "" {
		t.Errorf("a key that is not there: %q, %v; want no error", got, err)
	}
	if h := c.Health(t.Context()); h.State != redis.OK || h.Detail != "" {
		t.Errorf("health %+v", h)
	}
	s, err := c.Inspect(t.Context())
	if err != nil || s.Version == "" || s.Took <= 0 {
		t.Errorf("inspected: %+v, %v", s, err)
	}
	// A caller who leaves says nothing about Redis.
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 10 {
		if err := c.Ping(gone); err == nil {
			t.Error("a call of an ended context worked")
		}
	}
	if !c.Up() || log.text() != "" {
		t.Errorf("up %v, logged %q", c.Up(), log.text())
	}
}

func TestOpen(t *testing.T) {
	for url, want := range map[string]time.Duration{
		"redis://127.0.0.1:1":                    50 * time.Millisecond,
		"redis://127.0.0.1:1?read_timeout=200ms": 200 * time.Millisecond,
		"redis://127.0.0.1:1?read_timeout=5m":    time.Second,
		"redis://127.0.0.1:1?read_timeout=-1":    50 * time.Millisecond,
	} {
		if c, _ := open(t, url); c.Limit() != want {
			t.Errorf("%s: a call may take %v, want %v", url, c.Limit(), want)
		}
	}
	for _, url := range []string{"", "localhost", "http://x", "redis://u:geheim@host/notanumber", "redis://u:geheim@ho st"} {
		_, err := redis.Open(url, slog.New(slog.DiscardHandler))
		if !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v, want fault.Invalid without the password", url, err)
		}
	}
	c, _ := open(t, "redis://127.0.0.1:1/7")
	if got := c.Channel("x"); got != "parley:7:x" {
		t.Errorf("channel %q", got)
	}
}

// Whatever happens to Redis: no call takes long, soon none is made, each change is
// logged once, and it comes back by itself.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name        string
		spoil, mend func(*testservice.Redis) error
	}{
		{"killed", (*testservice.Redis).Kill, (*testservice.Redis).Start},
		{"frozen", (*testservice.Redis).Freeze, (*testservice.Redis).Thaw},
		{"answers errors", func(s *testservice.Redis) error { return admin(s, "CONFIG", "SET", "requirepass", "other") },
			func(s *testservice.Redis) error { return admin(s, "CONFIG", "SET", "requirepass", "") }},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			server := redistest.Server(t)
			client, log := open(t, server.URL())
			until(t, "Redis answers", func() bool { return client.Ping(t.Context()) == nil })
			if err := c.spoil(server); err != nil {
				t.Fatal(err)
			}
			if c.name == "answers errors" { // those that are signed in stay so
				if err := admin(server, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"); err != nil {
					t.Fatal(err)
				}
			}
			until(t, "calls are refused at once", func() bool {
				began := time.Now()
				err := client.Ping(t.Context())
				if took := time.Since(began); took > 2*time.Second { // 50 ms and what a busy machine adds
					t.Errorf("a call took %v", took)
				}
				if err != nil && !errors.Is(err, fault.Unavailable) {
					t.Errorf("a call failed with %v, want fault.Unavailable", err)
				}
				return !client.Up()
			})
			if h := client.Health(t.Context()); h.State != redis.Degraded || h.Detail == "" {
				t.Errorf("health %+v", h)
			}
			for range 2 { // probes in between change nothing
				time.Sleep(1100 * time.Millisecond)
				_ = client.Ping(t.Context())
			}
			if err := c.mend(server); err != nil {
				t.Fatal(err)
			}
			until(t, "Redis is used again", func() bool { return client.Ping(t.Context()) == nil && client.Up() })
			if h := client.Health(t.Context()); h.State != redis.OK {
				t.Errorf("health %+v", h)
			}
			text := log.text()
			if strings.Count(text, "\n") != 2 || !strings.Contains(text, "going on without it") || !strings.Contains(text, "answers again") {
				t.Errorf("logged\n%s\nwant one line for each change", text)
			}
		})
	}
}

// admin sends one command as somebody with every right.
func admin(s *testservice.Redis, command ...any) error {
	for _, password := range []string{"", "other"} {
		c := goredis.NewClient(&goredis.Options{Addr: s.Address(), Password: password, Protocol: 2})
		err := c.Do(context.Background(), command...).Err()
		_ = c.Close()
		if err == nil || !strings.Contains(err.Error(), "AUTH") {
			return err
		}
	}
	return fmt.Errorf("no password lets us in")
}

// What a call costs while Redis is well, and while it is left alone.
func BenchmarkPing(b *testing.B) {
	c, _ := open(b, redistest.Start(b))
	until(b, "Redis answers", func() bool { return c.Ping(b.Context()) == nil })
	for b.Loop() {
		_ = c.Ping(b.Context())
	}
	if !c.Up() {
		b.Error("Redis went away")
	}
}

func BenchmarkPingWithoutRedis(b *testing.B) {
	c, _ := open(b, "redis://127.0.0.1:1")
	for b.Loop() {
		if err := c.Ping(b.Context()); err == nil {
			b.Fatal("there is no server")
		}
	}
}
