// Package messages is the gateway's Ledger on Postgres, for any number of replicas.
//
// A conversation's row is the lock of all that belongs to it. Receive takes it while
// it numbers a message, so that numbers become visible in their order; Take passes
// over rows that others hold (SKIP LOCKED), so that replicas never queue up behind
// each other; and every write of a worker takes it to compare the fence, which Take,
// Finish and Release raise. What has work is found through a partial index on
// conversations.waiting_at, so the number of finished rows does not matter.
//
// What reads rows that others may just have written does so in a statement of its own
// after the lock: a statement sees what was committed when it began, not what was
// committed while it waited for the lock.
//
// All times are those of the server's clock. A commit is on disk when it returns
// (synchronous_commit); commits that come together share one write.
//
// receive.go holds the way in, take.go how work is handed out, turn.go what workers
// write, and rating.go the rest.
package messages

import (
	"fmt"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/groupcommit"
	"github.com/parley-im/parley/internal/postgres"
)

// Ledger is a gateway.Ledger.
type Ledger struct {
	db    *postgres.DB
	group *groupcommit.Writer[arrival, fate]
}

var _ gateway.Ledger = (*Ledger)(nil)

// New returns the ledger in db, which must be migrated.
func New(db *postgres.DB) *Ledger {
	l := &Ledger{db: db}
	l.group = groupcommit.New(groupSize, groupTime, l.receive)
	return l
}

// sqlNow is the server's clock in microseconds when the statement began, sqlClock at
// the moment it is evaluated: after a lock was waited for.
const (
	sqlNow   = `(extract(epoch FROM statement_timestamp()) * 1000000)::bigint`
	sqlClock = `(extract(epoch FROM clock_timestamp()) * 1000000)::bigint`
)

func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// lost is what a worker gets that writes to a turn it no longer holds.
func lost(t *gateway.Turn) error {
	return fmt.Errorf("turn %d is no longer held with fence %d: %w", t.ID, t.Fence, fault.Conflict)
}
