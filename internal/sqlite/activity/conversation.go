package activity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/activity"
	"github.com/parley-im/parley/internal/fault"
)

// maxTurns is how many turns of a conversation are shown, the latest ones.
const maxTurns = 500

// maxMessages is how many messages are shown: with talk among people there may be many.
const maxMessages = 2000

// Conversation returns one conversation with its turns, oldest first. Messages that
// wait to be looked at come as turns in state received.
func (r *Reader) Conversation(ctx context.Context, id string) (activity.Conversation, []activity.ConversationTurn, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return activity.Conversation{}, nil, unknown()
	}
	tx, err := r.db.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // all queries see the same moment
	if err != nil {
		return activity.Conversation{}, nil, fmt.Errorf("read conversation: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	c, err := conversation(tx.QueryRowContext(ctx, columns+`WHERE c.id = ?`, number))
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil, unknown()
	}
	if err != nil {
		return c, nil, err
	}
	turns, err := readTurns(ctx, tx, number)
	if err != nil {
		return c, nil, fmt.Errorf("read turns of conversation %s: %w", id, err)
	}
	if turns, err = addMessages(ctx, tx, number, turns); err != nil {
		return c, nil, fmt.Errorf("read messages of conversation %s: %w", id, err)
	}
	return c, turns, nil
}

func unknown() error {
	return fault.Say(fault.NotFound, "unknown_conversation", "There is no such conversation.")
}

// The thumb is the latest of what may be several people's.
const selectTurns = `SELECT t.id, t.reply_key, t.state, t.reason, t.attempt, t.answer, t.received_at, t.first_text_at, t.answered_at, t.done_at,
	r.known, r.confidence, r.mode, r.model, r.prompt, r.prompt_version, r.input_tokens, r.cached_tokens, r.output_tokens,
	g.value, g.reason
	FROM turns t LEFT JOIN receipts r ON r.reply_key = t.reply_key
	LEFT JOIN ratings g ON g.turn = t.id AND g.person = (SELECT l.person FROM ratings l WHERE l.turn = t.id ORDER BY l.rated_at DESC LIMIT 1)
	WHERE t.conversation = ? ORDER BY t.id DESC LIMIT ?`

func readTurns(ctx context.Context, tx *sql.Tx, conversation int64) (turns []activity.ConversationTurn, err error) {
	rows, err := tx.QueryContext(ctx, selectTurns, conversation, maxTurns)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		t, err := turn(rows)
		if err != nil {
			return nil, err
		}
		turns = append(turns, t)
	}
	slices.Reverse(turns)
	return turns, rows.Err()
}

func turn(rows *sql.Rows) (activity.ConversationTurn, error) {
	t := activity.ConversationTurn{Messages: []activity.Said{}}
	var answer sql.Null[string]
	var received int64
	var first, answered, done sql.Null[int64]
	var known sql.Null[bool]
	var confidence sql.Null[float64]
	var mode, model, prompt, reason sql.Null[string]
	var version, input, cached, output, value sql.Null[int]
	err := rows.Scan(&t.ID, &t.ReplyKey, &t.State, &t.Reason, &t.Attempt, &answer, &received, &first, &answered, &done,
		&known, &confidence, &mode, &model, &prompt, &version, &input, &cached, &output, &value, &reason)
	if err != nil {
		return t, err
	}
	t.ReceivedAt, t.AnsweredAt, t.DoneAt = at(received), maybe(answered), maybe(done)
	t.FirstTextMS, t.TookMS = since(received, first), since(received, done)
	if known.Valid {
		t.Receipt = &activity.Stamp{
			Known: known.V, Confidence: confidence.V, Mode: mode.V, Model: model.V, Prompt: prompt.V, PromptVersion: version.V,
			Usage: activity.Usage{Input: input.V, Cached: cached.V, Output: output.V},
		}
	}
	if value.Valid {
		t.Rating = &activity.Thumb{Value: value.V, Reason: reason.V}
	}
	if answer.Valid {
		var a gateway.Answer
		if err := json.Unmarshal([]byte(answer.V), &a); err != nil {
			return t, fmt.Errorf("decode answer of turn %s: %w", t.ID, err)
		}
		if a.Sources == nil {
			a.Sources = []gateway.Source{}
		}
		t.Answer = &activity.Answer{Text: a.Text, Sources: a.Sources, Notice: a.Notice, Stopped: a.Stopped}
	}
	return t, nil
}

const selectMessages = `SELECT seq, turn, id, sender_id, sender_name, body ->> '$.sender.bot', text, sent_at, received_at, state
	FROM messages WHERE conversation = ?1 AND received_at >= ?2 ORDER BY seq DESC LIMIT ?3`

func addMessages(ctx context.Context, tx *sql.Tx, conversation int64, turns []activity.ConversationTurn) (_ []activity.ConversationTurn, err error) {
	place := map[string]int{}
	var oldest int64
	for i, t := range turns {
		place[t.ID] = i
	}
	if len(turns) == maxTurns {
		oldest = turns[0].ReceivedAt.UnixMicro()
	}
	rows, err := tx.QueryContext(ctx, selectMessages, conversation, oldest, maxMessages)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var alone []activity.ConversationTurn
	n := 0
	for ; rows.Next(); n++ { // the latest first
		var m activity.Said
		var seq, sent, received int64
		var owner, name, text sql.Null[string]
		var bot sql.Null[bool]
		var state string
		if err := rows.Scan(&seq, &owner, &m.ID, &m.Sender.ID, &name, &bot, &text, &sent, &received, &state); err != nil {
			return nil, err
		}
		m.Sender.Name, m.Sender.Bot, m.Text, m.SentAt = name.V, bot.V, text.V, at(sent)
		if i, ok := place[owner.V]; ok {
			turns[i].Messages = slices.Insert(turns[i].Messages, 0, m)
		} else if !owner.Valid {
			alone = append(alone, activity.Turnless(seq, state, m, at(received)))
		}
	}
	slices.Reverse(alone)
	return activity.InOrder(append(turns, alone...), n == maxMessages), rows.Err()
}

func maybe(micro sql.Null[int64]) *time.Time {
	if !micro.Valid {
		return nil
	}
	t := at(micro.V)
	return &t
}

func since(from int64, to sql.Null[int64]) *float64 {
	if !to.Valid {
		return nil
	}
	ms := float64(to.V-from) / 1000
	return &ms
}
