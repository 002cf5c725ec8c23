package activity_test

import (
	"testing"
	"time"

	about "github.com/parley-im/parley/internal/activity"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/activity"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

// crowd is 100,000 turns in 20,000 conversations over 14 days.
func crowd(b *testing.B) *postgres.DB {
	b.Helper()
	db := postgrestest.Open(b)
	start := time.Now().Add(-13 * 24 * time.Hour).UnixMicro()
	const day = 24 * 60 * 60 * 1_000_000
	for _, query := range []string{
		`INSERT INTO conversations (channel, chat, thread, last_at)
			SELECT 'shop', 'chat' || i, '', $1::bigint + i * (13 * $2::bigint / 20000) FROM generate_series(1, 20000) i`,
		`INSERT INTO turns (conversation, reply_key, state, answer, received_at, taken_at, answered_at, done_at)
			SELECT i % 20000 + 1, 'key' || i, 'done',
				jsonb_build_object('text', repeat('A sentence of an answer, with its source [1]. ', 12)),
				$1::bigint + i * (13 * $2::bigint / 100000), $1::bigint, $1::bigint + i * (13 * $2::bigint / 100000) + 1000000, $1::bigint + i * (13 * $2::bigint / 100000) + 2000000 + i
			FROM generate_series(1, 100000) i`,
		`INSERT INTO messages (channel, id, conversation, turn, state, text, body, sent_at, received_at, sender_id, sender_name)
			SELECT 'shop', 'm' || t.id, conversation, t.id, 'done', 'Where is my order number ' || t.id || ', please?',
				'{"id":"m","sender":{"id":"p","name":"Li"}}', $1::bigint + $2::bigint, received_at, 'p', 'Li' FROM turns t`,
		`INSERT INTO receipts (reply_key, session, channel, language, command, known, confidence, mode, model, prompt, prompt_version,
				input_tokens, cached_tokens, output_tokens, stopped, error, question, answer, body, created_at)
			SELECT reply_key, 's' || conversation, 'shop', 'en', '', id % 10 <> 0, 0.9, 'model', 'm', 'answer-en', 0,
				900, 0, 90, false, '', 'q', answer ->> 'text', repeat(md5(reply_key), 100), $1::bigint + $2::bigint FROM turns`,
	} {
		if _, err := db.Pool.Exec(b.Context(), query, start, int64(day)); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := db.Pool.Exec(b.Context(), `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
	return db
}

func Benchmark100kTurns(b *testing.B) {
	r := activity.New(crowd(b))
	no := false
	list := func(f about.Filter) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				if _, _, err := r.Conversations(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("overview", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := r.Overview(b.Context(), 14); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("list", list(about.Filter{}))
	b.Run("not known", list(about.Filter{Known: &no}))
	b.Run("thumb down", list(about.Filter{Rating: "down"}))
	b.Run("text of one", list(about.Filter{Text: "number 77777,"}))
	b.Run("text of none", list(about.Filter{Text: "Zanzibar"}))
	b.Run("one conversation", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := r.Conversation(b.Context(), "77"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
