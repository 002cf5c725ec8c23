package messages_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/ledgertest"
	"github.com/parley-im/parley/internal/sqlite/messages"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

func TestLedger(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) gateway.Ledger { return messages.New(sqlitetest.Open(t)) })
}

// The columns that reports read.
func TestReportColumns(t *testing.T) {
	db := sqlitetest.Open(t)
	l := messages.New(db)
	ctx := t.Context()
	m := gateway.Message{ID: "1", Conversation: gateway.Conversation{Channel: "c", Chat: "x"},
		Sender: gateway.Person{ID: "p", Name: "王"}, Text: "退货?", SentAt: time.Now()}
	if _, err := l.Receive(ctx, m); err != nil {
		t.Fatal(err)
	}
	turn, err := l.Take(ctx, gateway.TakeOptions{Owner: "w", Now: time.Now(), Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []error{
		l.Intend(ctx, turn, gateway.Post{Key: turn.ReplyKey + "/0"}),
		l.Intend(ctx, turn, gateway.Post{Key: turn.ReplyKey + "/0", ID: "p1"}),
		l.Settle(ctx, turn, gateway.Answer{Text: "7 天"}),
		l.Finish(ctx, turn, gateway.Outcome{State: gateway.Done, Reason: "answered"}),
		l.Rate(ctx, gateway.Rating{Conversation: m.Conversation, Post: "p1", Person: m.Sender, Value: -1, Reason: "too short"}),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	const query = `
SELECT m.text, m.sender_id, m.sender_name, m.state, t.state, t.reason, t.answer ->> '$.text', r.value, r.reason,
	t.received_at <= t.taken_at AND t.taken_at <= t.first_text_at AND t.first_text_at <= t.answered_at AND t.answered_at <= t.done_at
FROM messages m JOIN turns t ON t.id = m.turn JOIN ratings r ON r.turn = t.id`
	var got [9]string
	var inOrder bool
	err = db.Read.QueryRowContext(ctx, query).Scan(&got[0], &got[1], &got[2], &got[3], &got[4], &got[5], &got[6], &got[7], &got[8], &inOrder)
	want := [9]string{"退货?", "p", "王", "done", "done", "answered", "7 天", "-1", "too short"}
	if err != nil || got != want || !inOrder {
		t.Errorf("report gives %q (times in order: %v), %v; want %q", got, inOrder, err, want)
	}
}

// A hundred thousand finished rows must not slow Take down.
func BenchmarkTake(b *testing.B) {
	for _, finished := range []int{0, 100_000} {
		b.Run(fmt.Sprint(finished), func(b *testing.B) {
			db := sqlitetest.Open(b)
			l := messages.New(db)
			ctx := b.Context()
			const fill = `
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO conversations (id, channel, chat, thread, last_at) SELECT i, 'c', 'chat' || i, '', 0 FROM n;
INSERT INTO turns (id, conversation, reply_key, state, received_at, taken_at) SELECT id, id, 'k' || id, 'done', 0, 0 FROM conversations;
INSERT INTO messages (channel, id, conversation, turn, state, body, sent_at, received_at) SELECT 'c', 'm' || id, id, id, 'done', '{}', 0, 0 FROM conversations;
ANALYZE;`
			if finished > 0 {
				if _, err := db.Write.ExecContext(ctx, fill, finished); err != nil {
					b.Fatal(err)
				}
			}
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				m := gateway.Message{ID: fmt.Sprint("new", i), Conversation: gateway.Conversation{Channel: "c", Chat: "new"}, SentAt: time.Now()}
				if _, err := l.Receive(ctx, m); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				turn, err := l.Take(ctx, gateway.TakeOptions{Owner: "w", Now: time.Now(), Lease: time.Minute})
				b.StopTimer()
				if err != nil || turn == nil {
					b.Fatal(turn, err)
				}
				if err := l.Finish(ctx, turn, gateway.Outcome{State: gateway.Done}); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
