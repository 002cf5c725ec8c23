package webchat

import (
	"context"
	"time"

	"github.com/parley-im/parley/gateway"
)

// Entry is one thing that was said in a chat, as the visitor sees it.
type Entry struct {
	Channel   string
	Chat      string
	Seq       int64  // place in the chat, from 1; given by the Store
	ID        string // of a visitor: the UUID made by the browser; of the bot: Outgoing.Key
	Bot       bool
	InReplyTo string // ID of the visitor's entry, or ""
	Text      string
	Sources   []gateway.Source
	Final     bool
	Notice    bool
	Rating    int // the visitor's thumb for an entry of the bot
	At        time.Time
}

// Store keeps what was said. Each method is one transaction and is durable when
// it returns.
type Store interface {
	// Key returns the secret that signs visitors' tokens. It is made at random when
	// it is first asked for, and stays.
	Key(ctx context.Context) ([]byte, error)
	// Chats returns how many chats a visitor has begun, at least 1; with another, one more is begun.
	Chats(ctx context.Context, channel, visitor string, another bool) (int, error)
	// Append stores e as the next entry of its chat. If the chat has an entry of that
	// side with that ID, it changes nothing and returns what is stored, and false.
	Append(ctx context.Context, e Entry) (stored Entry, fresh bool, err error)
	// Save replaces Text, Sources, Final and Notice of an entry of the bot. fault.NotFound if there is none.
	Save(ctx context.Context, e Entry) error
	// Rate stores the thumb for an entry of the bot. fault.NotFound if there is none.
	Rate(ctx context.Context, channel, chat, id string, value int) error
	// Find returns an entry of the bot. fault.NotFound if there is none.
	Find(ctx context.Context, channel, chat, id string) (Entry, error)
	// Last returns the last n entries of a chat, oldest first.
	Last(ctx context.Context, channel, chat string, n int) ([]Entry, error)
}
