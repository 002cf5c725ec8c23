// Package answercache keeps answers of models in a cache.Cache. It is a bot.Answers;
// what may be repeated to whom is decided there, in the key.
//
// It is off unless the admin asks for it. While it is on, answers lie in the cache as
// JSON until they are too old: text, numbers of the cited passages, name of the model.
// Questions and passages do not.
package answercache

import (
	"cmp"
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/cache"
)

// Store keeps answers.
type Store struct {
	cache        cache.Cache
	ttl          time.Duration
	hits, misses atomic.Int64
}

var _ bot.Answers = (*Store)(nil)

// New returns a Store in c that forgets answers after ttl; 0: one hour.
func New(c cache.Cache, ttl time.Duration) *Store {
	return &Store{cache: c, ttl: cmp.Or(ttl, time.Hour)}
}

// Counts tells how many answers were found and how many were not.
func (s *Store) Counts() (hits, misses int64) { return s.hits.Load(), s.misses.Load() }

// Find returns what was kept under key.
func (s *Store) Find(ctx context.Context, key string) (bot.Answer, bool) {
	var a bot.Answer
	value := s.cache.Get(ctx, key)[0]
	if value == nil || json.Unmarshal(value, &a) != nil || time.Since(a.At) > s.ttl {
		s.misses.Add(1)
		return bot.Answer{}, false
	}
	s.hits.Add(1)
	return a, true
}

// Keep keeps an answer.
func (s *Store) Keep(ctx context.Context, key string, a bot.Answer) {
	if value, err := json.Marshal(a); err == nil {
		s.cache.Set(ctx, s.ttl, cache.Entry{Key: key, Value: value})
	}
}
