// Package messages is the gateway's Ledger on SQLite.
//
// Each method is one transaction on the one writing connection, synced to disk
// when it returns. What has work is found through a partial index on
// conversations.waiting_at, so the number of finished rows does not matter. A
// turn is guarded by its conversation's fence: every write compares it, and
// Take, Finish and Release raise it.
//
// receive.go holds the way in, take.go how work is handed out, turn.go what
// workers write, and rating.go the rest.
package messages

import (
	"fmt"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/groupcommit"
	"github.com/parley-im/parley/internal/sqlite"
)

// Ledger is a gateway.Ledger.
type Ledger struct {
	db    *sqlite.DB
	group *groupcommit.Writer[arrival, fate]
}

var _ gateway.Ledger = (*Ledger)(nil)

// New returns the ledger in db, which must be migrated.
func New(db *sqlite.DB) *Ledger {
	l := &Ledger{db: db}
	l.group = groupcommit.New(groupSize, groupTime, l.receive)
	return l
}

func now() int64 { return time.Now().UnixMicro() }

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
