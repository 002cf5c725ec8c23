// Package cache keeps bytes for a while, so that what is costly need not be done
// twice: vectors of questions, answers of models.
//
// A Cache is not a store. It may lose everything at any time, and it never fails:
// what it cannot find is missing, and what it cannot keep is dropped. Whoever uses it
// makes keys that hold everything a value depends on, since nothing is ever changed
// or withdrawn; it only grows old.
//
// Memory keeps a bounded number of bytes in one process. internal/redis/cache shares
// with the other replicas, through a Memory. Both run the suite in cachetest.
package cache

import (
	"bytes"
	"container/list"
	"context"
	"sync"
	"time"
)

// Cache keeps values by key. It is safe for use by many goroutines.
type Cache interface {
	// Get returns one value for each key, nil where there is none. Values must not be
	// changed.
	Get(ctx context.Context, keys ...string) [][]byte
	// Set keeps entries for at most ttl. It copies the values. Empty values and those
	// over MaxValue are dropped.
	Set(ctx context.Context, ttl time.Duration, entries ...Entry)
}

// Entry is a value with its key.
type Entry struct {
	Key   string
	Value []byte
}

// MaxValue is the longest value in bytes.
const MaxValue = 1 << 20

// overhead is about what an entry costs beside its key and value.
const overhead = 200

// Memory is a Cache within one process. When it is full, what was not asked for for
// the longest time goes first.
type Memory struct {
	most int

	mu      sync.Mutex
	entries map[string]*list.Element // of kept
	used    list.List                // the latest in front
	size    int
}

type kept struct {
	Entry
	until time.Time
}

func (k kept) size() int { return len(k.Key) + len(k.Value) + overhead }

var _ Cache = (*Memory)(nil)

// NewMemory returns a Memory with room for most bytes.
func NewMemory(most int) *Memory {
	return &Memory{most: most, entries: map[string]*list.Element{}}
}

// Get returns what is kept and not too old.
func (m *Memory) Get(_ context.Context, keys ...string) [][]byte {
	out, now := make([][]byte, len(keys)), time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, key := range keys {
		e, ok := m.entries[key]
		if !ok {
			continue
		}
		if k := e.Value.(kept); now.Before(k.until) {
			m.used.MoveToFront(e)
			out[i] = k.Value
		} else {
			m.drop(e)
		}
	}
	return out
}

// Set keeps entries.
func (m *Memory) Set(_ context.Context, ttl time.Duration, entries ...Entry) {
	until := time.Now().Add(ttl)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range entries {
		if old, ok := m.entries[e.Key]; ok {
			m.drop(old)
		}
		if ttl <= 0 || len(e.Value) == 0 || len(e.Value) > MaxValue {
			continue
		}
		k := kept{Entry{e.Key, bytes.Clone(e.Value)}, until}
		m.entries[e.Key] = m.used.PushFront(k)
		m.size += k.size()
		for m.size > m.most {
			m.drop(m.used.Back())
		}
	}
}

func (m *Memory) drop(e *list.Element) {
	k := m.used.Remove(e).(kept)
	delete(m.entries, k.Key)
	m.size -= k.size()
}

// Size is how many bytes are kept, more or less.
func (m *Memory) Size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.size
}
