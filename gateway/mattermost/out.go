package mattermost

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/parley-im/parley/gateway"
)

// keyProp is where a post carries our key.
const keyProp = "parley_key"

// Post sends out into its chat or thread.
func (c *Channel) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	me, err := c.whoAmI(ctx)
	if err != nil {
		return "", err
	}
	var p post
	err = c.call(ctx, http.MethodPost, "posts", map[string]any{
		"channel_id": out.Conversation.Chat, "root_id": out.Conversation.Thread, "message": out.Text,
		"pending_post_id": me.ID + ":" + out.Key, // drops a second one within half a minute
		"props":           map[string]any{keyProp: out.Key, "from_bot": "true"},
	}, &p)
	if err != nil {
		return "", fmt.Errorf("post: %w", err)
	}
	c.spoke(post{RootID: out.Conversation.Thread})
	return p.ID, nil
}

// Edit replaces the text of a post.
func (c *Channel) Edit(ctx context.Context, id string, out gateway.Outgoing) error {
	if err := c.call(ctx, http.MethodPut, "posts/"+escape(id)+"/patch", map[string]any{"message": out.Text}, nil); err != nil {
		return fmt.Errorf("edit: %w", err)
	}
	return nil
}

// Typing shows that the bot is writing, for some seconds.
func (c *Channel) Typing(ctx context.Context, conv gateway.Conversation) error {
	return c.call(ctx, http.MethodPost, "users/me/typing", map[string]any{"channel_id": conv.Chat, "parent_id": conv.Thread}, nil)
}

const findPages = 5 // of the newest posts of a chat

// Find looks for a post with our key, in the thread or among the newest of the chat.
func (c *Channel) Find(ctx context.Context, conv gateway.Conversation, key string) (string, error) {
	me, err := c.whoAmI(ctx)
	if err != nil {
		return "", err
	}
	ours := func(p post) bool { return p.UserID == me.ID && p.DeleteAt == 0 && p.Props[keyProp] == key }
	if conv.Thread != "" {
		all, err := c.thread(ctx, conv.Thread)
		if err != nil {
			return "", fmt.Errorf("look for a post: %w", err)
		}
		if i := slices.IndexFunc(all, ours); i >= 0 {
			return all[i].ID, nil
		}
		return "", nil
	}
	for n := range findPages {
		all, err := c.page(ctx, conv.Chat, n)
		if err != nil {
			return "", fmt.Errorf("look for a post: %w", err)
		}
		if i := slices.IndexFunc(all, ours); i >= 0 {
			return all[i].ID, nil
		}
		if len(all) < pageSize {
			break
		}
	}
	return "", nil
}
