// Package webchats keeps what is said in the browser chat in Postgres. It is the
// webchat.Store of an installation with more than one machine, and the sister of the
// package of that name on SQLite.
//
// The entries are what a visitor sees again after a reload. They are not the ledger:
// whether a question was answered is known there.
//
// Replicas write to the same chat. Append takes a lock of the chat first, and looks
// for its number when it has it: numbers have neither gaps nor doubles.
package webchats

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

// Store is the browser chat's tables.
type Store struct{ db *postgres.DB }

var _ webchat.Store = (*Store)(nil)

// New returns the Store in db, which must be migrated.
func New(db *postgres.DB) *Store { return &Store{db} }

const (
	makeKey = `INSERT INTO settings (name, value) VALUES ('webchat_key', $1) ON CONFLICT DO NOTHING`
	readKey = `SELECT value FROM settings WHERE name = 'webchat_key'`
)

// Key returns the secret that signs visitors' tokens.
func (s *Store) Key(ctx context.Context) ([]byte, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	var text string
	b := &pgx.Batch{} // who loses the race reads the key of who won
	postgres.Queue(b, makeKey, hex.EncodeToString(fresh))
	postgres.Queue(b, readKey).QueryRow(func(row pgx.Row) error { return row.Scan(&text) })
	if err := s.db.Batch(ctx, b); err != nil {
		return nil, fmt.Errorf("read webchat key: %w", err)
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read webchat key: %w", err)
	}
	return key, nil
}

const (
	readChats    = `SELECT chats FROM webchat_visitors WHERE channel = $1 AND visitor = $2`
	beginAnother = `INSERT INTO webchat_visitors AS v (channel, visitor, chats) VALUES ($1, $2, 2)
ON CONFLICT (channel, visitor) DO UPDATE SET chats = v.chats + 1 RETURNING chats`
)

// Chats returns how many chats a visitor has begun. One who never began another
// has no row: most visitors only look.
func (s *Store) Chats(ctx context.Context, channel, visitor string, another bool) (int, error) {
	query := readChats
	if another {
		query = beginAnother
	}
	n := 1
	err := s.db.Row(ctx, func(row pgx.Row) error { return row.Scan(&n) }, query, channel, visitor)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("read visitor: %w", err)
	}
	return n, nil
}

const columns = `seq, id, bot, in_reply_to, text, sources, final, notice, rating, said_at`

const (
	findEntry   = `SELECT ` + columns + ` FROM webchat_entries WHERE channel = $1 AND chat = $2 AND bot = $3 AND id = $4`
	appendEntry = `WITH old AS (` + findEntry + `), new AS (
	INSERT INTO webchat_entries (channel, chat, bot, id, in_reply_to, text, sources, final, notice, said_at, seq)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
		coalesce((SELECT max(seq) FROM webchat_entries WHERE channel = $1 AND chat = $2), 0) + 1
	WHERE NOT EXISTS (SELECT FROM old) RETURNING ` + columns + `)
SELECT ` + columns + `, false FROM old UNION ALL SELECT ` + columns + `, true FROM new`
)

// Append stores e as the next entry of its chat, once.
func (s *Store) Append(ctx context.Context, e webchat.Entry) (stored webchat.Entry, fresh bool, err error) {
	sources, err := json.Marshal(e.Sources)
	if err != nil {
		return stored, false, fmt.Errorf("append webchat entry: %w", err)
	}
	b := &pgx.Batch{}
	postgres.Queue(b, postgres.Lock, "webchat "+e.Channel, e.Chat)
	postgres.Queue(b, appendEntry, e.Channel, e.Chat, e.Bot, e.ID, e.InReplyTo, e.Text, string(sources), e.Final, e.Notice, e.At.UnixMicro()).
		QueryRow(func(row pgx.Row) (err error) {
			stored, err = scan(row, e.Channel, e.Chat, &fresh)
			return err
		})
	if err := s.db.Batch(ctx, b); err != nil {
		return webchat.Entry{}, false, fmt.Errorf("append webchat entry: %w", err)
	}
	return stored, fresh, nil
}

const saveEntry = `UPDATE webchat_entries SET text = $1, sources = $2, final = $3, notice = $4
WHERE channel = $5 AND chat = $6 AND bot AND id = $7`

// Save replaces what an entry of the bot shows.
func (s *Store) Save(ctx context.Context, e webchat.Entry) error {
	sources, err := json.Marshal(e.Sources)
	if err != nil {
		return fmt.Errorf("save webchat entry: %w", err)
	}
	return s.change(ctx, "save webchat entry", saveEntry, e.Text, string(sources), e.Final, e.Notice, e.Channel, e.Chat, e.ID)
}

const rateEntry = `UPDATE webchat_entries SET rating = $1 WHERE channel = $2 AND chat = $3 AND bot AND id = $4`

// Rate stores the thumb for an entry of the bot.
func (s *Store) Rate(ctx context.Context, channel, chat, id string, value int) error {
	return s.change(ctx, "rate webchat entry", rateEntry, value, channel, chat, id)
}

func (s *Store) change(ctx context.Context, doing, query string, args ...any) error {
	n, err := s.db.Exec(ctx, query, args...)
	if err == nil && n == 0 {
		err = fault.NotFound
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Find returns an entry of the bot.
func (s *Store) Find(ctx context.Context, channel, chat, id string) (e webchat.Entry, err error) {
	err = s.db.Row(ctx, func(row pgx.Row) (err error) {
		e, err = scan(row, channel, chat)
		return err
	}, findEntry, channel, chat, true, id)
	if err != nil {
		return e, fmt.Errorf("find webchat entry: %w", err)
	}
	return e, nil
}

const lastEntries = `SELECT ` + columns + ` FROM webchat_entries WHERE channel = $1 AND chat = $2 ORDER BY seq DESC LIMIT $3`

// Last returns the last n entries of a chat, oldest first.
func (s *Store) Last(ctx context.Context, channel, chat string, n int) ([]webchat.Entry, error) {
	all, err := postgres.Rows(ctx, s.db, func(row pgx.CollectableRow) (webchat.Entry, error) { return scan(row, channel, chat) },
		lastEntries, channel, chat, n)
	if err != nil {
		return nil, fmt.Errorf("read webchat entries: %w", err)
	}
	slices.Reverse(all)
	return all, nil
}

// scan reads the columns, and what follows them into more.
func scan(row pgx.Row, channel, chat string, more ...any) (webchat.Entry, error) {
	e := webchat.Entry{Channel: channel, Chat: chat}
	var sources string
	var at int64
	into := []any{&e.Seq, &e.ID, &e.Bot, &e.InReplyTo, &e.Text, &sources, &e.Final, &e.Notice, &e.Rating, &at}
	err := row.Scan(append(into, more...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, fault.NotFound
	}
	if err != nil {
		return e, err
	}
	e.At = time.UnixMicro(at).UTC()
	return e, json.Unmarshal([]byte(sources), &e.Sources)
}
