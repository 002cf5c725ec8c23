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

const sqlHeld = `
SELECT c.id, t.state FROM turns t JOIN conversations c ON c.id = t.conversation
WHERE t.id = ? AND c.fence = ? AND t.state NOT IN ('done', 'dead')`

// held checks that the worker which got t still has it.
func held(ctx context.Context, from source, t *gateway.Turn) (conversation int64, state gateway.State, err error) {
	err = from.QueryRowContext(ctx, sqlHeld, t.ID, t.Fence).Scan(&conversation, &state)
	if errors.Is(err, sql.ErrNoRows) {
		err = lost(t)
	}
	return conversation, state, err
}

// write runs f in a transaction while t is held.
func (l *Ledger) write(ctx context.Context, what string, t *gateway.Turn,
	f func(tx *sql.Tx, conversation int64, state gateway.State) error) error {
	err := l.db.InTx(ctx, func(tx *sql.Tx) error {
		conversation, state, err := held(ctx, tx, t)
		if err != nil {
			return err
		}
		return f(tx, conversation, state)
	})
	if err != nil {
		return fmt.Errorf("%s turn %d: %w", what, t.ID, err)
	}
	return nil
}

const sqlRenew = `UPDATE conversations SET lease_ends_at = ? WHERE id = ?`

// Renew prolongs the lease.
func (l *Ledger) Renew(ctx context.Context, t *gateway.Turn, lease time.Duration) error {
	return l.write(ctx, "renew", t, func(tx *sql.Tx, conversation int64, _ gateway.State) error {
		_, err := tx.ExecContext(ctx, sqlRenew, time.Now().Add(lease).UnixMicro(), conversation)
		return err
	})
}

const sqlIntend = `
INSERT INTO posts (key, turn, part, platform_id, done, intended_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET done = max(posts.done, excluded.done),
	platform_id = CASE excluded.platform_id WHEN '' THEN posts.platform_id ELSE excluded.platform_id END`

const sqlShown = `
UPDATE turns SET state = CASE state WHEN 'answered' THEN 'posting' ELSE state END,
	first_text_at = CASE ?2 WHEN '' THEN first_text_at ELSE coalesce(first_text_at, ?3) END
WHERE id = ?1`

// Intend stores what is known about one part of the reply.
func (l *Ledger) Intend(ctx context.Context, t *gateway.Turn, p gateway.Post) error {
	return l.write(ctx, "intend a post of", t, func(tx *sql.Tx, _ int64, _ gateway.State) error {
		at := now()
		if _, err := tx.ExecContext(ctx, sqlIntend, p.Key, t.ID, p.Part, p.ID, p.Done, at); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, sqlShown, t.ID, p.ID, at)
		return err
	})
}

const sqlSettle = `UPDATE turns SET state = 'answered', answer = ?, answered_at = ? WHERE id = ?`

// Settle stores the whole answer.
func (l *Ledger) Settle(ctx context.Context, t *gateway.Turn, a gateway.Answer) error {
	return l.write(ctx, "settle", t, func(tx *sql.Tx, _ int64, state gateway.State) error {
		if state != gateway.Taken {
			return fmt.Errorf("it is %s already: %w", state, fault.Conflict)
		}
		answer, err := json.Marshal(a)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlSettle, string(answer), now(), t.ID)
		return err
	})
}

const sqlFinishTurn = `UPDATE turns SET state = ?, reason = ?, done_at = ? WHERE id = ?`
const sqlFinishMessages = `UPDATE messages SET state = ? WHERE turn = ?`
const sqlFree = `
UPDATE conversations SET owner = '', fence = fence + 1, lease_ends_at = 0, retry_at = 0, waiting_at =
	(SELECT received_at FROM messages WHERE conversation = ?1 AND state IN ('received', 'taken') ORDER BY seq LIMIT 1)
WHERE id = ?1`

// Finish ends the turn and frees its conversation.
func (l *Ledger) Finish(ctx context.Context, t *gateway.Turn, o gateway.Outcome) error {
	return l.write(ctx, "finish", t, func(tx *sql.Tx, conversation int64, _ gateway.State) error {
		if o.State != gateway.Done && o.State != gateway.Dead {
			return fmt.Errorf("%q is no end: %w", o.State, fault.Invalid)
		}
		if _, err := tx.ExecContext(ctx, sqlFinishTurn, o.State, o.Reason, now(), t.ID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, sqlFinishMessages, o.State, t.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, sqlFree, conversation)
		return err
	})
}

const sqlReleaseTurn = `UPDATE turns SET released = released + 1 WHERE id = ?`
const sqlRelease = `UPDATE conversations SET owner = '', fence = fence + 1, lease_ends_at = 0, retry_at = ? WHERE id = ?`

// Release frees the conversation; its turn is taken again after a while.
func (l *Ledger) Release(ctx context.Context, t *gateway.Turn, after time.Duration) error {
	return l.write(ctx, "release", t, func(tx *sql.Tx, conversation int64, _ gateway.State) error {
		if _, err := tx.ExecContext(ctx, sqlReleaseTurn, t.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, sqlRelease, time.Now().Add(after).UnixMicro(), conversation)
		return err
	})
}
