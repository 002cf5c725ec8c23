// Package webchats keeps what is said in the browser chat in SQLite. It is the
// webchat.Store of the embedded mode.
//
// The entries are what a visitor sees again after a reload. They are not the
// ledger: whether a question was answered is known there.
package webchats

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite"
)

// Store is the browser chat's tables.
type Store struct{ db *sqlite.DB }

var _ webchat.Store = (*Store)(nil)

// New returns the Store in db, which must be migrated.
func New(db *sqlite.DB) *Store { return &Store{db} }

const (
	makeKey = `INSERT INTO settings (name, value) VALUES ('webchat_key', ?) ON CONFLICT DO NOTHING`
	readKey = `SELECT value FROM settings WHERE name = 'webchat_key'`
)

// Key returns the secret that signs visitors' tokens.
func (s *Store) Key(ctx context.Context) ([]byte, error) {
	fresh := make([]byte, 32)
	rand.Read(fresh)
	var text string
	err := s.db.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, makeKey, hex.EncodeToString(fresh)); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, readKey).Scan(&text)
	})
	if err != nil {
		return nil, fmt.Errorf("read webchat key: %w", err)
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read webchat key: %w", err)
	}
	return key, nil
}

const (
	readChats    = `SELECT chats FROM webchat_visitors WHERE channel = ? AND visitor = ?`
	beginAnother = `INSERT INTO webchat_visitors (channel, visitor, chats) VALUES (?, ?, 2)
ON CONFLICT DO UPDATE SET chats = chats + 1 RETURNING chats`
)

// Chats returns how many chats a visitor has begun. One who never began another
// has no row: most visitors only look.
func (s *Store) Chats(ctx context.Context, channel, visitor string, another bool) (int, error) {
	db, query := s.db.Read, readChats
	if another {
		db, query = s.db.Write, beginAnother
	}
	n := 1
	err := db.QueryRowContext(ctx, query, channel, visitor).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read visitor: %w", err)
	}
	return n, nil
}

const columns = `seq, id, bot, in_reply_to, text, sources, final, notice, rating, said_at`

const (
	findEntry   = `SELECT ` + columns + ` FROM webchat_entries WHERE channel = ? AND chat = ? AND bot = ? AND id = ?`
	appendEntry = `INSERT INTO webchat_entries (channel, chat, id, bot, in_reply_to, text, sources, final, notice, said_at, seq)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, coalesce(max(seq), 0) + 1 FROM webchat_entries WHERE channel = ?1 AND chat = ?2
RETURNING ` + columns
)

// Append stores e as the next entry of its chat, once.
func (s *Store) Append(ctx context.Context, e webchat.Entry) (stored webchat.Entry, fresh bool, err error) {
	sources, err := json.Marshal(e.Sources)
	if err != nil {
		return stored, false, fmt.Errorf("append webchat entry: %w", err)
	}
	err = s.db.InTx(ctx, func(tx *sql.Tx) error {
		stored, err = scan(tx.QueryRowContext(ctx, findEntry, e.Channel, e.Chat, e.Bot, e.ID), e.Channel, e.Chat)
		if !errors.Is(err, fault.NotFound) {
			return err
		}
		fresh = true
		stored, err = scan(tx.QueryRowContext(ctx, appendEntry, e.Channel, e.Chat, e.ID, e.Bot, e.InReplyTo, e.Text,
			string(sources), e.Final, e.Notice, e.At.UnixMicro()), e.Channel, e.Chat)
		return err
	})
	if err != nil {
		return webchat.Entry{}, false, fmt.Errorf("append webchat entry: %w", err)
	}
	return stored, fresh, nil
}

const saveEntry = `UPDATE webchat_entries SET text = ?, sources = ?, final = ?, notice = ?
WHERE channel = ? AND chat = ? AND bot = 1 AND id = ?`

// Save replaces what an entry of the bot shows.
func (s *Store) Save(ctx context.Context, e webchat.Entry) error {
	sources, err := json.Marshal(e.Sources)
	if err != nil {
		return fmt.Errorf("save webchat entry: %w", err)
	}
	return s.change(ctx, "save webchat entry", saveEntry, e.Text, string(sources), e.Final, e.Notice, e.Channel, e.Chat, e.ID)
}

const rateEntry = `UPDATE webchat_entries SET rating = ? WHERE channel = ? AND chat = ? AND bot = 1 AND id = ?`

// Rate stores the thumb for an entry of the bot.
func (s *Store) Rate(ctx context.Context, channel, chat, id string, value int) error {
	return s.change(ctx, "rate webchat entry", rateEntry, value, channel, chat, id)
}

func (s *Store) change(ctx context.Context, doing, query string, args ...any) error {
	res, err := s.db.Write.ExecContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("%s: %w", doing, errors.Join(err, fault.NotFound))
	}
	return nil
}

// Find returns an entry of the bot.
func (s *Store) Find(ctx context.Context, channel, chat, id string) (webchat.Entry, error) {
	e, err := scan(s.db.Read.QueryRowContext(ctx, findEntry, channel, chat, true, id), channel, chat)
	if err != nil {
		return e, fmt.Errorf("find webchat entry: %w", err)
	}
	return e, nil
}

const lastEntries = `SELECT ` + columns + ` FROM webchat_entries WHERE channel = ? AND chat = ? ORDER BY seq DESC LIMIT ?`

// Last returns the last n entries of a chat, oldest first.
func (s *Store) Last(ctx context.Context, channel, chat string, n int) ([]webchat.Entry, error) {
	rows, err := s.db.Read.QueryContext(ctx, lastEntries, channel, chat, n)
	if err != nil {
		return nil, fmt.Errorf("read webchat entries: %w", err)
	}
	defer rows.Close()
	var all []webchat.Entry
	for rows.Next() {
		e, err := scan(rows, channel, chat)
		if err != nil {
			return nil, fmt.Errorf("read webchat entries: %w", err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read webchat entries: %w", err)
	}
	slices.Reverse(all)
	return all, nil
}

func scan(row interface{ Scan(...any) error }, channel, chat string) (webchat.Entry, error) {
	e := webchat.Entry{Channel: channel, Chat: chat}
	var sources string
	var at int64
	err := row.Scan(&e.Seq, &e.ID, &e.Bot, &e.InReplyTo, &e.Text, &sources, &e.Final, &e.Notice, &e.Rating, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return e, fault.NotFound
	}
	if err != nil {
		return e, err
	}
	e.At = time.UnixMicro(at).UTC()
	return e, json.Unmarshal([]byte(sources), &e.Sources)
}
