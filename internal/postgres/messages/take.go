package messages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/postgres"
)

// Take is one transaction in two round trips, so that it is fast also where the server
// is some way off: the statements of the first one find the conversation in a setting
// of the transaction; in between Go decides what belongs together.
const (
	sqlAt = `(SELECT coalesce($4, ` + sqlNow + `))` // evaluated once, not for each row

	sqlTake = `
WITH taken AS (
	UPDATE conversations SET owner = $1, fence = fence + 1, lease_ends_at = ` + sqlAt + ` + $2
	WHERE id = (
		SELECT id FROM conversations
		WHERE waiting_at IS NOT NULL AND lease_ends_at <= ` + sqlAt + ` AND retry_at <= ` + sqlAt + ` AND channel <> ALL ($3)
		ORDER BY waiting_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
	RETURNING id, channel, chat, thread, fence
)
SELECT id, channel, chat, thread, fence, set_config('parley.conversation', id::text, true) FROM taken`

	sqlTaken = `nullif(current_setting('parley.conversation', true), '')::bigint`

	sqlResume = `
UPDATE turns SET attempt = attempt + 1 WHERE conversation = ` + sqlTaken + ` AND state NOT IN ('done', 'dead')
RETURNING id, state, reply_key, attempt, released, coalesce(answer::text, '')`

	sqlOpenPosts = `
SELECT p.part, p.key, p.platform_id, p.done FROM posts p JOIN turns t ON t.id = p.turn
WHERE t.conversation = ` + sqlTaken + ` AND t.state NOT IN ('done', 'dead') ORDER BY p.part, p.seq`

	sqlOpen = `
SELECT seq, turn IS NOT NULL, text, body, received_at, ` + sqlNow + ` - received_at FROM messages
WHERE conversation = coalesce($1, ` + sqlTaken + `) AND state IN ('received', 'taken') ORDER BY seq LIMIT $2`

	sqlBegin = `
WITH begun AS (
	INSERT INTO turns (conversation, reply_key, state, received_at, taken_at)
	VALUES ($1, $2, 'taken', $3, ` + sqlNow + `) RETURNING id
), adopted AS (
	UPDATE messages SET state = 'taken', turn = begun.id FROM begun
	WHERE conversation = $1 AND state = 'received' AND seq BETWEEN $4 AND $5
)
SELECT id FROM begun`

	sqlIdle = `UPDATE conversations SET owner = '', lease_ends_at = 0, waiting_at = NULL WHERE id = $1`
)

// Take leases the conversation that waits longest and returns its turn.
func (l *Ledger) Take(ctx context.Context, o gateway.TakeOptions) (*gateway.Turn, error) {
	ctx, done := postgres.Within(ctx)
	defer done()
	for {
		t, idle, err := l.take(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("take a turn: %w", postgres.Fault(err))
		}
		if !idle {
			return t, nil
		}
	}
}

// take is one attempt; idle says that a conversation waited for nothing, see sqlReceive.
func (l *Ledger) take(ctx context.Context, o gateway.TakeOptions) (t *gateway.Turn, idle bool, err error) {
	conn, err := l.db.Pool.Acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	defer conn.Release() // within a transaction that did not end, it is closed
	t = &gateway.Turn{}
	conversation, rows, err := lease(ctx, conn, o, t)
	if err != nil {
		return nil, false, err
	}
	b := &pgx.Batch{}
	adopted, waiting := parted(rows)
	switch {
	case conversation == 0:
		t = nil
	case t.ID != 0 && len(adopted) == 0:
		return nil, false, fmt.Errorf("turn %d has no message", t.ID)
	case t.ID != 0:
		set(t, adopted)
	case len(waiting) == 0:
		idle = true
		b.Queue(sqlIdle, conversation)
	default:
		rows := waiting[:min(run(waiting, o.Merge), gateway.MaxMerged)]
		set(t, rows)
		t.State, t.Attempt, t.ReplyKey = gateway.Taken, 1, uuid.NewString()
		b.Queue(sqlBegin, conversation, t.ReplyKey, rows[0].at, rows[0].seq, rows[len(rows)-1].seq).
			QueryRow(func(r pgx.Row) error { return r.Scan(&t.ID) })
	}
	b.Queue(`COMMIT`)
	return t, idle, conn.SendBatch(ctx, b).Close()
}

// lease begins the transaction, leases a conversation (0: none) and reads into t the
// turn that was begun before, if there is one. rows are the conversation's open messages.
func lease(ctx context.Context, conn *pgxpool.Conn, o gateway.TakeOptions, t *gateway.Turn) (conversation int64, rows []row, err error) {
	except := append([]string{}, o.Except...) // not nil: that is NULL, and nothing compares with it
	var at *int64
	if !o.Now.IsZero() {
		at = new(o.Now.UnixMicro())
	}
	answer := ""
	b := &pgx.Batch{}
	b.Queue(`BEGIN`)
	postgres.Queue(b, sqlTake, o.Owner, o.Lease.Microseconds(), except, at).QueryRow(func(r pgx.Row) error {
		c, ignored := &t.Conversation, ""
		return some(r.Scan(&conversation, &c.Channel, &c.Chat, &c.Thread, &t.Fence, &ignored))
	})
	b.Queue(sqlResume).QueryRow(func(r pgx.Row) error {
		return some(r.Scan(&t.ID, &t.State, &t.ReplyKey, &t.Attempt, &t.Released, &answer))
	})
	b.Queue(sqlOpen, nil, 2*gateway.MaxMerged).Query(func(r pgx.Rows) (err error) {
		rows, err = pgx.CollectRows(r, scanRow)
		return err
	})
	b.Queue(sqlOpenPosts).Query(func(r pgx.Rows) (err error) {
		t.Posts, err = pgx.AppendRows(t.Posts, r, func(r pgx.CollectableRow) (p gateway.Post, err error) {
			return p, r.Scan(&p.Part, &p.Key, &p.ID, &p.Done)
		})
		return err
	})
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return 0, nil, err
	}
	if answer != "" {
		if err := json.Unmarshal([]byte(answer), &t.Answer); err != nil {
			return 0, nil, fmt.Errorf("answer of turn %d: %w", t.ID, err)
		}
	}
	return conversation, rows, nil
}

// some excuses that there was no row.
func some(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

const sqlGrow = `
SELECT t.state, EXISTS (SELECT FROM posts WHERE turn = t.id) FROM turns t WHERE t.id = $1`

const sqlAdopt = `
UPDATE messages SET state = 'taken', turn = $1 WHERE conversation = $2 AND state = 'received' AND seq BETWEEN $3 AND $4`

// Extend adds what followed since, as long as nothing was shown.
func (l *Ledger) Extend(ctx context.Context, t *gateway.Turn, merge time.Duration) ([]gateway.Message, error) {
	var added []row
	err := l.db.InTx(ctx, func(tx pgx.Tx) error {
		conversation, err := hold(ctx, tx, t)
		if err != nil {
			return err
		}
		var state gateway.State
		var shown bool
		if err := tx.QueryRow(ctx, sqlGrow, t.ID).Scan(&state, &shown); err != nil || shown || state != gateway.Taken {
			return err
		}
		found, err := tx.Query(ctx, sqlOpen, conversation, 2*gateway.MaxMerged)
		if err != nil {
			return err
		}
		rows, err := pgx.CollectRows(found, scanRow)
		if err != nil {
			return err
		}
		have, waiting := parted(rows)
		room := max(0, gateway.MaxMerged-len(have))
		if len(have) == 0 || len(waiting) == 0 || room == 0 {
			return nil
		}
		chain := append([]row{have[len(have)-1]}, waiting[:min(len(waiting), room)]...)
		if added = chain[1:run(chain, merge)]; len(added) == 0 {
			return nil
		}
		_, err = tx.Exec(ctx, sqlAdopt, t.ID, conversation, added[0].seq, added[len(added)-1].seq)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("extend turn %d: %w", t.ID, err)
	}
	return messages(added), nil
}

const sqlBehind = `
SELECT m.seq, false, m.text, m.body, m.received_at, ` + sqlNow + ` - m.received_at
FROM turns t JOIN messages m ON m.conversation = t.conversation
WHERE t.id = $1 AND m.state IN ('received', 'taken') AND m.turn IS NULL ORDER BY m.seq LIMIT $2`

const sqlHeld = `
SELECT EXISTS (SELECT FROM turns t JOIN conversations c ON c.id = t.conversation
	WHERE t.id = $1 AND c.fence = $2 AND t.state NOT IN ('done', 'dead'))`

// Behind returns what waits behind the turn.
func (l *Ledger) Behind(ctx context.Context, t *gateway.Turn) ([]gateway.Message, error) {
	var rows []row
	b := &pgx.Batch{}
	b.Queue(sqlBehind, t.ID, gateway.MaxMerged).Query(func(r pgx.Rows) (err error) {
		rows, err = pgx.CollectRows(r, scanRow)
		return err
	})
	b.Queue(sqlHeld, t.ID, t.Fence).QueryRow(func(r pgx.Row) error {
		held := false
		if err := r.Scan(&held); err != nil || held {
			return err
		}
		return lost(t)
	})
	if err := l.db.Batch(ctx, b); err != nil {
		return nil, fmt.Errorf("look behind turn %d: %w", t.ID, err)
	}
	return messages(rows), nil
}
