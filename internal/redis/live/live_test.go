package live_test

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
	"go.uber.org/goleak"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/live/livetest"
	"github.com/parley-im/parley/internal/redis"
	"github.com/parley-im/parley/internal/redis/live"
	"github.com/parley-im/parley/internal/redistest"
	"github.com/parley-im/parley/internal/testservice"
)

// lines collects what is logged.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// replica is a Bus as one process has it. stop ends it, and waits.
func replica(t testing.TB, url string) (b *live.Bus, log *lines, stop func()) {
	t.Helper()
	log = &lines{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	c, err := redis.Open(url, logger)
	if err != nil {
		t.Fatal(err)
	}
	b = live.New(c, logger)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ended, c.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return b, log, stop
}

func until(t testing.TB, what string, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ask(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func pair(t testing.TB, url string) (a, b *live.Bus) {
	t.Helper()
	a, _, _ = replica(t, url)
	b, _, _ = replica(t, url)
	until(t, "both are connected", func() bool { return a.Online() && b.Online() })
	return a, b
}

func TestBus(t *testing.T) {
	server := redistest.Server(t)
	livetest.Run(t, func(t *testing.T) livetest.Ends {
		a, b := pair(t, server.URL()+"?read_timeout=1s")
		return livetest.Ends{A: a, B: b, Cut: func(t *testing.T) {
			for _, kind := range []string{"pubsub", "normal"} {
				if err := admin(server, "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"); err != nil {
					t.Fatal(err)
				}
			}
		}}
	})
}

func admin(s *testservice.Redis, command ...any) error {
	c := goredis.NewClient(&goredis.Options{Addr: s.Address(), Protocol: 2})
	defer c.Close()
	return c.Do(context.Background(), command...).Err()
}

// next waits for a payload.
func next(t *testing.T, c <-chan []byte) string {
	t.Helper()
	select {
	case got := <-c:
		return string(got)
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was heard")
	}
	return ""
}

// Redis away: this process hears itself as before, nobody waits long, and the others
// are heard again once it is back, without anybody subscribing anew.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		spoil, mend func(*testservice.Redis) error
	}{
		"killed":  {(*testservice.Redis).Kill, (*testservice.Redis).Start},
		"frozen":  {(*testservice.Redis).Freeze, (*testservice.Redis).Thaw},
		"flushed": {func(s *testservice.Redis) error { return admin(s, "FLUSHALL") }, func(*testservice.Redis) error { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Server(t)
			a, log, _ := replica(t, server.URL())
			b, _, _ := replica(t, server.URL())
			until(t, "both are connected", func() bool { return a.Online() && b.Online() })
			before, err := a.Subscribe(t.Context(), "t")
			if err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(server); err != nil {
				t.Fatal(err)
			}
			if name != "flushed" {
				until(t, "it is noticed", func() bool { return !a.Online() })
			}
			began := time.Now()
			during, err := a.Subscribe(t.Context(), "t")
			if err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				if err := a.Publish(t.Context(), "t", fmt.Append(nil, i)); err != nil && !errors.Is(err, fault.Unavailable) {
					t.Errorf("publish: %v, want fault.Unavailable", err)
				}
				for _, ear := range []<-chan []byte{before, during} {
					if got := next(t, ear); got != fmt.Sprint(i) {
						t.Errorf("heard %q, want %d", got, i)
					}
				}
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("that took %v", took)
			}
			if err := c.mend(server); err != nil {
				t.Fatal(err)
			}
			until(t, "another replica is heard again", func() bool {
				_ = b.Publish(t.Context(), "t", []byte("hello again"))
				select {
				case got := <-before:
					return string(got) == "hello again" && next(t, during) == "hello again"
				case <-time.After(50 * time.Millisecond):
					return false
				}
			})
			want := map[bool]int{true: 1, false: 0}[name != "flushed"]
			for _, line := range []string{"no live updates", "come again"} {
				until(t, "logged: "+line, func() bool { return strings.Count(log.text(), line) >= want })
				if got := strings.Count(log.text(), line); got != want {
					t.Errorf("%q was logged %d times, want %d:\n%s", line, got, want, log.text())
				}
			}
		})
	}
}

// Redis hears of topics when the first listens, and when the last has left.
func TestTopicsAreSharedAndGivenBack(t *testing.T) {
	server := redistest.Server(t)
	b, _, _ := replica(t, server.URL())
	until(t, "connected", b.Online)
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 1200 {
		go func() { _, _ = b.Subscribe(ctx, fmt.Sprint("t.", i/2)) }()
	}
	c := goredis.NewClient(&goredis.Options{Addr: server.Address(), Protocol: 2})
	defer c.Close()
	channels := func() int { return len(c.PubSubChannels(t.Context(), "parley:0:live:*").Val()) }
	until(t, "Redis knows 600 topics", func() bool { return channels() == 600 })
	if n := strings.Count(c.ClientList(t.Context()).Val(), "sub=600"); n != 1 {
		t.Errorf("%d connections listen, want one", n)
	}
	cancel()
	until(t, "Redis knows none", func() bool { return channels() == 0 })
}

func TestRunLeavesNothingBehind(t *testing.T) {
	server := redistest.Server(t)
	before := goleak.IgnoreCurrent()
	b, _, stop := replica(t, server.URL())
	until(t, "connected", b.Online)
	stop()
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}

func BenchmarkThere(b *testing.B) {
	url := redistest.Server(b).URL() + "?read_timeout=1s"
	x, y := pair(b, url)
	c, err := y.Subscribe(b.Context(), "t")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := x.Publish(b.Context(), "t", []byte("a few words")); err != nil {
			b.Fatal(err)
		}
		<-c
	}
}
