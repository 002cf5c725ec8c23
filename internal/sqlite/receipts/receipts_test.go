package receipts_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parley-im/parley/bot/memorytest"
	"github.com/parley-im/parley/internal/sqlite/receipts"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

func TestMemory(t *testing.T) {
	memorytest.Run(t, func(t *testing.T, idle time.Duration) (one, other memorytest.Memory) {
		db := sqlitetest.Open(t)
		return receipts.New(db, idle), receipts.New(sqlitetest.Again(t, db), idle)
	})
}

func BenchmarkRecent(b *testing.B) {
	s := receipts.New(sqlitetest.Open(b), time.Hour)
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
