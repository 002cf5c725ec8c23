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
)

// Messages that arrive together are stored together: syncing the file takes as long for
// all of them as for one.
const (
	groupSize = 128
	groupTime = 20 * time.Second
)

const sqlKnown = `SELECT 1 FROM messages WHERE channel = ? AND id = ?`

// A message that is aside (?5) wakes nobody.
const sqlConversation = `
INSERT INTO conversations (channel, chat, thread, waiting_at, last_at) VALUES (?1, ?2, ?3, CASE WHEN NOT ?5 THEN ?4 END, ?4)
ON CONFLICT (channel, chat, thread) DO UPDATE SET
	waiting_at = coalesce(conversations.waiting_at, excluded.waiting_at), last_at = excluded.last_at
RETURNING id, waiting_at IS NOT NULL`

const sqlReceive = `
INSERT INTO messages (channel, id, conversation, state, body, sent_at, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?)`

// arrival is a message as it is stored.
type arrival struct {
	gateway.Message
	body string // JSON
}

// fate is what became of an arrival.
type fate struct {
	fresh bool
	err   error // its own
}

// Receive stores m unless the channel delivered its ID before.
func (l *Ledger) Receive(ctx context.Context, m gateway.Message) (bool, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return false, fmt.Errorf("receive message: %w: %w", err, fault.Invalid)
	}
	f, err := l.group.Do(ctx, arrival{m, string(body)})
	if err = errors.Join(err, f.err); err != nil {
		return false, fmt.Errorf("receive message: %w", err)
	}
	return f.fresh, nil
}

// receive stores a group in one transaction. If that fails, each is tried by itself:
// one message that cannot be stored must not keep the others out.
func (l *Ledger) receive(ctx context.Context, group []arrival) ([]fate, error) {
	fates := make([]fate, len(group))
	err := l.db.InTx(ctx, func(tx *sql.Tx) (err error) {
		for i, a := range group {
			if fates[i].fresh, err = store(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || len(group) == 1 {
		return fates, err
	}
	for i := range group {
		one, err := l.receive(ctx, group[i:i+1])
		if fates[i] = (fate{err: err}); err == nil {
			fates[i] = one[0]
		}
	}
	return fates, nil
}

func store(ctx context.Context, tx *sql.Tx, a arrival) (fresh bool, err error) {
	c, known := a.Conversation, 0
	err = tx.QueryRowContext(ctx, sqlKnown, c.Channel, a.ID).Scan(&known)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	at, conversation, waits := now(), int64(0), false
	if err := tx.QueryRowContext(ctx, sqlConversation, c.Channel, c.Chat, c.Thread, at, a.Aside).Scan(&conversation, &waits); err != nil {
		return false, err
	}
	state := gateway.Received
	if a.Aside && !waits {
		state = gateway.Done
	}
	_, err = tx.ExecContext(ctx, sqlReceive, c.Channel, a.ID, conversation, string(state), a.body, micro(a.SentAt), at)
	return err == nil, err
}
