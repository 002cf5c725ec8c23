package messages_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/messages"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/testservice"
)

// durable is a migrated database on a server that syncs each commit to disk.
func durable(b *testing.B) (address string) {
	b.Helper()
	address = postgrestest.Server(b, testservice.PostgresOptions{Durable: true}).URL("postgres")
	if _, _, err := postgrestest.Connect(b, address).Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return address
}

// BenchmarkIntake receives events of 500 chats, one in twenty a duplicate: as fast as
// 32 callers can, and at a steady 1,000 a second; alone, and while workers take and end
// the turns. It reports how long a call took at the 50th and the 99th percentile.
func BenchmarkIntake(b *testing.B) {
	for _, x := range []struct {
		name    string
		rate    int // events a second, 0: as fast as it goes
		workers int
	}{
		{"flat out", 0, 0},
		{"1000 a second", 1000, 0},
		{"1000 a second with 4 workers", 1000, 4},
	} {
		b.Run(x.name, func(b *testing.B) {
			address := durable(b)
			l := messages.New(postgrestest.Connect(b, address))
			stop := work(b, address, x.workers)
			took := make([]time.Duration, b.N)
			calls := make(chan int)
			var wg sync.WaitGroup
			b.ResetTimer()
			begun := time.Now()
			for range 32 {
				wg.Go(func() {
					for i := range calls {
						due := time.Now()
						if x.rate > 0 { // also what waited for a caller to be free counts
							due = begun.Add(time.Duration(i) * time.Second / time.Duration(x.rate))
						}
						if i%20 == 19 {
							i -= 10
						}
						_, err := l.Receive(b.Context(), message(fmt.Sprint("chat", i%500), fmt.Sprint("m", i), "how long may I return it?"))
						if err != nil {
							b.Error(err)
						}
						took[i] = max(took[i], time.Since(due))
					}
				})
			}
			for i := range b.N {
				if x.rate > 0 {
					time.Sleep(time.Until(begun.Add(time.Duration(i) * time.Second / time.Duration(x.rate))))
				}
				calls <- i
			}
			close(calls)
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "events/s")
			b.ReportMetric(float64(stop())/time.Since(begun).Seconds(), "turns/s")
			report(b, took)
		})
	}
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// work takes and ends turns until stop is called, which returns how many.
func work(b *testing.B, address string, workers int) (stop func() int) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	ended := make([]int, workers)
	for w := range workers {
		l := messages.New(postgrestest.Connect(b, address))
		wg.Go(func() {
			for ctx.Err() == nil {
				turn, err := l.Take(ctx, gateway.TakeOptions{Owner: "w", Lease: time.Minute, Merge: -1})
				switch {
				case ctx.Err() != nil:
				case err != nil:
					b.Error(err)
				case turn == nil:
					time.Sleep(5 * time.Millisecond)
				default:
					if err := l.Finish(ctx, turn, gateway.Outcome{State: gateway.Done, Reason: "not addressed"}); err != nil && ctx.Err() == nil {
						b.Error(err)
					}
					ended[w]++
				}
			}
		})
	}
	return func() (n int) {
		cancel()
		wg.Wait()
		for _, e := range ended {
			n += e
		}
		return n
	}
}

// A hundred thousand finished rows must not slow Take down, nor ten thousand
// conversations that wait for a later try.
func BenchmarkTake(b *testing.B) {
	for _, x := range []struct {
		name             string
		finished, paused int
	}{{"empty", 0, 0}, {"100000 finished", 100_000, 0}, {"10000 paused", 0, 10_000}} {
		b.Run(x.name, func(b *testing.B) {
			db := postgrestest.Connect(b, durable(b))
			fill(b, db, x.finished, x.paused)
			l := messages.New(db)
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				receive(b, l, message("new", fmt.Sprint("new", i), "x"))
				b.StartTimer()
				begun := time.Now()
				turn := take(b, l)
				took = append(took, time.Since(begun))
				b.StopTimer()
				must(b, l.Finish(b.Context(), turn, gateway.Outcome{State: gateway.Done}))
				b.StartTimer()
			}
			report(b, took)
		})
	}
}

func fill(b *testing.B, db *postgres.DB, finished, paused int) {
	b.Helper()
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO conversations (channel, chat, thread, last_at) SELECT 'test', 'chat' || i, '', 0 FROM generate_series(1, %d) i`, finished),
		`INSERT INTO turns (conversation, reply_key, state, received_at, taken_at) SELECT id, 'k' || id, 'done', 0, 0 FROM conversations`,
		`INSERT INTO messages (channel, id, conversation, turn, state, text, body, sent_at, received_at, sender_id, sender_name)
			SELECT 'test', 'm' || id, conversation, id, 'done', '', '{}', 0, 0, 'p', '' FROM turns`,
		fmt.Sprintf(`INSERT INTO conversations (channel, chat, thread, last_at, waiting_at, retry_at)
			SELECT 'test', 'paused' || i, '', 0, i, 9000000000000000 FROM generate_series(1, %d) i`, paused),
		`ANALYZE`,
	} {
		if _, err := db.Exec(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
}
