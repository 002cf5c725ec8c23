// Package activity holds what staff see of what was asked and answered: the list of
// conversations, one conversation turn by turn, and the figures of each day. It is
// read-only and made of what other packages stored; internal/sqlite/activity and
// internal/postgres/activity read it from the database (they run the suite in
// storetest), internal/web/api shows it.
package activity

import (
	"fmt"
	"slices"
	"time"

	"github.com/parley-im/parley/gateway"
)

// Filter chooses conversations. Empty fields do not filter.
type Filter struct {
	Text    string // in a question or an answer
	Channel string
	Known   *bool  // has an answer that was known, or one that was not
	Rating  string // "up" or "down": has such a thumb
	Limit   int
	Before  string // Next of the page before
}

// Conversation is one line of the list.
type Conversation struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"`
	Chat    string    `json:"chat"`
	Thread  string    `json:"thread"`
	Person  string    `json:"person" doc:"Name or ID of who spoke last."`
	Title   string    `json:"title" doc:"The start of the latest message."`
	LastAt  time.Time `json:"last_at"`
	Turns   int       `json:"turns"`
	Unknown int       `json:"unknown" doc:"Answers that said: not known."`
	Up      int       `json:"up"`
	Down    int       `json:"down"`
	Dead    int       `json:"dead"`
}

// ConversationTurn is one or more messages and what became of them.
type ConversationTurn struct {
	ID          string     `json:"id"`
	ReplyKey    string     `json:"reply_key"`
	State       string     `json:"state" enum:"received,taken,answered,posting,done,dead"`
	Reason      string     `json:"reason"`
	Attempt     int        `json:"attempt"`
	Messages    []Said     `json:"messages"`
	Answer      *Answer    `json:"answer"`
	Receipt     *Stamp     `json:"receipt"`
	Rating      *Thumb     `json:"rating"`
	ReceivedAt  time.Time  `json:"received_at"`
	AnsweredAt  *time.Time `json:"answered_at"`
	DoneAt      *time.Time `json:"done_at"`
	FirstTextMS *float64   `json:"first_text_ms" doc:"From the message to the first visible text."`
	TookMS      *float64   `json:"took_ms" doc:"From the message to the end."`
}

// Turnless is a message that has no turn: it waits for one, or was talk among people
// that needs none.
func Turnless(number int64, state string, m Said, received time.Time) ConversationTurn {
	t := ConversationTurn{ID: fmt.Sprint("message-", number), State: state, Messages: []Said{m}, ReceivedAt: received}
	if state == string(gateway.Done) {
		t.Reason = "not addressed"
	}
	return t
}

// InOrder sorts turns by the time when they were received. Where not all messages were
// read (cut), those whose messages are missing are left out.
func InOrder(turns []ConversationTurn, cut bool) []ConversationTurn {
	if cut {
		turns = slices.DeleteFunc(turns, func(t ConversationTurn) bool { return len(t.Messages) == 0 })
	}
	slices.SortStableFunc(turns, func(a, b ConversationTurn) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return turns
}

// Said is one message of a person.
type Said struct {
	ID     string         `json:"id"`
	Sender gateway.Person `json:"sender"`
	Text   string         `json:"text"`
	SentAt time.Time      `json:"sent_at"`
}

// Answer is what was answered.
type Answer struct {
	Text    string           `json:"text"`
	Sources []gateway.Source `json:"sources"`
	Notice  bool             `json:"notice"`
	Stopped bool             `json:"stopped"`
}

// Stamp is the short form of an answer's receipt.
type Stamp struct {
	Known         bool    `json:"known"`
	Confidence    float64 `json:"confidence"`
	Mode          string  `json:"mode"`
	Model         string  `json:"model"`
	Prompt        string  `json:"prompt"`
	PromptVersion int     `json:"prompt_version"`
	Usage         Usage   `json:"usage"`
}

// Usage is a number of tokens.
type Usage struct {
	Input  int `json:"input"`
	Cached int `json:"cached"`
	Output int `json:"output"`
}

// Thumb is the latest rating of an answer.
type Thumb struct {
	Value  int    `json:"value" enum:"-1,1"`
	Reason string `json:"reason"`
}

// Figures are sums over a time.
type Figures struct {
	Questions    int     `json:"questions"`
	Answered     int     `json:"answered"`
	Unknown      int     `json:"unknown"`
	Up           int     `json:"up"`
	Down         int     `json:"down"`
	Dead         int     `json:"dead"`
	P50MS        float64 `json:"p50_ms" doc:"Half of the answers were whole within this time."`
	P95MS        float64 `json:"p95_ms"`
	InputTokens  int     `json:"input_tokens"`
	OutputTokens int     `json:"output_tokens"`
}

// Day is the figures of one day, in UTC.
type Day struct {
	Day string `json:"day" example:"2026-11-23"`
	Figures
}
