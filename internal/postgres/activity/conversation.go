package activity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/activity"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

// maxTurns is how many turns of a conversation are shown, the latest ones.
const maxTurns = 500

// maxMessages is how many messages are shown: with talk among people there may be many.
const maxMessages = 2000

// Conversation returns one conversation with its turns, oldest first. Messages that
// wait to be looked at come as turns in state received.
func (r *Reader) Conversation(ctx context.Context, id string) (c activity.Conversation, turns []activity.ConversationTurn, err error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return c, nil, unknown()
	}
	ctx, done := postgres.Within(ctx)
	defer done()
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly} // all queries see the same one
	err = pgx.BeginTxFunc(ctx, r.db.Pool, moment, func(tx pgx.Tx) (err error) {
		line := fmt.Sprintf(columns, `SELECT id, channel, chat, thread, last_at FROM conversations WHERE id = $1`)
		if c, err = conversation(tx.QueryRow(ctx, line, number)); err != nil {
			return err
		}
		if turns, err = readTurns(ctx, tx, number); err != nil {
			return fmt.Errorf("read turns: %w", err)
		}
		if turns, err = addMessages(ctx, tx, number, turns); err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		return nil
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return c, nil, unknown()
	}
	if err != nil {
		return c, nil, fmt.Errorf("read conversation %s: %w", id, postgres.Fault(err))
	}
	return c, turns, nil
}

func unknown() error {
	return fault.Say(fault.NotFound, "unknown_conversation", "There is no such conversation.")
}

// The thumb is the latest of what may be several people's.
const selectTurns = `SELECT t.id::text, t.reply_key, t.state, t.reason, t.attempt, t.answer, t.received_at, t.first_text_at, t.answered_at, t.done_at,
	r.known, r.confidence, r.mode, r.model, r.prompt, r.prompt_version, r.input_tokens, r.cached_tokens, r.output_tokens,
	g.value, g.reason
	FROM turns t LEFT JOIN receipts r ON r.reply_key = t.reply_key
	LEFT JOIN LATERAL (SELECT value, reason FROM ratings WHERE turn = t.id ORDER BY rated_at DESC, person LIMIT 1) g ON true
	WHERE t.conversation = $1 ORDER BY t.id DESC LIMIT $2`

func readTurns(ctx context.Context, tx pgx.Tx, conversation int64) ([]activity.ConversationTurn, error) {
	rows, err := tx.Query(ctx, selectTurns, conversation, maxTurns)
	if err != nil {
		return nil, err
	}
	turns, err := pgx.CollectRows(rows, turn)
	slices.Reverse(turns)
	return turns, err
}

func turn(row pgx.CollectableRow) (activity.ConversationTurn, error) {
	t := activity.ConversationTurn{Messages: []activity.Said{}}
	var answer []byte
	var received int64
	var first, answered, done *int64
	var known *bool
	var confidence *float64
	var mode, model, prompt, reason *string
	var version, input, cached, output, value *int
	err := row.Scan(&t.ID, &t.ReplyKey, &t.State, &t.Reason, &t.Attempt, &answer, &received, &first, &answered, &done,
		&known, &confidence, &mode, &model, &prompt, &version, &input, &cached, &output, &value, &reason)
	if err != nil {
		return t, err
	}
	t.ReceivedAt, t.AnsweredAt, t.DoneAt = at(received), maybe(answered), maybe(done)
	t.FirstTextMS, t.TookMS = since(received, first), since(received, done)
	if known != nil { // then the rest of the receipt is there too
		t.Receipt = &activity.Stamp{
			Known: *known, Confidence: *confidence, Mode: *mode, Model: *model, Prompt: *prompt, PromptVersion: *version,
			Usage: activity.Usage{Input: *input, Cached: *cached, Output: *output},
		}
	}
	if value != nil {
		t.Rating = &activity.Thumb{Value: *value, Reason: *reason}
	}
	if answer != nil {
		var a gateway.Answer
		if err := json.Unmarshal(answer, &a); err != nil {
			return t, fmt.Errorf("decode answer of turn %s: %w", t.ID, err)
		}
		if a.Sources == nil {
			a.Sources = []gateway.Source{}
		}
		t.Answer = &activity.Answer{Text: a.Text, Sources: a.Sources, Notice: a.Notice, Stopped: a.Stopped}
	}
	return t, nil
}

const selectMessages = `SELECT seq, coalesce(turn::text, ''), id, body, text, sent_at, received_at, state
	FROM messages WHERE conversation = $1 AND received_at >= $2 ORDER BY seq DESC LIMIT $3`

// said is a message and where it belongs.
type said struct {
	activity.Said
	seq, received int64
	turn, state   string
}

func addMessages(ctx context.Context, tx pgx.Tx, conversation int64, turns []activity.ConversationTurn) ([]activity.ConversationTurn, error) {
	place := map[string]int{}
	var oldest int64
	for i, t := range turns {
		place[t.ID] = i
	}
	if len(turns) == maxTurns {
		oldest = turns[0].ReceivedAt.UnixMicro()
	}
	rows, err := tx.Query(ctx, selectMessages, conversation, oldest, maxMessages)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, message)
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	full := len(all) == maxMessages
	for _, m := range all {
		if i, ok := place[m.turn]; ok {
			turns[i].Messages = append(turns[i].Messages, m.Said)
		} else if m.turn == "" {
			turns = append(turns, activity.Turnless(m.seq, m.state, m.Said, at(m.received)))
		}
	}
	return activity.InOrder(turns, full), nil
}

func message(row pgx.CollectableRow) (m said, err error) {
	var body []byte
	var sent int64
	if err := row.Scan(&m.seq, &m.turn, &m.ID, &body, &m.Text, &sent, &m.received, &m.state); err != nil {
		return m, err
	}
	var whole gateway.Message
	if err := json.Unmarshal(body, &whole); err != nil {
		return m, fmt.Errorf("decode message %d: %w", m.seq, err)
	}
	m.Sender, m.SentAt = whole.Sender, at(sent)
	return m, nil
}

func since(from int64, to *int64) *float64 {
	if to == nil {
		return nil
	}
	ms := float64(*to-from) / 1000
	return &ms
}
