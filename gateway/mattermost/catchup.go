package mattermost

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
)

const (
	pageSize = 200              // posts of one answer
	mostBack = 50               // pages of one chat
	lookBack = 15 * time.Minute // how far it is read that was never read
	overlap  = 5 * time.Minute  // nodes of a server have clocks of their own
)

// position is how far was read, in the server's time.
type position struct {
	At int64 `json:"at"` // of the newest post that was read, in ms; 0: nothing was read
}

// chat is one that the bot is a member of.
type chat struct {
	ID         string `json:"id"`
	Type       string `json:"type"` // D: of two, G: of a few, O: open, P: private
	LastPostAt int64  `json:"last_post_at"`
}

// Since reads all chats that have something newer than the cursor.
func (c *Channel) Since(ctx context.Context, cursor string, deliver gateway.Deliver) (next string, err error) {
	from := adapter.Position[position](cursor, c.log)
	to, err := c.sweep(ctx, from, deliver)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.last = to
	c.mu.Unlock()
	data, err := json.Marshal(to)
	return string(data), err
}

// again reads from where Since read to.
func (c *Channel) again(ctx context.Context, deliver gateway.Deliver) error {
	c.mu.Lock()
	from := c.last
	c.mu.Unlock()
	if from.At == 0 {
		return nil // nothing was read yet: what comes is live
	}
	_, err := c.sweep(ctx, from, deliver)
	return err
}

func (c *Channel) sweep(ctx context.Context, from position, deliver gateway.Deliver) (position, error) {
	after := from.At - overlap.Milliseconds()
	if from.At == 0 {
		from.At = time.Now().Add(-lookBack).UnixMilli()
		after = from.At
	}
	var chats []chat
	if err := c.call(ctx, http.MethodGet, "users/me/channels", nil, &chats); err != nil {
		return from, fmt.Errorf("list channels: %w", err)
	}
	to := from
	for _, ch := range chats {
		if ch.LastPostAt <= after {
			continue
		}
		posts, err := c.after(ctx, ch.ID, after)
		if err != nil {
			return from, fmt.Errorf("read channel %s: %w", ch.ID, err)
		}
		for _, p := range posts {
			if err := c.hear(ctx, p, ch.Type, deliver); err != nil {
				return from, err
			}
			to.At = max(to.At, p.CreateAt)
		}
	}
	return to, nil
}

// after lists the posts of a chat that are newer, oldest first.
func (c *Channel) after(ctx context.Context, id string, after int64) (list []post, err error) {
	for n := range mostBack {
		page, err := c.page(ctx, id, n)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			if p.CreateAt > after {
				list = append(list, p)
			}
		}
		if len(page) < pageSize || page[len(page)-1].CreateAt <= after {
			break
		}
	}
	slices.SortStableFunc(list, func(a, b post) int { return int(a.CreateAt - b.CreateAt) })
	return list, nil
}

// posts is a list as the API has it.
type posts struct {
	Order []string        `json:"order"` // newest first
	Posts map[string]post `json:"posts"`
}

func (l posts) list() (all []post) {
	for _, id := range l.Order {
		if p, ok := l.Posts[id]; ok {
			all = append(all, p)
		}
	}
	return all
}

// page is one page of a chat, newest first.
func (c *Channel) page(ctx context.Context, id string, n int) ([]post, error) {
	var l posts
	err := c.call(ctx, http.MethodGet, fmt.Sprintf("channels/%s/posts?page=%d&per_page=%d", escape(id), n, pageSize), nil, &l)
	return l.list(), err
}

// thread is everything in a thread.
func (c *Channel) thread(ctx context.Context, root string) ([]post, error) {
	var l posts
	err := c.call(ctx, http.MethodGet, "posts/"+escape(root)+"/thread", nil, &l)
	return l.list(), err
}
