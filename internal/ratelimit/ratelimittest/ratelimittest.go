// Package ratelimittest is the suite that every ratelimit.Limiter runs. An
// implementation's test calls
//
//	ratelimittest.Run(t, func(t *testing.T) ratelimittest.Limiter { … })
//
// and gets a fresh Limiter for each case. Time is real here, since a server's clock
// cannot be faked: what must be refused has a bucket that fills by the minute, and
// what must be allowed again waits as long as it was told.
package ratelimittest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/ratelimit"
)

// Limiter is what both implementations can do.
type Limiter interface {
	ratelimit.Limiter
	Forget(ctx context.Context, key string)
}

// Run runs every case.
func Run(t *testing.T, open func(t *testing.T) Limiter) {
	t.Helper()
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) { c.run(&suite{T: t, Limiter: open(t)}) })
	}
}

var cases = []struct {
	name string
	run  func(*suite)
}{
	{"a burst and no more", (*suite).burst},
	{"keys are apart", (*suite).apart},
	{"who waits gets through", (*suite).waits},
	{"what is refused costs nothing", (*suite).refused},
	{"a bucket does not overflow", (*suite).full},
	{"forgotten keys are fresh", (*suite).forget},
	{"other limits hold at once", (*suite).changes},
	{"no rate and no burst", (*suite).nothing},
	{"exact among many", (*suite).many},
	{"keys may be anything", (*suite).keys},
}

type suite struct {
	*testing.T
	Limiter
}

// slow fills a token a minute, so that none comes back while a test runs.
const slow = 1

func (s *suite) take(n int, key string, perMinute float64, burst int) (allowed int, wait time.Duration) {
	for range n {
		ok, d := s.Allow(s.Context(), key, perMinute, burst)
		if ok != (d == 0) {
			s.Errorf("allowed %v, and wait %v", ok, d)
		}
		if ok {
			allowed++
		}
		wait = d
	}
	return allowed, wait
}

func (s *suite) burst() {
	got, wait := s.take(9, "a", slow, 5)
	if got != 5 || wait <= 30*time.Second || wait > time.Minute {
		s.Errorf("%d of 9 allowed, then wait %v; want 5 and up to a minute", got, wait)
	}
}

func (s *suite) apart() {
	s.take(3, "a", slow, 2)
	if got, _ := s.take(3, "b", slow, 2); got != 2 {
		s.Errorf("after another key was used up, %d of 3 allowed, want 2", got)
	}
}

func (s *suite) waits() {
	const fast = 600 // a token each 100 ms
	s.take(3, "a", fast, 3)
	for i := range 3 {
		ok, wait := s.Allow(s.Context(), "a", fast, 3)
		if ok { // this machine was slow, and one came back already
			continue
		}
		if wait <= 0 || wait > 110*time.Millisecond {
			s.Errorf("wait %d is %v, want up to 100 ms", i, wait)
		}
		time.Sleep(wait)
		if ok, wait := s.Allow(s.Context(), "a", fast, 3); !ok {
			s.Errorf("after wait %d there is another one of %v", i, wait)
		}
	}
}

func (s *suite) refused() {
	s.take(1, "a", slow, 1)
	_, first := s.take(1, "a", slow, 1)
	if got, last := s.take(50, "a", slow, 1); got != 0 || last > first {
		s.Errorf("%d allowed, and the wait grew from %v to %v", got, first, last)
	}
}

func (s *suite) full() {
	const fast = 60_000 // a token each ms
	s.take(2, "a", fast, 2)
	time.Sleep(20 * time.Millisecond) // ten times what fills it
	if got, _ := s.take(3, "a", slow, 2); got != 2 {
		s.Errorf("after a long rest %d of 3 allowed, want 2", got)
	}
}

func (s *suite) forget() {
	s.Forget(s.Context(), "never seen")
	s.take(4, "a", slow, 3)
	s.take(4, "b", slow, 3)
	s.Forget(s.Context(), "a")
	if got, _ := s.take(4, "a", slow, 3); got != 3 {
		s.Errorf("after it was forgotten %d of 4 allowed, want 3", got)
	}
	if got, _ := s.take(1, "b", slow, 3); got != 0 {
		s.Error("another key was forgotten with it")
	}
}

func (s *suite) changes() {
	s.take(10, "a", slow, 10)
	if got, wait := s.take(1, "a", slow*2, 2); got != 0 || wait > time.Minute {
		s.Errorf("with a smaller bucket %d allowed, wait %v", got, wait)
	}
}

func (s *suite) nothing() {
	if got, wait := s.take(3, "a", 0, 2); got != 2 || wait != ratelimit.Longest {
		s.Errorf("without a rate %d of 3 allowed, then wait %v; want 2 and the longest", got, wait)
	}
	if got, wait := s.take(3, "b", 0.001, 2); got != 2 || wait != ratelimit.Longest {
		s.Errorf("with hardly a rate %d of 3 allowed, then wait %v; want 2 and the longest", got, wait)
	}
	if got, _ := s.take(2, "c", -1, -1); got != 1 {
		s.Errorf("without a burst %d of 2 allowed, want 1", got)
	}
}

func (s *suite) many() {
	const workers, each, burst = 8, 25, 60
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				if ok, _ := s.Allow(s.Context(), "a", slow, burst); ok {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := allowed.Load(); got != burst {
		s.Errorf("%d of %d allowed, want %d", got, workers*each, burst)
	}
}

func (s *suite) keys() {
	for i, key := range []string{"", " ", "a b", "{tag}", "名前", "\x00\xff", strings.Repeat("x", 5000)} {
		if got, _ := s.take(2, key, slow, 1); got != 1 {
			s.Errorf("key %d: %d of 2 allowed, want 1", i, got)
		}
		if got, _ := s.take(2, key+fmt.Sprint(i), slow, 1); got != 1 {
			s.Errorf("key %d and a bit: %d of 2 allowed, want 1", i, got)
		}
	}
}
