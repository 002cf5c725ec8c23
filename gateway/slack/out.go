package slack

import (
	"context"
	"fmt"

	api "github.com/slack-go/slack"

	"github.com/parley-im/parley/gateway"
)

// metadataType is the type of the metadata that holds our key.
const metadataType = "parley"

func options(out gateway.Outgoing) []api.MsgOption {
	return []api.MsgOption{
		api.MsgOptionMarkdownText(out.Text), api.MsgOptionTS(out.Conversation.Thread), api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl(),
		api.MsgOptionMetadata(api.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{"key": out.Key}}),
	}
}

// Post sends out into its channel or thread.
func (c *Channel) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, ts, err := c.api.PostMessageContext(ctx, out.Conversation.Chat, options(out)...)
	if err != nil {
		return "", fmt.Errorf("post: %w", refusal(err))
	}
	if out.Conversation.Thread != "" {
		c.threads.Put(out.Conversation.Chat+" "+out.Conversation.Thread, true)
	}
	return ts, nil
}

// Edit replaces the text of a message.
func (c *Channel) Edit(ctx context.Context, ts string, out gateway.Outgoing) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out.Conversation.Thread = "" // it stays where it is
	if _, _, _, err := c.api.UpdateMessageContext(ctx, out.Conversation.Chat, ts, options(out)...); err != nil {
		return fmt.Errorf("edit: %w", refusal(err))
	}
	return nil
}

// Find looks for a message with our key, in the thread or among the newest of the chat.
func (c *Channel) Find(ctx context.Context, conv gateway.Conversation, key string) (string, error) {
	me, err := c.whoAmI(ctx)
	if err != nil {
		return "", err
	}
	var all []api.Message
	if conv.Thread != "" {
		all, err = c.replies(ctx, conv.Chat, conv.Thread, "", true)
	} else {
		all, err = c.history(ctx, conv.Chat, "", true)
	}
	if err != nil {
		return "", fmt.Errorf("look for a post: %w", err)
	}
	for _, m := range all {
		if m.User == me.UserID && m.Metadata.EventType == metadataType && m.Metadata.EventPayload["key"] == key {
			return m.Timestamp, nil
		}
	}
	return "", nil
}
