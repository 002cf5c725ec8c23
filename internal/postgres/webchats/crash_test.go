package webchats_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/postgres/webchats"
	"github.com/parley-im/parley/internal/testservice"
)

// The server crashes three times while replicas write to one chat. Whoever gets an
// error cannot know whether it was stored, and tries again: nothing is there twice,
// nothing is missing, and the numbers have no gap.
func TestServerCrashes(t *testing.T) {
	server := postgrestest.Server(t, testservice.PostgresOptions{})
	address := server.URL("postgres")
	one, other := postgrestest.Connect(t, address), postgrestest.Connect(t, address)
	if _, _, err := one.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	stores := []*webchats.Store{webchats.New(one), webchats.New(other)}
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()

	const writers, each = 6, 60
	var stored, failed atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				e := webchat.Entry{Channel: "web", Chat: "v.1", ID: fmt.Sprint(w, "-", n), Text: "x", At: time.Now()}
				for {
					_, _, err := stores[w%2].Append(ctx, e)
					if err == nil {
						stored.Add(1)
						break
					}
					failed.Add(1)
					if !errors.Is(err, fault.Unavailable) || ctx.Err() != nil {
						t.Errorf("entry %s: %v", e.ID, err)
						return
					}
					time.Sleep(10 * time.Millisecond) // not to hammer a server that starts
				}
			}
		})
	}
	for crash := range int64(3) {
		for stored.Load() < (crash+1)*writers*each/4 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		if err := errors.Join(server.Crash(), server.Start()); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if failed.Load() == 0 {
		t.Error("no call met a crash: the test shows nothing")
	}
	all, err := stores[0].Last(ctx, "web", "v.1", 2*writers*each)
	if err != nil || len(all) != writers*each {
		t.Fatalf("%d entries, %v; want %d", len(all), err, writers*each)
	}
	for i, e := range all {
		if e.Seq != int64(i+1) {
			t.Fatalf("entry %d has the number %d", i, e.Seq)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	s := webchats.New(postgrestest.Open(b))
	var n atomic.Int64
	b.SetParallelism(4)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			e := webchat.Entry{Channel: "web", Chat: fmt.Sprint("v", i%100), ID: fmt.Sprint(i), Text: "Where is my order?", At: time.Now()}
			if _, _, err := s.Append(b.Context(), e); err != nil {
				b.Error(err)
			}
		}
	})
}
