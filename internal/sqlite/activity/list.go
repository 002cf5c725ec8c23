package activity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/parley-im/parley/internal/activity"
)

// columns of one line of the list; the inner queries touch the rows of one conversation.
const columns = `SELECT c.id, c.channel, c.chat, c.thread, c.last_at,
	coalesce((SELECT CASE m.sender_name WHEN '' THEN m.sender_id ELSE m.sender_name END FROM messages m WHERE m.conversation = c.id ORDER BY m.seq DESC LIMIT 1), ''),
	coalesce((SELECT substr(m.text, 1, 200) FROM messages m WHERE m.conversation = c.id ORDER BY m.seq DESC LIMIT 1), ''),
	(SELECT count(*) FROM turns t WHERE t.conversation = c.id),
	(SELECT count(*) FROM turns t JOIN receipts r ON r.reply_key = t.reply_key WHERE t.conversation = c.id AND r.command = '' AND r.error = '' AND r.known = 0),
	(SELECT count(*) FROM turns t JOIN ratings g ON g.turn = t.id WHERE t.conversation = c.id AND g.value = 1),
	(SELECT count(*) FROM turns t JOIN ratings g ON g.turn = t.id WHERE t.conversation = c.id AND g.value = -1),
	(SELECT count(*) FROM turns t WHERE t.conversation = c.id AND t.state = 'dead')
	FROM conversations c `

const (
	// bodies and answers are JSON: looking for the text as JSON writes it is ten times
	// as fast as taking each apart, and what it finds is then looked at closely
	byText = `c.id IN (SELECT m.conversation FROM messages m WHERE m.body LIKE ?1 ESCAPE '\' AND m.text LIKE ?2 ESCAPE '\'
		UNION ALL SELECT t.conversation FROM turns t WHERE t.answer LIKE ?1 ESCAPE '\' AND t.answer ->> '$.text' LIKE ?2 ESCAPE '\')`
	byChannel = `c.channel = ?`
	byKnown   = `EXISTS (SELECT 1 FROM turns t JOIN receipts r ON r.reply_key = t.reply_key WHERE t.conversation = c.id AND r.command = '' AND r.error = '' AND r.known = ?)`
	byRating  = `c.id IN (SELECT t.conversation FROM ratings g JOIN turns t ON t.id = g.turn WHERE g.value = ?)`
	before    = `(c.last_at, c.id) < (?, ?)`
)

// Conversations returns a page of conversations, the latest first, and where the
// next page begins, "" if this is the last.
func (r *Reader) Conversations(ctx context.Context, f activity.Filter) (page []activity.Conversation, next string, err error) {
	var where []string
	var args []any
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if f.Text != "" {
		written, err := json.Marshal(f.Text)
		if err != nil {
			return nil, "", fmt.Errorf("search for text: %w", err)
		}
		add(byText, like(string(written[1:len(written)-1])), like(f.Text))
	}
	if f.Channel != "" {
		add(byChannel, f.Channel)
	}
	if f.Known != nil {
		add(byKnown, *f.Known)
	}
	switch f.Rating {
	case "up":
		add(byRating, 1)
	case "down":
		add(byRating, -1)
	}
	if f.Before != "" {
		lastAt, id, err := activity.ReadCursor(f.Before)
		if err != nil {
			return nil, "", err
		}
		add(before, lastAt, id)
	}
	query := columns
	if len(where) > 0 {
		query += "WHERE " + strings.Join(where, " AND ")
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	rows, err := r.db.Read.QueryContext(ctx, query+` ORDER BY c.last_at DESC, c.id DESC LIMIT ?`, append(args, limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("list conversations: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		c, err := conversation(rows)
		if err != nil {
			return nil, "", err
		}
		if len(page) == limit {
			last := page[limit-1]
			return page, activity.Cursor(last), nil
		}
		page = append(page, c)
	}
	return page, "", rows.Err()
}

func conversation(row interface{ Scan(...any) error }) (activity.Conversation, error) {
	var c activity.Conversation
	var id, last int64
	err := row.Scan(&id, &c.Channel, &c.Chat, &c.Thread, &last, &c.Person, &c.Title, &c.Turns, &c.Unknown, &c.Up, &c.Down, &c.Dead)
	if err != nil {
		return c, fmt.Errorf("read conversation: %w", err)
	}
	c.ID, c.LastAt = strconv.FormatInt(id, 10), at(last)
	c.Title = strings.Join(strings.Fields(c.Title), " ")
	return c, nil
}
