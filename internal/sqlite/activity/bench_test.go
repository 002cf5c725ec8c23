package activity_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	about "github.com/parley-im/parley/internal/activity"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/activity"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

// crowd is 100,000 turns in 20,000 conversations over 14 days.
func crowd(b *testing.B) *sqlite.DB {
	b.Helper()
	const turns, conversations = 100_000, 20_000
	db := sqlitetest.Open(b)
	start := time.Now().Add(-13 * 24 * time.Hour)
	answer := strings.Repeat("A sentence of an answer, with its source [1]. ", 12)
	receipt := fmt.Sprintf(`{"answer":%q,"system":%q}`, answer, strings.Repeat("passage ", 400))
	err := db.InTx(b.Context(), func(tx *sql.Tx) error {
		for i := range conversations {
			if _, err := tx.Exec(`INSERT INTO conversations (id, channel, chat, thread, last_at) VALUES (?, 'shop', ?, '', ?)`,
				i+1, fmt.Sprint("chat", i), start.Add(time.Duration(i)*time.Minute*13/14).UnixMicro()); err != nil {
				return err
			}
		}
		for i := range turns {
			at := start.Add(time.Duration(i) * 13 * 24 * time.Hour / turns).UnixMicro()
			c := i%conversations + 1
			if _, err := tx.Exec(`INSERT INTO turns (id, conversation, reply_key, state, answer, received_at, taken_at, answered_at, done_at)
				VALUES (?, ?, ?, 'done', ?, ?, ?, ?, ?)`, i+1, c, fmt.Sprint("key", i), fmt.Sprintf(`{"text":%q}`, answer), at, at, at+1e6, at+2e6+int64(i)); err != nil {
				return err
			}
			body := fmt.Sprintf(`{"id":"m%d","sender":{"id":"p%d","name":"Li"},"text":"Where is my order number %d, please?"}`, i, c, i)
			if _, err := tx.Exec(`INSERT INTO messages (channel, id, conversation, turn, state, body, sent_at, received_at)
				VALUES ('shop', ?, ?, ?, 'done', ?, ?, ?)`, fmt.Sprint("m", i), c, i+1, body, at, at); err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO receipts (reply_key, session, channel, language, command, known, confidence, mode, model, prompt, prompt_version,
				input_tokens, cached_tokens, output_tokens, stopped, error, question, answer, body, created_at)
				VALUES (?, ?, 'shop', 'en', '', ?, 0.9, 'model', 'm', 'answer-en', 0, 900, 0, 90, 0, '', 'q', ?, ?, ?)`,
				fmt.Sprint("key", i), fmt.Sprint("s", c), i%10 != 0, answer, receipt, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
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
