package auth

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/parley-im/parley/internal/fault"
)

// limiter allows a burst of tries for each key, then one each interval.
type limiter struct {
	burst    int
	interval time.Duration

	mu   sync.Mutex
	keys map[string]*rate.Limiter
}

// maxKeys bounds what an attacker with many names or addresses can make us keep.
const maxKeys = 10_000

func newLimiter(burst int, interval time.Duration) *limiter {
	return &limiter{burst: burst, interval: interval, keys: map[string]*rate.Limiter{}}
}

// take counts one try. The error tells when the next is allowed; it is the same
// for keys that exist and keys that do not.
func (l *limiter) take(key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := time.Now()
	k, ok := l.keys[key]
	if !ok {
		l.sweep(at)
		k = rate.NewLimiter(rate.Every(l.interval), l.burst)
		l.keys[key] = k
	}
	if k.AllowN(at, 1) {
		return nil
	}
	missing := 1 - k.TokensAt(at)
	return &tooMany{
		error: fault.Say(fault.Denied, "too_many_attempts", "Too many attempts. Wait a moment, then try again."),
		after: time.Duration(missing * float64(l.interval)),
	}
}

// forget gives a key its burst back.
func (l *limiter) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.keys, key)
}

// sweep drops the keys that have their whole burst again, when there are many; if
// that frees none, all: then each starts afresh, which is still bounded.
func (l *limiter) sweep(at time.Time) {
	if len(l.keys) < maxKeys {
		return
	}
	for key, k := range l.keys {
		if k.TokensAt(at) >= float64(l.burst) {
			delete(l.keys, key)
		}
	}
	if len(l.keys) >= maxKeys {
		clear(l.keys)
	}
}

// tooMany is the refusal of one try too many.
type tooMany struct {
	error
	after time.Duration
}

func (t *tooMany) Unwrap() error             { return t.error }
func (t *tooMany) RetryAfter() time.Duration { return t.after }
