package ratelimit_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-im/parley/internal/ratelimit"
	"github.com/parley-im/parley/internal/ratelimit/ratelimittest"
)

func TestMemory(t *testing.T) {
	ratelimittest.Run(t, func(*testing.T) ratelimittest.Limiter { return ratelimit.NewMemory(0) })
}

func TestMemoryIsBounded(t *testing.T) {
	m := ratelimit.NewMemory(100)
	for i := range 1000 {
		m.Allow(t.Context(), fmt.Sprint(i), 1, 1)
		m.Allow(t.Context(), "the attacker's target", 1, 1) // in use, so it is not forgotten
	}
	if m.Len() != 100 {
		t.Errorf("%d keys are kept, want 100", m.Len())
	}
	if ok, _ := m.Allow(t.Context(), "the attacker's target", 1, 1); ok {
		t.Error("a key in use was forgotten")
	}
}

func TestMemoryFillsEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := ratelimit.NewMemory(0)
		allowed := 0
		for range 10 * 60 * 10 { // ten minutes, ten tries a second
			if ok, wait := m.Allow(t.Context(), "a", 6, 3); ok {
				allowed++
			} else if peek := m.Wait("a", 6, 3); peek != wait {
				t.Fatalf("Wait tells %v, Allow %v", peek, wait)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if allowed < 62 || allowed > 63 {
			t.Errorf("%d allowed in ten minutes, want 3 and 6 a minute", allowed)
		}
	})
}

func BenchmarkMemory(b *testing.B) {
	m, i := ratelimit.NewMemory(0), 0
	for b.Loop() {
		i++
		m.Allow(b.Context(), fmt.Sprint(i%50_000), 10, 5)
	}
}
