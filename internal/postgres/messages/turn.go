package messages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

// sqlHold locks the conversation of turn $1 if it still has fence $2. Whoever waited
// for the lock sees the fence as it is then.
const sqlHold = `
SELECT c.id AS conversation_id, t.id AS turn_id FROM turns t JOIN conversations c ON c.id = t.conversation
WHERE t.id = $1 AND c.fence = $2 AND t.state NOT IN ('done', 'dead') FOR NO KEY UPDATE OF c`

// hold checks that the worker which got t still has it, and keeps it so.
func hold(ctx context.Context, tx pgx.Tx, t *gateway.Turn) (conversation int64, err error) {
	var turn int64
	err = tx.QueryRow(ctx, sqlHold, t.ID, t.Fence).Scan(&conversation, &turn)
	if errors.Is(err, pgx.ErrNoRows) {
		err = lost(t)
	}
	return conversation, err
}

// write runs one statement that begins with sqlHold and changes a row if t is held.
func (l *Ledger) write(ctx context.Context, what string, t *gateway.Turn, text string, args ...any) error {
	changed, err := l.db.Exec(ctx, text, append([]any{t.ID, t.Fence}, args...)...)
	if err == nil && changed == 0 {
		err = lost(t)
	}
	if err != nil {
		return fmt.Errorf("%s turn %d: %w", what, t.ID, err)
	}
	return nil
}

const sqlRenew = `
WITH held AS (` + sqlHold + `)
UPDATE conversations SET lease_ends_at = ` + sqlClock + ` + $3 FROM held WHERE id = held.conversation_id`

// Renew prolongs the lease.
func (l *Ledger) Renew(ctx context.Context, t *gateway.Turn, lease time.Duration) error {
	return l.write(ctx, "renew", t, sqlRenew, lease.Microseconds())
}

const sqlIntend = `
WITH held AS (` + sqlHold + `), post AS (
	INSERT INTO posts (key, turn, part, platform_id, done, intended_at)
	SELECT $3, held.turn_id, $4, $5, $6, ` + sqlNow + ` FROM held
	ON CONFLICT (key) DO UPDATE SET done = posts.done OR excluded.done,
		platform_id = CASE excluded.platform_id WHEN '' THEN posts.platform_id ELSE excluded.platform_id END
)
UPDATE turns SET state = CASE state WHEN 'answered' THEN 'posting' ELSE state END,
	first_text_at = CASE $5 WHEN '' THEN first_text_at ELSE coalesce(first_text_at, ` + sqlNow + `) END
FROM held WHERE id = held.turn_id`

// Intend stores what is known about one part of the reply.
func (l *Ledger) Intend(ctx context.Context, t *gateway.Turn, p gateway.Post) error {
	return l.write(ctx, "intend a post of", t, sqlIntend, p.Key, p.Part, p.ID, p.Done)
}

const sqlSettle = `
WITH held AS (` + sqlHold + `)
UPDATE turns SET state = 'answered', answer = $3::jsonb, answered_at = ` + sqlNow + `
FROM held WHERE id = held.turn_id AND (state = 'taken' OR state = 'answered' AND answer = $3::jsonb)`

// Settle stores the whole answer. The same answer once more is no conflict: the first
// call may have gone through although its connection broke.
func (l *Ledger) Settle(ctx context.Context, t *gateway.Turn, a gateway.Answer) error {
	answer, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("settle turn %d: %w: %w", t.ID, err, fault.Invalid)
	}
	return l.write(ctx, "settle", t, sqlSettle, withoutNUL(string(answer)))
}

// withoutNUL leaves out escaped NUL characters, which jsonb does not store.
func withoutNUL(json string) string {
	const nul = `\u0000`
	if !strings.Contains(json, nul) {
		return json
	}
	var b strings.Builder
	for i := 0; i < len(json); {
		switch {
		case strings.HasPrefix(json[i:], nul):
			i += len(nul)
		case json[i] == '\\' && i+1 < len(json): // an escape that is none of a NUL, "\\" too
			b.WriteString(json[i : i+2])
			i += 2
		default:
			b.WriteByte(json[i])
			i++
		}
	}
	return b.String()
}

// sqlFinish comes after sqlHold in the same transaction: it must see the messages that
// were committed while the lock was waited for, or one of them would wait for ever.
const sqlFinish = `
WITH held AS (
	SELECT c.id AS conversation_id, t.id AS turn_id FROM turns t JOIN conversations c ON c.id = t.conversation
	WHERE t.id = $1 AND c.fence = $2 AND t.state NOT IN ('done', 'dead')
), turn AS (
	UPDATE turns SET state = $3, reason = $4, done_at = ` + sqlNow + ` FROM held WHERE id = held.turn_id
), read AS (
	UPDATE messages SET state = $3 FROM held WHERE turn = held.turn_id
)
UPDATE conversations SET owner = '', fence = fence + 1, lease_ends_at = 0, retry_at = 0, waiting_at = (
	SELECT received_at FROM messages m
	WHERE m.conversation = held.conversation_id AND m.state IN ('received', 'taken') AND m.turn IS NULL
	ORDER BY seq LIMIT 1)
FROM held WHERE id = held.conversation_id`

// Finish ends the turn and frees its conversation.
func (l *Ledger) Finish(ctx context.Context, t *gateway.Turn, o gateway.Outcome) error {
	if o.State != gateway.Done && o.State != gateway.Dead {
		return fmt.Errorf("finish turn %d: %q is no end: %w", t.ID, o.State, fault.Invalid)
	}
	b := &pgx.Batch{}
	postgres.Queue(b, sqlHold, t.ID, t.Fence)
	postgres.Queue(b, sqlFinish, t.ID, t.Fence, string(o.State), o.Reason).Exec(func(done pgconn.CommandTag) error {
		if done.RowsAffected() == 0 {
			return lost(t)
		}
		return nil
	})
	if err := l.db.Batch(ctx, b); err != nil {
		return fmt.Errorf("finish turn %d: %w", t.ID, err)
	}
	return nil
}

const sqlRelease = `
WITH held AS (` + sqlHold + `), turn AS (
	UPDATE turns SET released = released + 1 FROM held WHERE id = held.turn_id
)
UPDATE conversations SET owner = '', fence = fence + 1, lease_ends_at = 0, retry_at = ` + sqlClock + ` + $3
FROM held WHERE id = held.conversation_id`

// Release frees the conversation; its turn is taken again after a while.
func (l *Ledger) Release(ctx context.Context, t *gateway.Turn, after time.Duration) error {
	return l.write(ctx, "release", t, sqlRelease, after.Microseconds())
}
