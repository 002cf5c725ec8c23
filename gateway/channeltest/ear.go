package channeltest

import (
	"context"
	"sync"
	"time"

	"github.com/parley-im/parley/gateway"
)

// Ear knows what became of messages, for a Far whose platform is not told: whether they
// were stored or refused. The zero Ear is ready.
type Ear struct {
	mu      sync.Mutex
	stored  map[string]int
	refused map[string]int
}

// Hear is deliver, overheard.
func (e *Ear) Hear(deliver gateway.Deliver) gateway.Deliver {
	return func(ctx context.Context, m gateway.Message) error {
		err := deliver(ctx, m)
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.stored == nil {
			e.stored, e.refused = map[string]int{}, map[string]int{}
		}
		if err == nil {
			e.stored[m.ID]++
		} else {
			e.refused[m.ID]++
		}
		return err
	}
}

// Heard tells how often a message was stored and refused.
func (e *Ear) Heard(id string) (stored, refused int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stored[id], e.refused[id]
}

// Said waits a moment for what becomes of a message that was just said, and reports
// whether it was stored.
func (e *Ear) Said(id string) bool {
	stored, refused := 0, 0
	Until(func() bool {
		stored, refused = e.Heard(id)
		return stored+refused > 0
	}, 300*time.Millisecond)
	return stored > 0
}

// Again lets again say a message once more, unless the channel tries by itself because
// it was refused, and reports whether it is stored soon.
func (e *Ear) Again(id string, again func()) bool {
	before, refused := e.Heard(id)
	if before > 0 || refused == 0 {
		again()
	}
	return Until(func() bool { now, _ := e.Heard(id); return now > before }, 2*time.Second)
}

// Until waits for something to become true, and reports whether it did.
func Until(what func() bool, patience time.Duration) bool {
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if what() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
