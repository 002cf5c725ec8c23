package messages

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

const sqlRated = `
SELECT t.id FROM posts p JOIN turns t ON t.id = p.turn JOIN conversations c ON c.id = t.conversation
WHERE p.platform_id = ? AND p.platform_id <> '' AND c.channel = ? AND c.chat = ? ORDER BY t.id DESC LIMIT 1`

const sqlRate = `
INSERT INTO ratings (turn, person, person_name, value, reason, rated_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (turn, person) DO UPDATE SET
	value = excluded.value, reason = excluded.reason, rated_at = excluded.rated_at, person_name = excluded.person_name`

const sqlUnrate = `DELETE FROM ratings WHERE turn = ? AND person = ?`

// Rate stores a thumb, or takes it back.
func (l *Ledger) Rate(ctx context.Context, r gateway.Rating) error {
	err := l.db.InTx(ctx, func(tx *sql.Tx) error {
		var turn int64
		err := tx.QueryRowContext(ctx, sqlRated, r.Post, r.Conversation.Channel, r.Conversation.Chat).Scan(&turn)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("no post %q in channel %s: %w", r.Post, r.Conversation.Channel, fault.NotFound)
		} else if err != nil {
			return err
		}
		switch r.Value {
		case 0:
			_, err = tx.ExecContext(ctx, sqlUnrate, turn, r.Person.ID)
		case 1, -1:
			_, err = tx.ExecContext(ctx, sqlRate, turn, r.Person.ID, r.Person.Name, r.Value, r.Reason, now())
		default:
			err = fmt.Errorf("a thumb of %d: %w", r.Value, fault.Invalid)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("rate an answer: %w", err)
	}
	return nil
}

const sqlCursor = `SELECT cursor FROM cursors WHERE channel = ?`

// Cursor returns where the channel's history has been read to.
func (l *Ledger) Cursor(ctx context.Context, channel string) (cursor string, err error) {
	err = l.db.Read.QueryRowContext(ctx, sqlCursor, channel).Scan(&cursor)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read cursor of %s: %w", channel, err)
	}
	return cursor, nil
}

const sqlSetCursor = `
INSERT INTO cursors (channel, cursor, moved_at) VALUES (?, ?, ?)
ON CONFLICT (channel) DO UPDATE SET cursor = excluded.cursor, moved_at = excluded.moved_at`

// SetCursor stores where the channel's history has been read to.
func (l *Ledger) SetCursor(ctx context.Context, channel, cursor string) error {
	if _, err := l.db.Write.ExecContext(ctx, sqlSetCursor, channel, cursor, now()); err != nil {
		return fmt.Errorf("move cursor of %s: %w", channel, err)
	}
	return nil
}

const sqlReclaim = `
UPDATE conversations SET owner = '', fence = fence + 1, lease_ends_at = 0 WHERE waiting_at IS NOT NULL AND lease_ends_at > 0`

// Reclaim ends all leases.
func (l *Ledger) Reclaim(ctx context.Context) error {
	if _, err := l.db.Write.ExecContext(ctx, sqlReclaim); err != nil {
		return fmt.Errorf("reclaim leases: %w", err)
	}
	return nil
}

const sqlCount = `SELECT channel, count(*) FROM messages WHERE state IN ('received', 'taken') GROUP BY channel`

// Waiting counts the messages that have not ended.
func (l *Ledger) Waiting(ctx context.Context) (counts map[string]int, err error) {
	rows, err := l.db.Read.QueryContext(ctx, sqlCount)
	if err != nil {
		return nil, fmt.Errorf("count waiting messages: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	counts = map[string]int{}
	for rows.Next() {
		var channel string
		var n int
		if err := rows.Scan(&channel, &n); err != nil {
			return nil, fmt.Errorf("count waiting messages: %w", err)
		}
		counts[channel] = n
	}
	return counts, rows.Err()
}
