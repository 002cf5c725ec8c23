package messages

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

const sqlRated = `
SELECT t.id FROM posts p JOIN turns t ON t.id = p.turn JOIN conversations c ON c.id = t.conversation
WHERE p.platform_id = $1 AND p.platform_id <> '' AND c.channel = $2 AND c.chat = $3 ORDER BY t.id DESC LIMIT 1`

const sqlRate = `
INSERT INTO ratings (turn, person, person_name, value, reason, rated_at) VALUES ($1, $2, $3, $4, $5, ` + sqlNow + `)
ON CONFLICT (turn, person) DO UPDATE SET
	value = excluded.value, reason = excluded.reason, rated_at = excluded.rated_at, person_name = excluded.person_name`

const sqlUnrate = `DELETE FROM ratings WHERE turn = $1 AND person = $2`

// Rate stores a thumb, or takes it back.
func (l *Ledger) Rate(ctx context.Context, r gateway.Rating) error {
	err := l.db.InTx(ctx, func(tx pgx.Tx) error {
		var turn int64
		err := tx.QueryRow(ctx, sqlRated, postgres.Text(r.Post), r.Conversation.Channel, postgres.Text(r.Conversation.Chat)).Scan(&turn)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("no post %q in channel %s: %w", r.Post, r.Conversation.Channel, fault.NotFound)
		} else if err != nil {
			return err
		}
		switch r.Value {
		case 0:
			_, err = tx.Exec(ctx, sqlUnrate, turn, postgres.Text(r.Person.ID))
		case 1, -1:
			_, err = tx.Exec(ctx, sqlRate, turn, postgres.Text(r.Person.ID), postgres.Text(r.Person.Name), r.Value, postgres.Text(r.Reason))
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

const sqlCursor = `SELECT cursor FROM cursors WHERE channel = $1`

// Cursor returns where the channel's history has been read to.
func (l *Ledger) Cursor(ctx context.Context, channel string) (cursor string, err error) {
	err = l.db.Row(ctx, func(r pgx.Row) error { return r.Scan(&cursor) }, sqlCursor, channel)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("read cursor of %s: %w", channel, err)
	}
	return cursor, nil
}

const sqlSetCursor = `
INSERT INTO cursors (channel, cursor, moved_at) VALUES ($1, $2, ` + sqlNow + `)
ON CONFLICT (channel) DO UPDATE SET cursor = excluded.cursor, moved_at = excluded.moved_at`

// SetCursor stores where the channel's history has been read to.
func (l *Ledger) SetCursor(ctx context.Context, channel, cursor string) error {
	if _, err := l.db.Exec(ctx, sqlSetCursor, channel, cursor); err != nil {
		return fmt.Errorf("move cursor of %s: %w", channel, err)
	}
	return nil
}

const sqlReclaim = `
UPDATE conversations SET owner = '', fence = fence + 1, lease_ends_at = 0 WHERE waiting_at IS NOT NULL AND lease_ends_at > 0`

// Reclaim ends all leases.
func (l *Ledger) Reclaim(ctx context.Context) error {
	if _, err := l.db.Exec(ctx, sqlReclaim); err != nil {
		return fmt.Errorf("reclaim leases: %w", err)
	}
	return nil
}

const sqlCount = `SELECT channel, count(*) FROM messages WHERE state IN ('received', 'taken') GROUP BY channel`

// Waiting counts the messages that have not ended.
func (l *Ledger) Waiting(ctx context.Context) (map[string]int, error) {
	type count struct {
		channel string
		n       int
	}
	all, err := postgres.Rows(ctx, l.db, func(r pgx.CollectableRow) (c count, err error) {
		return c, r.Scan(&c.channel, &c.n)
	}, sqlCount)
	if err != nil {
		return nil, fmt.Errorf("count waiting messages: %w", err)
	}
	counts := map[string]int{}
	for _, c := range all {
		counts[c.channel] = c.n
	}
	return counts, nil
}
