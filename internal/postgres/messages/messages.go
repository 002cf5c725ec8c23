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
// messages.go holds the way in, take.go how work is handed out, turn.go what workers
// write, and rating.go the rest.
package messages

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

// Ledger is a gateway.Ledger.
type Ledger struct{ db *postgres.DB }

var _ gateway.Ledger = (*Ledger)(nil)

// New returns the ledger in db, which must be migrated.
func New(db *postgres.DB) *Ledger { return &Ledger{db: db} }

// sqlNow is the server's clock in microseconds when the statement began, sqlClock at
// the moment it is evaluated: after a lock was waited for.
const (
	sqlNow   = `(extract(epoch FROM statement_timestamp()) * 1000000)::bigint`
	sqlClock = `(extract(epoch FROM clock_timestamp()) * 1000000)::bigint`
)

// One statement, so one round trip and one commit. A duplicate is found before
// anything is locked; one that arrives at the same moment is found by the unique key,
// and then the conversation may wait without a message, which Take puts right.
const sqlReceive = `
WITH fresh AS (
	SELECT WHERE NOT EXISTS (SELECT FROM messages WHERE channel = $1 AND id = $4)
), held AS (
	INSERT INTO conversations (channel, chat, thread, waiting_at, last_at)
	SELECT $1, $2, $3, ` + sqlNow + `, ` + sqlNow + ` FROM fresh
	ON CONFLICT (channel, chat, thread) DO UPDATE SET
		waiting_at = coalesce(conversations.waiting_at, excluded.waiting_at),
		last_at = greatest(conversations.last_at, excluded.last_at)
	RETURNING id
)
INSERT INTO messages (channel, id, conversation, state, text, body, sent_at, received_at, sender_id, sender_name)
SELECT $1, $4, held.id, 'received', $5, $6, $7, ` + sqlClock + `, $8, $9 FROM held
ON CONFLICT (channel, id) DO NOTHING`

// Receive stores m unless the channel delivered its ID before.
func (l *Ledger) Receive(ctx context.Context, m gateway.Message) (bool, error) {
	text := m.Text
	m.Text = "" // has a column of its own
	body, err := json.Marshal(m)
	if err != nil {
		return false, fmt.Errorf("receive message: %w: %w", err, fault.Invalid)
	}
	c := m.Conversation
	stored, err := l.db.Exec(ctx, sqlReceive, c.Channel, c.Chat, c.Thread, m.ID, text, string(body), micro(m.SentAt),
		m.Sender.ID, m.Sender.Name)
	if err != nil {
		return false, fmt.Errorf("receive message: %w", err)
	}
	return stored == 1, nil
}

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
