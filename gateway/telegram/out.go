package telegram

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// Post sends out, as a reply to what it answers.
func (c *Channel) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	params, err := place(out.Conversation)
	if err != nil {
		return "", err
	}
	params["text"] = out.Text
	params["link_preview_options"] = map[string]any{"is_disabled": true}
	if id := repliedTo(out.InReplyTo); id > 0 {
		params["reply_parameters"] = map[string]any{"message_id": id, "allow_sending_without_reply": true}
	}
	var m message
	if err := c.call(ctx, "sendMessage", params, &m); err != nil {
		return "", fmt.Errorf("post: %w", err)
	}
	return strconv.FormatInt(m.ID, 10), nil
}

// Edit replaces the text of a post.
func (c *Channel) Edit(ctx context.Context, id string, out gateway.Outgoing) error {
	params, err := place(out.Conversation)
	if err != nil {
		return err
	}
	delete(params, "message_thread_id")
	params["text"] = out.Text
	params["link_preview_options"] = map[string]any{"is_disabled": true}
	if params["message_id"], err = strconv.ParseInt(id, 10, 64); err != nil {
		return fmt.Errorf("edit post %q: %w: %w", id, fault.NotFound, err)
	}
	if err := c.call(ctx, "editMessageText", params, nil); err != nil && !strings.Contains(err.Error(), "message is not modified") {
		return fmt.Errorf("edit: %w", err)
	}
	return nil
}

// Typing shows that the bot is writing, for five seconds.
func (c *Channel) Typing(ctx context.Context, conv gateway.Conversation) error {
	params, err := place(conv)
	if err != nil {
		return err
	}
	params["action"] = "typing"
	return c.call(ctx, "sendChatAction", params, nil)
}

// place is where a conversation is, as parameters.
func place(c gateway.Conversation) (map[string]any, error) {
	chat, err := strconv.ParseInt(c.Chat, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("chat %q: %w: %w", c.Chat, fault.NotFound, err)
	}
	params := map[string]any{"chat_id": chat}
	if c.Thread != "" {
		if params["message_thread_id"], err = strconv.ParseInt(c.Thread, 10, 64); err != nil {
			return nil, fmt.Errorf("thread %q: %w: %w", c.Thread, fault.NotFound, err)
		}
	}
	return params, nil
}

// repliedTo finds Telegram's ID in a message's, 0 if there is none.
func repliedTo(id string) int64 {
	parts := strings.Split(id, ":")
	if len(parts) < 2 {
		return 0
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
