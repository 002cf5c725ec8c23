// Package messages is the gateway's Ledger on SQLite.
//
// Each method is one transaction on the one writing connection, synced to disk
// when it returns. What has work is found through a partial index on
// conversations.waiting_at, so the number of finished rows does not matter. A
// turn is guarded by its conversation's fence: every write compares it, and
// Take, Finish and Release raise it.
//
// messages.go holds the way in, take.go how work is handed out, turn.go what
// workers write, and rating.go the rest.
package messages

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite"
)

// Ledger is a gateway.Ledger.
type Ledger struct{ db *sqlite.DB }

var _ gateway.Ledger = (*Ledger)(nil)

// New returns the ledger in db, which must be migrated.
func New(db *sqlite.DB) *Ledger { return &Ledger{db: db} }

const sqlKnown = `SELECT 1 FROM messages WHERE channel = ? AND id = ?`

const sqlConversation = `
INSERT INTO conversations (channel, chat, thread, waiting_at, last_at) VALUES (?, ?, ?, ?4, ?4)
ON CONFLICT (channel, chat, thread) DO UPDATE SET
	waiting_at = coalesce(conversations.waiting_at, excluded.waiting_at), last_at = excluded.last_at
RETURNING id`

const sqlReceive = `
INSERT INTO messages (channel, id, conversation, state, body, sent_at, received_at)
VALUES (?, ?, ?, 'received', ?, ?, ?)`

// Receive stores m unless the channel delivered its ID before.
func (l *Ledger) Receive(ctx context.Context, m gateway.Message) (bool, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return false, fmt.Errorf("receive message: %w: %w", err, fault.Invalid)
	}
	fresh := false
	err = l.db.InTx(ctx, func(tx *sql.Tx) error {
		known := 0
		err := tx.QueryRowContext(ctx, sqlKnown, m.Conversation.Channel, m.ID).Scan(&known)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		at, conversation := now(), int64(0)
		c := m.Conversation
		if err := tx.QueryRowContext(ctx, sqlConversation, c.Channel, c.Chat, c.Thread, at).Scan(&conversation); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlReceive, c.Channel, m.ID, conversation, string(body), micro(m.SentAt), at)
		fresh = err == nil
		return err
	})
	if err != nil {
		return false, fmt.Errorf("receive message: %w", err)
	}
	return fresh, nil
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
