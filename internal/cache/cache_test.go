package cache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/cache"
	"github.com/parley-im/parley/internal/cache/cachetest"
)

func TestMemory(t *testing.T) {
	cachetest.Run(t, func(*testing.T) cache.Cache { return cache.NewMemory(32 << 20) })
}

func TestMemoryIsBounded(t *testing.T) {
	const most = 100_000
	m := cache.NewMemory(most)
	for i := range 5000 {
		m.Set(t.Context(), time.Hour, cache.Entry{Key: fmt.Sprint(i), Value: make([]byte, 1000)})
		if m.Get(t.Context(), "0")[0] == nil {
			t.Fatalf("after %d entries one that is asked for all the time is gone", i)
		}
	}
	if m.Size() > most || m.Size() < most/2 {
		t.Errorf("%d bytes are kept, want up to %d", m.Size(), most)
	}
	if m.Get(t.Context(), "1")[0] != nil || m.Get(t.Context(), "4999")[0] == nil {
		t.Error("the wrong ones were dropped")
	}
	m.Set(t.Context(), time.Hour, cache.Entry{Key: "larger than all", Value: make([]byte, most)})
	if m.Size() > most {
		t.Errorf("%d bytes are kept after one that is too large", m.Size())
	}
}
