package messages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

// Messages that arrive together are stored together: one statement, one round trip, one
// commit. What would have to wait in there (another transaction has the conversation) is
// stored by itself, so that it holds nobody up.
const (
	groupSize = 128
	groupTime = 10 * time.Second
)

// arrival is a message as it is stored.
type arrival struct {
	gateway.Message
	body string // JSON of it without its text
}

// fate is what became of an arrival in its group.
type fate int

const (
	single fate = iota // not stored: it is to be stored by itself
	stored
	known // its ID was delivered before
)

// Receive stores m unless the channel delivered its ID before.
func (l *Ledger) Receive(ctx context.Context, m gateway.Message) (bool, error) {
	a := arrival{Message: m}
	m.Text = "" // has a column of its own
	body, err := json.Marshal(m)
	if err != nil {
		return false, fmt.Errorf("receive message: %w: %w", err, fault.Invalid)
	}
	a.body = string(body)
	f, err := l.group.Do(ctx, a)
	if err == nil && f == single {
		f, err = l.receiveOne(ctx, a)
	}
	if err != nil {
		return false, fmt.Errorf("receive message: %w", err)
	}
	return f == stored, nil
}

// A message that is aside wakes nobody, and is done at once unless something else of its
// conversation waits: it may belong to that. A duplicate is found before anything is
// locked; one that arrives at the same moment is found by the unique key, and then the
// conversation may wait without a message, which Take puts right.
const sqlReceiveOne = `
WITH fresh AS (
	SELECT WHERE NOT EXISTS (SELECT FROM messages WHERE channel = $1 AND id = $4)
), held AS (
	INSERT INTO conversations (channel, chat, thread, waiting_at, last_at)
	SELECT $1, $2, $3, CASE WHEN NOT $10::boolean THEN ` + sqlNow + ` END, ` + sqlNow + ` FROM fresh
	ON CONFLICT (channel, chat, thread) DO UPDATE SET
		waiting_at = coalesce(conversations.waiting_at, excluded.waiting_at),
		last_at = greatest(conversations.last_at, excluded.last_at)
	RETURNING id, waiting_at
)
INSERT INTO messages (channel, id, conversation, state, text, body, sent_at, received_at, sender_id, sender_name)
SELECT $1, $4, held.id, CASE WHEN $10 AND held.waiting_at IS NULL THEN 'done' ELSE 'received' END,
	$5, $6, $7, ` + sqlClock + `, $8, $9 FROM held
ON CONFLICT (channel, id) DO NOTHING`

func (l *Ledger) receiveOne(ctx context.Context, a arrival) (fate, error) {
	c := a.Conversation
	n, err := l.db.Exec(ctx, sqlReceiveOne, c.Channel, c.Chat, c.Thread, a.ID, a.Text, a.body, micro(a.SentAt),
		a.Sender.ID, a.Sender.Name, a.Aside)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return known, nil
	}
	return stored, nil
}

// sqlReceive is the same for many. Conversations that others have locked are passed over,
// and so are those that another transaction creates at this moment. New ones are created
// in the order of their names: two groups that create the same never wait for each other.
// What comes out is the place of each message that was stored or known before.
const sqlReceive = `
WITH given AS MATERIALIZED (
	SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::boolean[])
		WITH ORDINALITY AS g (channel, chat, thread, id, text, body, sent_at, sender_id, sender_name, aside, place)
), fresh AS MATERIALIZED (
	SELECT * FROM given g WHERE NOT EXISTS (SELECT FROM messages m WHERE m.channel = g.channel AND m.id = g.id)
), meant AS MATERIALIZED (
	SELECT channel, chat, thread, bool_and(aside) AS aside FROM fresh GROUP BY channel, chat, thread
), held AS MATERIALIZED (
	SELECT c.id AS conversation, c.waiting_at, m.channel, m.chat, m.thread, m.aside
	FROM meant m JOIN conversations c ON c.channel = m.channel AND c.chat = m.chat AND c.thread = m.thread
	FOR NO KEY UPDATE OF c SKIP LOCKED
), woken AS (
	UPDATE conversations c SET last_at = greatest(c.last_at, ` + sqlNow + `),
		waiting_at = coalesce(c.waiting_at, CASE WHEN NOT held.aside THEN ` + sqlNow + ` END)
	FROM held WHERE c.id = held.conversation
), born AS (
	INSERT INTO conversations (channel, chat, thread, waiting_at, last_at)
	SELECT m.channel, m.chat, m.thread, CASE WHEN NOT m.aside THEN ` + sqlNow + ` END, ` + sqlNow + ` FROM meant m
	WHERE NOT EXISTS (SELECT FROM conversations c WHERE c.channel = m.channel AND c.chat = m.chat AND c.thread = m.thread)
	ORDER BY m.channel, m.chat, m.thread
	ON CONFLICT (channel, chat, thread) DO NOTHING RETURNING id, waiting_at, channel, chat, thread
), home AS (
	SELECT conversation, waiting_at, channel, chat, thread, aside FROM held
	UNION ALL SELECT id, waiting_at, channel, chat, thread, waiting_at IS NULL FROM born
), added AS (
	INSERT INTO messages (channel, id, conversation, state, text, body, sent_at, received_at, sender_id, sender_name)
	SELECT f.channel, f.id, h.conversation, CASE WHEN h.aside AND h.waiting_at IS NULL THEN 'done' ELSE 'received' END,
		f.text, f.body, f.sent_at, ` + sqlClock + `, f.sender_id, f.sender_name
	FROM fresh f JOIN home h ON h.channel = f.channel AND h.chat = f.chat AND h.thread = f.thread ORDER BY f.place
	ON CONFLICT (channel, id) DO NOTHING RETURNING channel, id
)
SELECT g.place, f.place IS NULL FROM given g LEFT JOIN fresh f ON f.place = g.place LEFT JOIN added a ON a.channel = g.channel AND a.id = g.id
WHERE f.place IS NULL OR a.id IS NOT NULL`

// receive stores a group. Only an unreachable server is an error of all: anything else
// may be the fault of one message, so each is stored by itself.
func (l *Ledger) receive(ctx context.Context, group []arrival) ([]fate, error) {
	fates := make([]fate, len(group))
	var g columns
	first := map[[2]string]int{} // the same message may be in the group twice
	for i, a := range group {
		key := [2]string{a.Conversation.Channel, a.ID}
		if _, again := first[key]; !again {
			first[key] = i
			g.add(a, i)
		}
	}
	rows, err := postgres.Rows(ctx, l.db, func(row pgx.CollectableRow) (r struct {
		place int
		known bool
	}, err error) {
		return r, row.Scan(&r.place, &r.known)
	}, sqlReceive, g.channels, g.chats, g.threads, g.ids, g.texts, g.bodies, g.sent, g.senders, g.names, g.aside)
	if err != nil {
		if errors.Is(err, fault.Unavailable) {
			return nil, err
		}
		return fates, nil
	}
	for _, r := range rows {
		fates[g.of[r.place-1]] = stored
		if r.known {
			fates[g.of[r.place-1]] = known
		}
	}
	for i, a := range group {
		if f := first[[2]string{a.Conversation.Channel, a.ID}]; f != i && fates[f] != single {
			fates[i] = known
		}
	}
	return fates, nil
}

// columns are the arrays of sqlReceive; of tells which of the group each row is.
type columns struct {
	channels, chats, threads, ids, texts, bodies, senders, names []string
	sent                                                         []int64
	aside                                                        []bool
	of                                                           []int
}

func (g *columns) add(a arrival, i int) {
	for _, x := range []struct {
		to   *[]string
		text string
	}{
		{&g.channels, a.Conversation.Channel}, {&g.chats, a.Conversation.Chat}, {&g.threads, a.Conversation.Thread}, {&g.ids, a.ID},
		{&g.texts, a.Text}, {&g.bodies, a.body}, {&g.senders, a.Sender.ID}, {&g.names, a.Sender.Name},
	} {
		*x.to = append(*x.to, postgres.Text(x.text))
	}
	g.sent, g.aside, g.of = append(g.sent, micro(a.SentAt)), append(g.aside, a.Aside), append(g.of, i)
}
