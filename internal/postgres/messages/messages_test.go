package messages_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/ledgertest"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/messages"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLedger(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) gateway.Ledger { return messages.New(postgrestest.Open(t)) })
}

// Two replicas, each with a pool of its own: every other call goes to the other one.
func TestLedgerOfTwoReplicas(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) gateway.Ledger {
		address := postgrestest.URL(t)
		return &pair{ledgers: [2]gateway.Ledger{
			messages.New(postgrestest.Connect(t, address)), messages.New(postgrestest.Connect(t, address))}}
	})
}

func message(chat, id, text string) gateway.Message {
	return gateway.Message{ID: id, Text: text, SentAt: time.Now(), Direct: true,
		Conversation: gateway.Conversation{Channel: "test", Chat: chat}, Sender: gateway.Person{ID: "p", Name: "王"}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func receive(t testing.TB, l gateway.Ledger, m gateway.Message) {
	t.Helper()
	if fresh, err := l.Receive(t.Context(), m); err != nil || !fresh {
		t.Fatalf("receive %s: fresh %v, %v", m.ID, fresh, err)
	}
}

func take(t testing.TB, l gateway.Ledger) *gateway.Turn {
	t.Helper()
	turn, err := l.Take(t.Context(), gateway.TakeOptions{Owner: "w", Lease: time.Minute, Merge: -1})
	if err != nil || turn == nil {
		t.Fatalf("took %v, %v", turn, err)
	}
	return turn
}

// What people and models write must never be the reason that a row cannot be written.
func TestOddText(t *testing.T) {
	db := postgrestest.Open(t)
	l := messages.New(db)
	const odd = "nul \x00, \xff not UTF-8, \\u0000 spelt out, \\\\ 退货"
	m := message("a", "1", odd)
	m.Sender = gateway.Person{ID: "p\x00", Name: odd}
	m.Attachments = []gateway.Attachment{{Name: odd}}
	receive(t, l, m)
	turn := take(t, l)
	for range 2 { // again, as after a connection that broke before the first call returned
		must(t, l.Settle(t.Context(), turn, gateway.Answer{Text: odd, Label: `\u0000`, Sources: []gateway.Source{{Title: odd}}}))
	}
	must(t, l.Finish(t.Context(), turn, gateway.Outcome{State: gateway.Done, Reason: odd}))
	var text, label string
	err := db.Pool.QueryRow(t.Context(), `SELECT answer ->> 'text', answer ->> 'label' FROM turns`).Scan(&text, &label)
	if want := "nul , \uFFFD not UTF-8, \\u0000 spelt out, \\\\ 退货"; err != nil || text != want || label != `\u0000` {
		t.Errorf("the answer is %q, label %q, %v; want %q", text, label, err, want)
	}
	if _, err := l.Receive(t.Context(), message("a", string(make([]byte, 1<<20)), "")); err != nil && !errors.Is(err, fault.Invalid) {
		t.Errorf("an ID of 1 MB gives %v, want fault.Invalid", err)
	}
}

// A duplicate that arrives at the very moment the first one ends leaves a conversation
// that waits without a message; Take puts it right and goes on to the next.
func TestAConversationThatWaitsForNothing(t *testing.T) {
	db := postgrestest.Open(t)
	l := messages.New(db)
	receive(t, l, message("a", "1", "one"))
	must(t, l.Finish(t.Context(), take(t, l), gateway.Outcome{State: gateway.Done}))
	if _, err := db.Exec(t.Context(), `UPDATE conversations SET waiting_at = 1`); err != nil {
		t.Fatal(err)
	}
	receive(t, l, message("b", "2", "two"))
	if turn := take(t, l); turn.Conversation.Chat != "b" {
		t.Errorf("took %+v", turn)
	}
	receive(t, l, message("a", "3", "three"))
	if turn := take(t, l); turn.Conversation.Chat != "a" {
		t.Errorf("took %+v", turn)
	}
}

// While Finish waits for the conversation a message comes in: it must not be overlooked.
func TestAMessageComesInWhileATurnEnds(t *testing.T) {
	address := postgrestest.URL(t)
	a, b := postgrestest.Connect(t, address), postgrestest.Connect(t, address)
	l := messages.New(a)
	receive(t, l, message("a", "1", "one"))
	turn := take(t, l)

	tx, err := b.Pool.Begin(t.Context()) // another replica receives, and is slow to commit
	must(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	_, err = tx.Exec(t.Context(), `UPDATE conversations SET last_at = last_at + 1`)
	must(t, err)
	_, err = tx.Exec(t.Context(), `INSERT INTO messages (channel, id, conversation, state, text, body, sent_at, received_at, sender_id, sender_name)
		SELECT channel, '2', id, 'received', 'two', '{}', 0, last_at, 'p', '' FROM conversations`)
	must(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := l.Finish(t.Context(), turn, gateway.Outcome{State: gateway.Done}); err != nil {
			t.Error(err)
		}
	})
	blocked(t, b)
	must(t, tx.Commit(t.Context()))
	wg.Wait()
	if turn := take(t, l); turn.Messages[0].Text != "two" {
		t.Errorf("took %+v", turn)
	}
}

// blocked waits until a session of the database waits for another one.
func blocked(t *testing.T, db *postgres.DB) {
	t.Helper()
	for {
		n := 0
		const query = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`
		must(t, db.Pool.QueryRow(t.Context(), query).Scan(&n))
		if n > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// One worker loses the lease while another takes over: either the post of the old one
// is known to the new one, or it was refused.
func TestAPostAtTheMomentOfTakeover(t *testing.T) {
	address := postgrestest.URL(t)
	l, other := messages.New(postgrestest.Connect(t, address)), messages.New(postgrestest.Connect(t, address))
	for i := range 50 {
		receive(t, l, message(string(rune('a'+i)), string(rune('a'+i)), "x"))
		old, err := l.Take(t.Context(), gateway.TakeOptions{Owner: "old", Lease: -time.Second})
		must(t, err)
		var intended error
		var wg sync.WaitGroup
		wg.Go(func() { intended = l.Intend(t.Context(), old, gateway.Post{Key: old.ReplyKey + "/0"}) })
		turn, err := other.Take(t.Context(), gateway.TakeOptions{Owner: "new", Lease: time.Minute})
		wg.Wait()
		for err == nil && turn == nil { // it was passed over because Intend held it
			turn, err = other.Take(t.Context(), gateway.TakeOptions{Owner: "new", Lease: time.Minute})
		}
		must(t, err)
		if (intended == nil) != (len(turn.Posts) == 1) || intended != nil && !errors.Is(intended, fault.Conflict) {
			t.Fatalf("the old worker's post: %v; the new one knows of %d posts", intended, len(turn.Posts))
		}
	}
}
