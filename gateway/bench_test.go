package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/sqlite/messages"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

// BenchmarkFirstText measures what the gateway adds from the delivery of a message
// to the first text at the platform: with a database that syncs each commit, and a
// handler that writes at once and goes on for a while.
func BenchmarkFirstText(b *testing.B) {
	w := &world{events: map[string]int{}}
	seen := make(chan time.Time, 1)
	p := &platform{edits: true, profile: gateway.Profile{Format: gateway.Markdown, Pace: 50 * time.Millisecond}}
	p.lose = func(call string, _ gateway.Outgoing) error {
		if call == "post" {
			seen <- time.Now()
		}
		return nil
	}
	g := gateway.New(gateway.Config{Ledger: messages.New(sqlitetest.Open(b)), Owner: "bench",
		Channels: []gateway.Named{{Name: "chat", Channel: p.channel()}},
		Handler: handler(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			fmt.Fprint(r, "The first words of it ")
			time.Sleep(20 * time.Millisecond)
			_, err := fmt.Fprint(r, "and the last.")
			return err
		}), Events: w.event})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = g.Run(ctx) }()
	for !p.Listening() {
		time.Sleep(time.Millisecond)
	}
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		m := gateway.Message{ID: fmt.Sprint(i), Conversation: gateway.Conversation{Chat: fmt.Sprint(i)}, Text: "How long?", Direct: true, SentAt: time.Now()}
		begun := time.Now()
		if err := p.Deliver(ctx, m); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-seen).Sub(begun))
	}
	cancel()
	<-ended
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/p50")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms/p95")
}
