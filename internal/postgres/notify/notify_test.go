package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/live/livetest"
	"github.com/parley-im/parley/internal/postgres/notify"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/testservice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBus(t *testing.T) {
	livetest.Run(t, func(t *testing.T) livetest.Ends {
		address := postgrestest.URL(t)
		return livetest.Ends{A: end(t, address), B: end(t, address), Cut: func(t *testing.T) {
			const query = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'parley%' AND pid <> pg_backend_pid()`
			if _, err := postgrestest.Connect(t, address+"&application_name=admin").Exec(t.Context(), query); err != nil {
				t.Fatal(err)
			}
		}}
	})
}

// end is one replica's Bus while the test runs.
func end(t *testing.T, address string) *notify.Bus {
	t.Helper()
	b := notify.New(postgrestest.Connect(t, address), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	await(t, b, true)
	return b
}

func await(t *testing.T, b *notify.Bus, online bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); b.Online() != online; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("online: %v, want %v", b.Online(), online)
		}
	}
}

// Without the server what is said in this process is still heard here.
func TestTheServerIsAway(t *testing.T) {
	s := postgrestest.Server(t, testservice.PostgresOptions{})
	b, other := end(t, s.URL("postgres")), end(t, s.URL("postgres"))
	here, err := b.Subscribe(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	there, err := other.Subscribe(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Crash(); err != nil {
		t.Fatal(err)
	}
	await(t, b, false)
	if err := b.Publish(t.Context(), "t", []byte("while away")); !errors.Is(err, fault.Unavailable) {
		t.Errorf("publish: %v, want fault.Unavailable", err)
	}
	if got := string(<-here); got != "while away" {
		t.Errorf("heard %q", got)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, b, true)
	await(t, other, true)
	if err := b.Publish(t.Context(), "t", []byte("back")); err != nil {
		t.Error(err)
	}
	if got := string(<-here); got != "back" {
		t.Errorf("heard %q", got)
	}
	if got := string(<-there); got != "back" {
		t.Errorf("the other replica heard %q", got)
	}
}

func BenchmarkPublish(b *testing.B) {
	bus := notify.New(postgrestest.Open(b), slog.New(slog.DiscardHandler))
	payload := make([]byte, 200)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := bus.Publish(b.Context(), "t", payload); err != nil {
				b.Error(err)
			}
		}
	})
}
