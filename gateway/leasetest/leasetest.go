// Package leasetest is the suite that every gateway.Leases runs. A store's test
// calls
//
//	leasetest.Run(t, func(t *testing.T) gateway.Leases { … })
//
// and gets fresh leases, which nobody has, in each case.
package leasetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

const (
	long = time.Minute
	past = -time.Second // a lease that has ended already
)

// Run runs every case.
func Run(t *testing.T, open func(t *testing.T) gateway.Leases) {
	t.Helper()
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			c.run(&suite{T: t, Leases: open(t)})
		})
	}
}

var cases = []struct {
	name string
	run  func(*suite)
}{
	{"one has it", (*suite).one},
	{"it is prolonged", (*suite).prolonged},
	{"it ends by itself", (*suite).ends},
	{"it is given back", (*suite).free},
	{"a stale owner gives nothing back", (*suite).stale},
	{"names are apart", (*suite).apart},
	{"many want it at once", (*suite).many},
}

type suite struct {
	*testing.T
	gateway.Leases
}

func (s *suite) hold(name, owner string, lease time.Duration) int64 {
	s.Helper()
	fence, err := s.Hold(s.Context(), name, owner, lease)
	if err != nil {
		s.Fatalf("%s holds %s: %v", owner, name, err)
	}
	return fence
}

func (s *suite) refused(name, owner string) {
	s.Helper()
	if fence, err := s.Hold(s.Context(), name, owner, long); !errors.Is(err, fault.Conflict) {
		s.Fatalf("%s holds %s: fence %d, %v; want fault.Conflict", owner, name, fence, err)
	}
}

func (s *suite) give(name, owner string, fence int64) {
	s.Helper()
	if err := s.Free(s.Context(), name, owner, fence); err != nil {
		s.Fatalf("%s frees %s: %v", owner, name, err)
	}
}

func (s *suite) one() {
	if f := s.hold("n", "a", long); f <= 0 {
		s.Errorf("the first fence is %d, want above 0", f)
	}
	s.refused("n", "b")
	s.refused("n", "c")
}

func (s *suite) prolonged() {
	first := s.hold("n", "a", time.Hour)
	for range 3 {
		if f := s.hold("n", "a", long); f != first {
			s.Errorf("prolonged with fence %d, was %d", f, first)
		}
	}
	s.refused("n", "b")
	s.hold("n", "a", past) // a renewal also shortens
	if f := s.hold("n", "b", long); f <= first {
		s.Errorf("taken over with fence %d, was %d", f, first)
	}
}

func (s *suite) ends() {
	first := s.hold("n", "a", past)
	second := s.hold("n", "b", past)
	if second <= first {
		s.Errorf("taken over with fence %d, was %d", second, first)
	}
	// Whoever had it before and comes back has it anew, not still.
	if third := s.hold("n", "a", long); third <= second {
		s.Errorf("taken back with fence %d, was %d", third, second)
	}
	s.refused("n", "b")
}

func (s *suite) free() {
	s.give("never", "a", 1)
	first := s.hold("n", "a", long)
	s.give("n", "a", first)
	second := s.hold("n", "b", long)
	if second <= first {
		s.Errorf("taken with fence %d after it was given back, was %d", second, first)
	}
	s.give("n", "b", second)
	if third := s.hold("n", "b", long); third <= second {
		s.Errorf("the same owner took it again with fence %d, was %d", third, second)
	}
}

func (s *suite) stale() {
	old := s.hold("n", "a", past)
	now := s.hold("n", "b", long)
	s.give("n", "a", old)
	s.give("n", "a", now)
	s.give("n", "b", old)
	s.refused("n", "a")
	if f := s.hold("n", "b", long); f != now {
		s.Errorf("fence %d, was %d: somebody else gave it back", f, now)
	}
}

func (s *suite) apart() {
	s.hold("n", "a", long)
	s.hold("m", "b", long)
	s.hold("群 'n'", "b", long)
	s.refused("n", "b")
	s.refused("m", "a")
}

func (s *suite) many() {
	const rounds = 5
	last := int64(0)
	for range rounds {
		var got, fence atomic.Int64
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				f, err := s.Hold(s.Context(), "n", fmt.Sprint("w", w), long)
				switch {
				case err == nil:
					got.Add(1)
					fence.Store(f)
					if err := s.Free(s.Context(), "other", fmt.Sprint("w", w), f); err != nil {
						s.Error(err)
					}
				case !errors.Is(err, fault.Conflict):
					s.Error(err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 || fence.Load() <= last {
			s.Fatalf("%d of 8 got it, with fence %d after %d", got.Load(), fence.Load(), last)
		}
		last = fence.Load()
		for w := range 8 {
			s.give("n", fmt.Sprint("w", w), last)
		}
	}
}
