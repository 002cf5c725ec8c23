package messages

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/parley-im/parley/gateway"
)

const sqlNext = `
SELECT id, channel, chat, thread, fence FROM conversations
WHERE waiting_at IS NOT NULL AND lease_ends_at <= ?1 AND retry_at <= ?1
	AND (?2 = '[]' OR channel NOT IN (SELECT value FROM json_each(?2)))
ORDER BY waiting_at LIMIT 1`

const sqlLease = `UPDATE conversations SET owner = ?, fence = ?, lease_ends_at = ? WHERE id = ?`

// Take leases the conversation that waits longest and returns its turn.
func (l *Ledger) Take(ctx context.Context, o gateway.TakeOptions) (*gateway.Turn, error) {
	at := o.Now
	if at.IsZero() {
		at = time.Now()
	}
	except, err := json.Marshal(append([]string{}, o.Except...))
	if err != nil {
		return nil, fmt.Errorf("take a turn: %w", err)
	}
	var t *gateway.Turn
	err = l.db.InTx(ctx, func(tx *sql.Tx) error {
		t = &gateway.Turn{}
		var id int64
		c := &t.Conversation
		err := tx.QueryRowContext(ctx, sqlNext, at.UnixMicro(), string(except)).Scan(&id, &c.Channel, &c.Chat, &c.Thread, &t.Fence)
		if errors.Is(err, sql.ErrNoRows) {
			t = nil
			return nil
		} else if err != nil {
			return err
		}
		t.Fence++
		if _, err := tx.ExecContext(ctx, sqlLease, o.Owner, t.Fence, at.Add(o.Lease).UnixMicro(), id); err != nil {
			return err
		}
		if err := resume(ctx, tx, id, t); !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return begin(ctx, tx, id, t, o.Merge)
	})
	if err != nil {
		return nil, fmt.Errorf("take a turn: %w", err)
	}
	return t, nil
}

const sqlResume = `
UPDATE turns SET attempt = attempt + 1 WHERE conversation = ? AND state NOT IN ('done', 'dead')
RETURNING id, state, reply_key, attempt, released, received_at, coalesce(answer, '')`

// resume hands out the turn that was begun before; sql.ErrNoRows if there is none.
func resume(ctx context.Context, tx *sql.Tx, conversation int64, t *gateway.Turn) error {
	var received int64
	var answer string
	err := tx.QueryRowContext(ctx, sqlResume, conversation).
		Scan(&t.ID, &t.State, &t.ReplyKey, &t.Attempt, &t.Released, &received, &answer)
	if err != nil {
		return err
	}
	t.ReceivedAt = time.UnixMicro(received)
	if answer != "" {
		if err := json.Unmarshal([]byte(answer), &t.Answer); err != nil {
			return fmt.Errorf("answer of turn %d: %w", t.ID, err)
		}
	}
	if t.Messages, err = turnMessages(ctx, tx, t.ID); err != nil {
		return err
	}
	t.Posts, err = turnPosts(ctx, tx, t.ID)
	return err
}

const sqlBegin = `
INSERT INTO turns (conversation, reply_key, state, received_at, taken_at) VALUES (?, ?, 'taken', ?, ?) RETURNING id`

// begin makes a new turn from the messages that wait.
func begin(ctx context.Context, tx *sql.Tx, conversation int64, t *gateway.Turn, merge time.Duration) error {
	rows, err := waiting(ctx, tx, conversation)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fmt.Errorf("conversation %d waits without a message", conversation)
	}
	rows = rows[:run(rows, merge)]
	t.State, t.Attempt, t.ReplyKey = gateway.Taken, 1, uuid.NewString()
	t.ReceivedAt = time.UnixMicro(rows[0].at)
	if err := tx.QueryRowContext(ctx, sqlBegin, conversation, t.ReplyKey, rows[0].at, now()).Scan(&t.ID); err != nil {
		return err
	}
	t.Messages, err = adopt(ctx, tx, t.ID, rows)
	return err
}

const sqlLast = `SELECT seq, body, received_at FROM messages WHERE turn = ? ORDER BY seq DESC LIMIT 1`
const sqlCounts = `
SELECT (SELECT count(*) FROM posts WHERE turn = ?1), (SELECT count(*) FROM messages WHERE turn = ?1)`

// Extend adds what followed since, as long as nothing was shown.
func (l *Ledger) Extend(ctx context.Context, t *gateway.Turn, merge time.Duration) ([]gateway.Message, error) {
	var added []gateway.Message
	err := l.db.InTx(ctx, func(tx *sql.Tx) error {
		conversation, state, err := held(ctx, tx, t)
		if err != nil || state != gateway.Taken {
			return err
		}
		var posts, have int
		if err := tx.QueryRowContext(ctx, sqlCounts, t.ID).Scan(&posts, &have); err != nil || posts > 0 {
			return err
		}
		last, err := scanRow(tx.QueryRowContext(ctx, sqlLast, t.ID))
		if err != nil {
			return err
		}
		rows, err := waiting(ctx, tx, conversation)
		if err != nil || len(rows) == 0 {
			return err
		}
		rows = append([]row{last}, rows[:min(len(rows), max(0, gateway.MaxMerged-have))]...)
		added, err = adopt(ctx, tx, t.ID, rows[1:run(rows, merge)])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("extend turn %d: %w", t.ID, err)
	}
	return added, nil
}

// Behind returns what waits behind the turn.
func (l *Ledger) Behind(ctx context.Context, t *gateway.Turn) ([]gateway.Message, error) {
	conversation, _, err := held(ctx, l.db.Read, t)
	if err != nil {
		return nil, fmt.Errorf("look behind turn %d: %w", t.ID, err)
	}
	rows, err := waiting(ctx, l.db.Read, conversation)
	if err != nil {
		return nil, fmt.Errorf("look behind turn %d: %w", t.ID, err)
	}
	var messages []gateway.Message
	for _, r := range rows {
		messages = append(messages, r.message)
	}
	return messages, nil
}

// row is a message with its place in the queue.
type row struct {
	seq, at int64
	message gateway.Message
}

func scanRow(from scanner) (r row, err error) {
	var body []byte
	if err := from.Scan(&r.seq, &body, &r.at); err != nil {
		return r, err
	}
	if err := json.Unmarshal(body, &r.message); err != nil {
		return r, fmt.Errorf("message %d: %w", r.seq, err)
	}
	return r, nil
}

// run is how many of rows, from the first, are read together.
func run(rows []row, merge time.Duration) int {
	n := 1
	for n < len(rows) && gateway.Follows(rows[n-1].message, rows[n].message) &&
		rows[n].at-rows[n-1].at <= merge.Microseconds() {
		n++
	}
	return n
}

const sqlWaiting = `
SELECT seq, body, received_at FROM messages
WHERE conversation = ? AND state IN ('received', 'taken') AND turn IS NULL ORDER BY seq LIMIT ?`

func waiting(ctx context.Context, from source, conversation int64) ([]row, error) {
	return query(ctx, from, scanRow, sqlWaiting, conversation, gateway.MaxMerged)
}

const sqlAdopt = `UPDATE messages SET state = 'taken', turn = ? WHERE seq = ?`

func adopt(ctx context.Context, tx *sql.Tx, turn int64, rows []row) ([]gateway.Message, error) {
	var messages []gateway.Message
	for _, r := range rows {
		if _, err := tx.ExecContext(ctx, sqlAdopt, turn, r.seq); err != nil {
			return nil, err
		}
		messages = append(messages, r.message)
	}
	return messages, nil
}

const sqlTurnMessages = `SELECT seq, body, received_at FROM messages WHERE turn = ? ORDER BY seq`

func turnMessages(ctx context.Context, tx *sql.Tx, turn int64) ([]gateway.Message, error) {
	return query(ctx, tx, func(s scanner) (gateway.Message, error) {
		r, err := scanRow(s)
		return r.message, err
	}, sqlTurnMessages, turn)
}

const sqlTurnPosts = `SELECT part, key, platform_id, done FROM posts WHERE turn = ? ORDER BY part, rowid`

func turnPosts(ctx context.Context, tx *sql.Tx, turn int64) ([]gateway.Post, error) {
	return query(ctx, tx, func(s scanner) (p gateway.Post, err error) {
		err = s.Scan(&p.Part, &p.Key, &p.ID, &p.Done)
		return p, err
	}, sqlTurnPosts, turn)
}

type scanner interface{ Scan(...any) error }

// source is a transaction, or the pool of readers.
type source interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func query[T any](ctx context.Context, from source, scan func(scanner) (T, error), text string, args ...any) (all []T, err error) {
	rows, err := from.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		x, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, rows.Err()
}
