package main

import (
	"testing"
	"time"

	"github.com/parley-im/parley/internal/bench"
	"github.com/parley-im/parley/internal/failpoint"
)

// TestNothingIsLostOrDoubled kills the server again and again while messages come
// in through the webhook channel. `parley bench delivery` is the long form.
func TestNothingIsLostOrDoubled(t *testing.T) {
	name, err := program()
	if err != nil {
		t.Fatal(err)
	}
	report, err := deliver(t.Context(), bench.Delivery{
		Program: []string{name}, Messages: 240, Conversations: 24, Rate: 40, Kill: 2 * time.Second, Lossy: 0.05, Again: 0.1, Seed: 7,
	})
	if err != nil {
		t.Fatal(err)
	}
	if f := report.Fault(); f != "" {
		t.Error(f)
	}
	if report.Kills < 2 {
		t.Errorf("the server was killed %d times only: this test proves nothing", report.Kills)
	}
	t.Logf("%+v", report)
}

// TestDeathAtEachBoundary dies once at every boundary of the ledger.
func TestDeathAtEachBoundary(t *testing.T) {
	name, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for _, point := range failpoint.Points() {
		t.Run(point, func(t *testing.T) {
			report, err := deliver(t.Context(), bench.Delivery{
				Program: []string{name}, Messages: 12, Conversations: 3, Rate: 100, Failpoint: point + ":4", Seed: 1, Patience: 40 * time.Second,
			})
			if err != nil {
				t.Fatal(err)
			}
			if f := report.Fault(); f != "" {
				t.Error(f)
			}
			if report.Kills != 1 {
				t.Errorf("died %d times, want 1", report.Kills)
			}
		})
	}
}
