// Package receipts keeps what was said to the bot, and how each answer came about,
// in Postgres: the tables receipts and forgotten_sessions. It implements bot.Memory
// and is the sister of the package of that name on SQLite.
//
// A receipt is stored whole, as JSON, beside the columns that are searched and
// counted. The turns of a session are read from its receipts; nothing is stored twice.
package receipts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

var _ bot.Memory = (*Store)(nil)

// Store keeps receipts in a database.
type Store struct {
	db   *postgres.DB
	idle time.Duration
}

// New returns a Store in db, which must be migrated. A session in which nothing was
// said for idle starts afresh; 0: 30 minutes.
func New(db *postgres.DB, idle time.Duration) *Store {
	if idle <= 0 {
		idle = 30 * time.Minute
	}
	return &Store{db: db, idle: idle}
}

// said picks what counts as said: answered questions after the last reset, but one.
const said = ` FROM receipts WHERE session = $1 AND command = '' AND answer <> '' AND reply_key <> $3
	AND seq > coalesce((SELECT up_to FROM forgotten_sessions WHERE session = $1), 0)
	ORDER BY seq DESC LIMIT $2`

// exchange is a question with its answer.
type exchange struct {
	question, answer string
	at               time.Time
}

// Recent returns the last turns of a session, at most n, oldest first, without those
// of the answer except.
func (s *Store) Recent(ctx context.Context, session string, n int, except string) (turns []bot.Turn, err error) {
	all, err := postgres.Rows(ctx, s.db, func(row pgx.CollectableRow) (e exchange, err error) {
		var created int64
		err = row.Scan(&e.question, &e.answer, &created)
		e.at = time.UnixMicro(created)
		return e, err
	}, `SELECT question, answer, created_at`+said, session, n/2, except)
	if err != nil {
		return nil, fmt.Errorf("read turns: %w", err)
	}
	after := time.Now()
	for _, e := range all {
		if after.Sub(e.at) > s.idle {
			break
		}
		after = e.at
		turns = append(turns, bot.Turn{Role: bot.Assistant, Text: e.answer}, bot.Turn{Role: bot.User, Text: e.question})
	}
	slices.Reverse(turns)
	return turns, nil
}

// Remember stores a receipt. A second call with the same ReplyKey replaces the first.
func (s *Store) Remember(ctx context.Context, session string, r bot.Receipt) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode receipt: %w", err)
	}
	const query = `INSERT INTO receipts (reply_key, session, channel, language, command, known, confidence, mode, model,
			prompt, prompt_version, input_tokens, cached_tokens, output_tokens, stopped, error, question, answer, body, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (reply_key) DO UPDATE SET session = excluded.session, channel = excluded.channel, language = excluded.language,
			command = excluded.command, known = excluded.known, confidence = excluded.confidence, mode = excluded.mode,
			model = excluded.model, prompt = excluded.prompt, prompt_version = excluded.prompt_version,
			input_tokens = excluded.input_tokens, cached_tokens = excluded.cached_tokens, output_tokens = excluded.output_tokens,
			stopped = excluded.stopped, error = excluded.error, question = excluded.question, answer = excluded.answer,
			body = excluded.body, created_at = excluded.created_at`
	_, err = s.db.Exec(ctx, query, r.ReplyKey, session, r.Channel, r.Language, r.Command, r.Known, r.Confidence, string(r.Mode), r.Model,
		r.Prompt, r.PromptVersion, r.Usage.Input, r.Usage.Cached, r.Usage.Output, r.Stopped, r.Error, r.Question, r.Answer, string(body), r.At.UnixMicro())
	if err != nil {
		return fmt.Errorf("store receipt %s: %w", r.ReplyKey, err)
	}
	return nil
}

// Forget starts the session afresh.
func (s *Store) Forget(ctx context.Context, session string) error {
	const query = `INSERT INTO forgotten_sessions AS f (session, up_to, forgotten_at)
		SELECT $1, coalesce(max(seq), 0), $2 FROM receipts WHERE session = $1
		ON CONFLICT (session) DO UPDATE SET up_to = greatest(f.up_to, excluded.up_to), forgotten_at = excluded.forgotten_at`
	if _, err := s.db.Exec(ctx, query, session, time.Now().UnixMicro()); err != nil {
		return fmt.Errorf("forget session: %w", err)
	}
	return nil
}

// Last returns the receipt of the session's latest answer since it was forgotten.
func (s *Store) Last(ctx context.Context, session string) (bot.Receipt, error) {
	return s.read(ctx, `SELECT body`+said, session, 1, "")
}

// Receipt returns the receipt of one answer; fault.NotFound if there is none.
func (s *Store) Receipt(ctx context.Context, replyKey string) (bot.Receipt, error) {
	return s.read(ctx, `SELECT body FROM receipts WHERE reply_key = $1`, replyKey)
}

func (s *Store) read(ctx context.Context, query string, args ...any) (r bot.Receipt, err error) {
	var body []byte
	err = s.db.Row(ctx, func(row pgx.Row) error { return row.Scan(&body) }, query, args...)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, fmt.Errorf("receipt: %w", fault.NotFound)
	}
	if err != nil {
		return r, fmt.Errorf("read receipt: %w", err)
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return bot.Receipt{}, fmt.Errorf("decode receipt: %w", err)
	}
	return r, nil
}
