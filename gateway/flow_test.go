package gateway

import (
	"testing"
	"testing/synctest"
	"time"
)

// flood stores n messages a second for d, each taking took, and begins as many turns
// as it may meanwhile. It returns how many were begun a second.
func flood(f *flow, n int, took, d time.Duration) float64 {
	begun := 0
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Second / time.Duration(n)) {
		f.store(took)
		for range 3 { // there is always one that waits
			if f.wait() == 0 {
				begun++
			}
		}
	}
	return float64(begun) / d.Seconds()
}

func TestFlowGivesWayToMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flow
		if got := flood(&f, 1000, time.Millisecond, 200*time.Millisecond); got > 700 {
			t.Errorf("turns a second when many begin to come: got %.0f, want few", got)
		}
		flood(&f, 1000, time.Millisecond, 2*time.Second)
		if got := flood(&f, 1000, time.Millisecond, time.Second); got < 2900 {
			t.Errorf("turns a second while messages are stored fast: got %.0f, want all of 3000", got)
		}
		flood(&f, 1000, 50*time.Millisecond, 5*time.Second)
		if got := flood(&f, 1000, 50*time.Millisecond, 5*time.Second); got < flowLeast*0.9 || got > flowLeast*1.2 {
			t.Errorf("turns a second while messages are stored slowly: got %.1f, want about %.0f", got, flowLeast)
		}
		first := flood(&f, 1000, time.Millisecond, time.Second)
		later := flood(&f, 1000, time.Millisecond, 10*time.Second)
		if first > 40 || later < 2*first {
			t.Errorf("turns a second when storing is fast again: got %.1f, then %.1f, want slow growth", first, later)
		}
	})
}

func TestFlowIsFreeWhenFewCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flow
		if got := flood(&f, 100, time.Second, 5*time.Second); got < 290 {
			t.Errorf("turns a second on a slow disk with few messages: got %.0f, want all of 300", got)
		}
		flood(&f, 1000, 50*time.Millisecond, 5*time.Second)
		time.Sleep(time.Second)
		if wait := f.wait(); wait != 0 {
			t.Errorf("after the flood a turn waits %s, want 0", wait)
		}
		if got := flood(&f, 100, 50*time.Millisecond, time.Second); got < 290 {
			t.Errorf("turns a second after the flood: got %.0f, want all of 300", got)
		}
	})
}
