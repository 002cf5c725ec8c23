package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	pgleases "github.com/parley-im/parley/internal/postgres/leases"
	"github.com/parley-im/parley/internal/postgres/messages"
	"github.com/parley-im/parley/internal/postgres/notify"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

// TestReplicasOnPostgres runs three gateways on one server, in real time: one is
// frozen and melts, one is killed, one is stopped, while people go on asking.
func TestReplicasOnPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a quarter of a minute")
	}
	db := postgrestest.Open(t)
	far := &platform{} // it posts once, and drops nothing by itself
	far.profile = gateway.Profile{Format: gateway.Plain}
	var mu sync.Mutex
	events := map[string]int{}
	ctx, stopAll := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	defer running.Wait()
	defer stopAll()

	type replica struct {
		*ice
		gateway *gateway.Gateway
		box     gateway.Inbox
		stop    context.CancelFunc
		done    chan struct{}
	}
	start := func(name string) *replica {
		r := &replica{ice: &ice{}, done: make(chan struct{})}
		bus := notify.New(db, slog.New(slog.DiscardHandler))
		r.gateway = gateway.New(gateway.Config{
			Owner: name, Bus: bus, Ledger: &crashLedger{messages.New(db), r.ice}, Leases: &coldLeases{pgleases.New(db), r.ice},
			Channels: []gateway.Named{{Name: "chat", Channel: &crashChannel{platform: far, c: r.ice, box: &r.box}}},
			Handler: handler(func(ctx context.Context, m gateway.Message, w gateway.Reply) error {
				select {
				case <-time.After(200 * time.Millisecond):
					return echo(ctx, m, w)
				case <-ctx.Done():
					return ctx.Err()
				}
			}),
			Events: func(e gateway.Event) {
				mu.Lock()
				defer mu.Unlock()
				events[string(e.What)+" "+e.Detail]++
			},
		})
		alive, stop := context.WithCancel(ctx)
		r.stop = stop
		busy, quiet := context.WithCancel(ctx)
		running.Go(func() {
			if err := bus.Run(busy); err != nil && busy.Err() == nil {
				t.Error(err)
			}
		})
		running.Go(func() {
			defer quiet()
			defer close(r.done)
			if err := r.gateway.Run(alive); err != nil {
				t.Error(err)
			}
		})
		for r.gateway.Ready(ctx) != nil || !r.box.Listening() {
			time.Sleep(10 * time.Millisecond)
		}
		return r
	}
	replicas := []*replica{start("a"), start("b"), start("c")}

	const chats, rounds = 5, 24
	ask := func(i int) {
		for chat := range chats {
			m := gateway.Message{ID: fmt.Sprint(chat, "-", i), Text: fmt.Sprint(i, "?"), Direct: true, SentAt: time.Now(),
				Conversation: gateway.Conversation{Chat: fmt.Sprint("x", chat)}, Sender: gateway.Person{ID: fmt.Sprint("p", i)}}
			for try := 0; ; try++ {
				r := replicas[(i+chat+try)%len(replicas)]
				if !r.frozen() && r.box.Deliver(ctx, m) == nil {
					break
				}
			}
		}
	}
	for i := range rounds {
		ask(i)
		switch i {
		case 3:
			replicas[0].freeze()
		case 8:
			replicas[1].kill()
			replicas = append(replicas[:1], append(replicas[2:], start("d"))...)
		case 16:
			replicas[0].melt() // its lease has ended long ago
		case 19:
			replicas[0].stop()
			<-replicas[0].done
			replicas = append(replicas[1:], start("e"))
		}
		time.Sleep(500 * time.Millisecond)
	}
	settled := func() bool {
		n, err := messages.New(db).Waiting(ctx)
		return err == nil && len(n) == 0
	}
	for end := time.Now().Add(time.Minute); !settled() && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%v", events)
	extra := 0
	for chat := range chats {
		got := far.shown(fmt.Sprint("x", chat))
		extra += len(got) - rounds
		at := 0
		for _, x := range got {
			if at < rounds && x.Text == fmt.Sprint("re: ", at, "?") {
				at++
			}
		}
		if at != rounds {
			t.Errorf("chat %d misses answer %d, or shows it out of order", chat, at)
		}
	}
	if unsure := events["fallback unsure"]; extra > unsure {
		t.Errorf("%d posts too many, %d counted as unsure", extra, unsure)
	}
}
