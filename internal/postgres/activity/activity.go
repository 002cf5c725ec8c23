// Package activity reads from Postgres what staff see of conversations: the tables
// conversations, turns, messages and ratings of the gateway's ledger, and receipts
// of the bot. It writes nothing. It is the sister of the package of that name on SQLite.
//
// list.go finds conversations, conversation.go reads one, overview.go counts days.
package activity

import (
	"strings"
	"time"

	"github.com/parley-im/parley/internal/postgres"
)

// Reader reads the activity of one installation.
type Reader struct{ db *postgres.DB }

// New returns a Reader of db, which must be migrated.
func New(db *postgres.DB) *Reader { return &Reader{db} }

// question is true of a turn t, with its receipt r if it has one, that was a
// question to the bot: no command, and not something said among people.
const question = `(CASE WHEN r.reply_key IS NOT NULL THEN r.command = '' ELSE t.state <> 'done' OR t.answered_at IS NOT NULL END)`

// like makes text a pattern for LIKE that finds it anywhere.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

func at(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

func maybe(micro *int64) *time.Time {
	if micro == nil {
		return nil
	}
	t := at(*micro)
	return &t
}
