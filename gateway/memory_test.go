package gateway_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/ledgertest"
	"github.com/parley-im/parley/internal/fault"
)

// The ledger of these tests passes the suite of all ledgers.
func TestMemoryLedger(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) gateway.Ledger { return newMemory() })
}

// memory is a ledger in memory: under the race detector a database takes too long
// for the thousands of lives that the crash test has.
type memory struct {
	mu            sync.Mutex
	last          int64 // turn
	known         map[string]bool
	conversations map[gateway.Conversation]*talk
	posts         map[string]bool // channel, chat and platform ID
	cursors       map[string]string
}

type talk struct {
	owner          string
	fence          int64
	lease, retryAt time.Time
	turn           *gateway.Turn // open
	at             []time.Time   // when each message of the turn was received
	queue          []queued
}

type queued struct {
	at time.Time
	m  gateway.Message
}

var _ gateway.Ledger = (*memory)(nil)

func newMemory() *memory {
	return &memory{known: map[string]bool{}, conversations: map[gateway.Conversation]*talk{}, posts: map[string]bool{}, cursors: map[string]string{}}
}

func (l *memory) Receive(_ context.Context, m gateway.Message) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := m.Conversation.Channel + "\x00" + m.ID
	if l.known[key] {
		return false, nil
	}
	l.known[key] = true
	c := l.conversations[m.Conversation]
	if c == nil {
		c = &talk{}
		l.conversations[m.Conversation] = c
	}
	if m.Aside && c.turn == nil && len(c.queue) == 0 {
		return true, nil
	}
	m.SentAt = m.SentAt.Round(0)
	c.queue = append(c.queue, queued{time.Now(), m})
	return true, nil
}

// since is when the oldest unfinished message was received.
func (c *talk) since() (time.Time, bool) {
	switch {
	case c.turn != nil:
		return c.at[0], true
	case len(c.queue) > 0:
		return c.queue[0].at, true
	}
	return time.Time{}, false
}

func (l *memory) Take(_ context.Context, o gateway.TakeOptions) (*gateway.Turn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	var conversation gateway.Conversation
	var next *talk
	for k, c := range l.conversations {
		at, work := c.since()
		if !work || c.lease.After(o.Now) || c.retryAt.After(o.Now) || slices.Contains(o.Except, k.Channel) {
			continue
		}
		if next != nil {
			if first, _ := next.since(); !at.Before(first) {
				continue
			}
		}
		conversation, next = k, c
	}
	if next == nil {
		return nil, nil
	}
	next.fence++
	next.owner, next.lease = o.Owner, o.Now.Add(o.Lease)
	if next.turn == nil {
		l.last++
		next.turn = &gateway.Turn{ID: l.last, Conversation: conversation, State: gateway.Taken, ReplyKey: uuid.NewString(), ReceivedAt: next.queue[0].at}
		next.at = nil
		next.adopt(o.Merge)
	}
	next.turn.Attempt++
	return next.copy(), nil
}

// adopt moves what belongs together from the queue to the turn.
func (c *talk) adopt(merge time.Duration) (added []gateway.Message) {
	for len(c.queue) > 0 && len(c.turn.Messages) < gateway.MaxMerged {
		q := c.queue[0]
		if n := len(c.at); n > 0 && (q.at.Sub(c.at[n-1]) > merge || !gateway.Follows(c.turn.Messages[n-1], q.m)) {
			break
		}
		c.turn.Messages, c.at, c.queue = append(c.turn.Messages, q.m), append(c.at, q.at), c.queue[1:]
		added = append(added, q.m)
	}
	return added
}

func (c *talk) copy() *gateway.Turn {
	t := *c.turn
	t.Fence = c.fence
	t.Messages, t.Posts = slices.Clone(t.Messages), slices.Clone(t.Posts)
	slices.SortStableFunc(t.Posts, func(a, b gateway.Post) int { return a.Part - b.Part })
	return &t
}

// write runs f if t is still held.
func (l *memory) write(t *gateway.Turn, f func(*talk) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.conversations[t.Conversation]
	if c.turn == nil || c.turn.ID != t.ID || c.fence != t.Fence {
		return fmt.Errorf("turn %d is no longer held: %w", t.ID, fault.Conflict)
	}
	return f(c)
}

func (l *memory) Extend(_ context.Context, t *gateway.Turn, merge time.Duration) (added []gateway.Message, err error) {
	err = l.write(t, func(c *talk) error {
		if c.turn.State == gateway.Taken && len(c.turn.Posts) == 0 {
			added = c.adopt(merge)
		}
		return nil
	})
	return added, err
}

func (l *memory) Behind(_ context.Context, t *gateway.Turn) (waiting []gateway.Message, err error) {
	err = l.write(t, func(c *talk) error {
		for _, q := range c.queue[:min(len(c.queue), gateway.MaxMerged)] {
			waiting = append(waiting, q.m)
		}
		return nil
	})
	return waiting, err
}

func (l *memory) Renew(_ context.Context, t *gateway.Turn, lease time.Duration) error {
	return l.write(t, func(c *talk) error { c.lease = time.Now().Add(lease); return nil })
}

func (l *memory) Intend(_ context.Context, t *gateway.Turn, p gateway.Post) error {
	return l.write(t, func(c *talk) error {
		if p.ID != "" {
			l.posts[t.Conversation.Channel+"\x00"+t.Conversation.Chat+"\x00"+p.ID] = true
		}
		if c.turn.State == gateway.Answered {
			c.turn.State = gateway.Posting
		}
		i := slices.IndexFunc(c.turn.Posts, func(x gateway.Post) bool { return x.Key == p.Key })
		if i < 0 {
			c.turn.Posts = append(c.turn.Posts, p)
			return nil
		}
		x := &c.turn.Posts[i]
		x.Done = x.Done || p.Done
		if p.ID != "" {
			x.ID = p.ID
		}
		return nil
	})
}

func (l *memory) Settle(_ context.Context, t *gateway.Turn, a gateway.Answer) error {
	return l.write(t, func(c *talk) error {
		if c.turn.State != gateway.Taken {
			return fmt.Errorf("it is %s: %w", c.turn.State, fault.Conflict)
		}
		c.turn.State, c.turn.Answer = gateway.Answered, &a
		return nil
	})
}

func (l *memory) Finish(_ context.Context, t *gateway.Turn, o gateway.Outcome) error {
	return l.write(t, func(c *talk) error {
		if o.State != gateway.Done && o.State != gateway.Dead {
			return fault.Invalid
		}
		c.free(time.Time{})
		c.turn = nil
		return nil
	})
}

func (c *talk) free(retryAt time.Time) {
	c.fence++
	c.owner, c.lease, c.retryAt = "", time.Time{}, retryAt
}

func (l *memory) Release(_ context.Context, t *gateway.Turn, after time.Duration) error {
	return l.write(t, func(c *talk) error {
		c.turn.Released++
		c.free(time.Now().Add(after))
		return nil
	})
}

func (l *memory) Cursor(_ context.Context, channel string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cursors[channel], nil
}

func (l *memory) SetCursor(_ context.Context, channel, cursor string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cursors[channel] = cursor
	return nil
}

func (l *memory) Rate(_ context.Context, r gateway.Rating) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.posts[r.Conversation.Channel+"\x00"+r.Conversation.Chat+"\x00"+r.Post]:
		return fault.NotFound
	case r.Value < -1 || r.Value > 1:
		return fault.Invalid
	}
	return nil
}

func (l *memory) Reclaim(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range maps.Values(l.conversations) {
		if c.owner != "" {
			c.free(c.retryAt)
		}
	}
	return nil
}

func (l *memory) Waiting(context.Context) (map[string]int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := map[string]int{}
	for k, c := range l.conversations {
		left := len(c.queue)
		if c.turn != nil {
			left += len(c.turn.Messages)
		}
		if left > 0 {
			n[k.Channel] += left
		}
	}
	return n, nil
}
