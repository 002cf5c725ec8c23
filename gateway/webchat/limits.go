package webchat

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits holds a token bucket for each visitor, or each address.
type limits struct {
	every rate.Limit
	burst int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	sweep   time.Time
}

func newLimits(perMinute float64, burst int) *limits {
	return &limits{every: rate.Limit(perMinute / 60), burst: burst, buckets: map[string]*rate.Limiter{}}
}

// wait takes one token of key, or returns how long it takes until there is one.
func (l *limits) wait(key string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.After(l.sweep) {
		for k, b := range l.buckets {
			if b.TokensAt(now) >= float64(l.burst) { // as good as new
				delete(l.buckets, k)
			}
		}
		l.sweep = now.Add(time.Minute)
	}
	b := l.buckets[key]
	if b == nil {
		b = rate.NewLimiter(l.every, l.burst)
		l.buckets[key] = b
	}
	r := b.ReserveN(now, 1)
	d := r.DelayFrom(now)
	if d > 0 {
		r.CancelAt(now)
	}
	return d
}
