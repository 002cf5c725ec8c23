package webchat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// messageID makes the browser's UUID unique in the channel: a visitor could not
// take the place of another's message even by knowing its ID.
func messageID(chat, id string) string { return chat + "/" + id }

func (c *Channel) entry(id string, out gateway.Outgoing) Entry {
	return Entry{
		Channel: c.name, Chat: out.Conversation.Chat, ID: id, Bot: true,
		InReplyTo: strings.TrimPrefix(out.InReplyTo, out.Conversation.Chat+"/"),
		Text:      out.Text, Sources: out.Sources, Final: out.Final, Notice: out.Notice, At: time.Now(),
	}
}

// room of a conversation, locked.
func (c *Channel) room(conv gateway.Conversation) (*room, func(), error) {
	visitor, err := visitorOf(conv.Chat)
	if err != nil {
		return nil, nil, err
	}
	x, leave := c.rooms.enter(visitor, time.Now())
	x.mu.Lock()
	return x, func() {
		x.mu.Unlock()
		leave()
	}, nil
}

// Post stores out and shows it in the visitor's tabs. Its ID is the key.
func (c *Channel) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	x, done, err := c.room(out.Conversation)
	if err != nil {
		return "", fmt.Errorf("post: %w", err)
	}
	defer done()
	e, fresh, err := c.store.Append(ctx, c.entry(out.Key, out))
	if err != nil {
		return "", fmt.Errorf("post: %w: %w", fault.Unavailable, err)
	}
	if fresh {
		if !e.Final {
			x.drafts[draftKey(e.Chat, e.ID)] = drafted(e)
		}
		x.tell(e.Chat, shown(e))
		x.note(e)
		c.spread(news{What: newsStored, Chat: e.Chat})
	}
	return e.ID, nil
}

// Edit shows more of an answer. Growing text is only told; the final text is stored first.
func (c *Channel) Edit(ctx context.Context, id string, out gateway.Outgoing) error {
	x, done, err := c.room(out.Conversation)
	if err != nil {
		return fmt.Errorf("edit: %w", err)
	}
	defer done()
	e, key := c.entry(id, out), draftKey(out.Conversation.Chat, id)
	if out.Final {
		if err := c.store.Save(ctx, e); err != nil {
			return fmt.Errorf("edit: %w", passing(err))
		}
		delete(x.drafts, key)
		e.Rating = x.marks[markKey(e)].rating
		x.note(e)
		c.spread(news{What: newsStored, Chat: e.Chat})
	} else {
		d, ok := x.drafts[key]
		if !ok { // begun before a restart
			if d.entry, err = c.store.Find(ctx, c.name, e.Chat, id); err != nil {
				return fmt.Errorf("edit: %w", passing(err))
			}
		}
		d.entry.Text, d.entry.Sources, d.entry.Final, d.entry.Notice = e.Text, e.Sources, false, e.Notice
		d.at, d.by = time.Now(), ""
		if c.bus != nil {
			for _, piece := range d.writer.Next(e.Text, d.at) {
				c.spread(news{What: newsGrows, Chat: e.Chat, ID: id, Notice: e.Notice, Piece: &piece})
			}
		}
		x.drafts[key] = d
	}
	x.tell(e.Chat, edit{Type: "edit", ID: id, Text: e.Text, Sources: e.Sources, Final: e.Final, Notice: e.Notice})
	return nil
}

// passing marks an error of the store as one that another try may mend.
func passing(err error) error {
	if errors.Is(err, fault.NotFound) {
		return err
	}
	return fmt.Errorf("%w: %w", fault.Unavailable, err)
}

// Typing shows the dots in the visitor's tabs.
func (c *Channel) Typing(_ context.Context, conv gateway.Conversation) error {
	x, done, err := c.room(conv)
	if err != nil {
		return fmt.Errorf("typing: %w", err)
	}
	defer done()
	x.tell(conv.Chat, sign{"typing"})
	c.spread(news{What: newsTyping, Chat: conv.Chat})
	return nil
}

// Find tells whether a post with key is there: the key is its ID.
func (c *Channel) Find(ctx context.Context, conv gateway.Conversation, key string) (string, error) {
	e, err := c.store.Find(ctx, c.name, conv.Chat, key)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find post: %w: %w", fault.Unavailable, err)
	}
	return e.ID, nil
}
