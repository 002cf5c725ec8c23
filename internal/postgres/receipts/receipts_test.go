package receipts_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parley-im/parley/bot/memorytest"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/postgres/receipts"
)

func TestMemory(t *testing.T) {
	memorytest.Run(t, func(t *testing.T, idle time.Duration) (one, other memorytest.Memory) {
		address := postgrestest.URL(t)
		return receipts.New(postgrestest.Connect(t, address), idle), receipts.New(postgrestest.Connect(t, address), idle)
	})
}

func BenchmarkRecent(b *testing.B) {
	s := receipts.New(postgrestest.Open(b), time.Hour)
	for i := range 500 {
		if err := s.Remember(b.Context(), fmt.Sprint("s", i%5), memorytest.Receipt(i, 0)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := s.Recent(b.Context(), "s1", 12, ""); err != nil {
			b.Fatal(err)
		}
	}
}
