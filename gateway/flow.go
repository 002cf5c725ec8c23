package gateway

import (
	"sync"
	"time"
)

// flow lets what comes in go before what is answered: a platform waits for the
// acknowledgement and gives up, people wait for an answer anyway. While many
// messages come, turns are begun at a rate that starts low, doubles until storing
// becomes slow, is halved then, and grows by steps (slow start, additive increase,
// multiplicative decrease). When few come it does nothing: a slow disk alone is no
// reason to answer less.
type flow struct {
	mu     sync.Mutex
	since  time.Time // begin of the window
	stored int       // messages in it
	slow   int       // of them, those that took longer than flowSlow
	begun  int       // turns in it
	rate   float64   // turns a second; 0: no limit
	many   bool      // messages come
	met    bool      // storing was slow since the many began to come
	next   time.Time // when a turn may be begun, if there is a limit
}

const (
	flowWindow = 200 * time.Millisecond
	flowMany   = 40 // messages in a window: 200 a second
	flowSlow   = 10 * time.Millisecond
	flowShare  = 0.05 // of messages that may be slow
	flowFirst  = 20.0 // turns a second when many begin to come
	flowLeast  = 10.0 // turns a second are always begun
	flowStep   = 2.0  // turns a second more after a good window
	flowMost   = 1000 // turns a second: as good as no limit
)

// store notes that storing a message took so long.
func (f *flow) store(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look(time.Now())
	if f.stored++; f.stored == flowMany && !f.many {
		f.many, f.met, f.rate = true, false, flowFirst
	}
	if took > flowSlow {
		f.slow++
	}
}

// wait tells how long the next turn has to wait; 0 means that it begins now.
func (f *flow) wait() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	f.look(now)
	if f.rate > 0 {
		if wait := f.next.Sub(now); wait > 0 {
			return wait
		}
		f.next = now.Add(time.Duration(float64(time.Second) / f.rate))
	}
	f.begun++
	return 0
}

func (f *flow) grow(to float64) {
	if f.rate = to; to > flowMost {
		f.rate = 0
	}
}

// look ends the window if it is over.
func (f *flow) look(now time.Time) {
	age := now.Sub(f.since)
	if age < flowWindow {
		return
	}
	stored, slow, begun := f.stored, f.slow, f.begun
	f.since, f.stored, f.slow, f.begun = now, 0, 0, 0
	switch {
	case stored < flowMany || age > 2*flowWindow:
		f.many, f.rate = false, 0
	case float64(slow) > flowShare*float64(stored):
		rate := float64(begun) / age.Seconds()
		if f.rate > 0 {
			rate = min(rate, f.rate)
		}
		f.met, f.rate = true, max(flowLeast, rate/2)
	case f.met && f.rate > 0:
		f.grow(f.rate + flowStep)
	default:
		f.grow(2 * f.rate)
	}
}
