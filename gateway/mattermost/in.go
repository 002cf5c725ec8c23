package mattermost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// post is what of Mattermost's posts is used. Times are in milliseconds.
type post struct {
	ID        string         `json:"id"`
	CreateAt  int64          `json:"create_at"`
	EditAt    int64          `json:"edit_at"`
	DeleteAt  int64          `json:"delete_at"`
	UserID    string         `json:"user_id"`
	ChannelID string         `json:"channel_id"`
	RootID    string         `json:"root_id"`
	Message   string         `json:"message"`
	Type      string         `json:"type"` // "" for what people write
	Props     map[string]any `json:"props"`
	Metadata  struct {
		Files []file `json:"files"`
	} `json:"metadata"`
}

type file struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"mime_type"`
	Size int64  `json:"size"`
}

// direct is the type of a channel of two.
const direct = "D"

// take hands one event on.
func (c *Channel) take(ctx context.Context, e event, deliver gateway.Deliver) error {
	var d struct {
		ChannelType string `json:"channel_type"`
		Post        string `json:"post"` // JSON in JSON
		Reaction    string `json:"reaction"`
	}
	if len(e.Data) > 0 && json.Unmarshal(e.Data, &d) != nil {
		return nil // an event of another form
	}
	switch e.Event {
	case "posted", "post_edited":
		var p post
		if json.Unmarshal([]byte(d.Post), &p) != nil || e.Event == "post_edited" && p.EditAt == 0 {
			return nil
		}
		if d.ChannelType == "" { // which an edit does not tell
			d.ChannelType = c.typeOf(ctx, p.ChannelID)
		}
		return c.hear(ctx, p, d.ChannelType, deliver)
	case "reaction_added", "reaction_removed":
		return c.reacted(ctx, d.Reaction, e.Event == "reaction_added")
	}
	return nil
}

// hear delivers a post of a person.
func (c *Channel) hear(ctx context.Context, p post, channelType string, deliver gateway.Deliver) error {
	me, err := c.whoAmI(ctx)
	if err != nil {
		return err
	}
	if p.UserID == me.ID {
		c.spoke(p)
		return nil
	}
	if p.ID == "" || p.UserID == "" || p.ChannelID == "" || p.Type != "" || p.DeleteAt != 0 {
		return nil
	}
	m := gateway.Message{
		ID: p.ID, Conversation: c.conversation(p, channelType), Direct: channelType == direct, SentAt: time.UnixMilli(p.CreateAt),
	}
	if p.EditAt > 0 {
		m.ID = fmt.Sprintf("%s:%d", p.ID, p.EditAt) // an edited question is another one
	}
	who := c.user(ctx, p.UserID)
	m.Sender, m.Locale = who.person(p), who.Locale
	var named bool
	m.Text, named = unmention(strings.ReplaceAll(p.Message, "\x00", ""), me.Username)
	if !m.Direct {
		m.Mentioned = named || !others(m.Text) && c.spokenTo(ctx, p.RootID, me)
	}
	for _, f := range p.Metadata.Files {
		m.Attachments = append(m.Attachments, gateway.Attachment{Name: f.Name, Type: f.Type, Size: f.Size, URL: fileScheme + f.ID})
	}
	if strings.TrimSpace(m.Text) == "" && len(m.Attachments) == 0 {
		return nil
	}
	return deliver(ctx, m)
}

// conversation is the chat, or the thread. In a chat of many each post that begins one
// is a thread of its own, in which it is answered.
func (c *Channel) conversation(p post, channelType string) gateway.Conversation {
	thread := p.RootID
	if thread == "" && channelType != direct {
		thread = p.ID
	}
	return gateway.Conversation{Channel: c.name, Chat: p.ChannelID, Thread: thread}
}

// unmention takes @username out of a text.
func unmention(text, username string) (string, bool) {
	re := regexp.MustCompile(`(?i)(^|[^\w@.])@` + regexp.QuoteMeta(username) + `([^\w.-]|\.\s|\.$|$)`)
	if !re.MatchString(text) {
		return text, false
	}
	text = re.ReplaceAllString(text, "$1$2")
	return strings.TrimLeft(strings.TrimSpace(text), ",:，： "), true
}

var anybody = regexp.MustCompile(`(^|[^\w@.])@[a-z0-9]`)

// others reports whether a text names somebody else.
func others(text string) bool { return anybody.MatchString(strings.ToLower(text)) }

// spoke notes a thread in which the bot spoke.
func (c *Channel) spoke(p post) {
	if p.RootID != "" {
		c.threads.Put(p.RootID, true)
	}
}

// spokenTo reports whether a thread is one with the bot: it spoke in it, or was named
// in its first post. Who cannot be asked is not.
func (c *Channel) spokenTo(ctx context.Context, root string, me user) bool {
	if root == "" {
		return false
	}
	to, err := c.threads.Ask(root, func() (to bool, err error) {
		all, err := c.thread(ctx, root)
		for _, p := range all {
			_, named := unmention(p.Message, me.Username)
			to = to || p.UserID == me.ID || p.ID == root && named
		}
		return to, err
	})
	if err != nil {
		c.log.Warn("read a thread", "err", err)
	}
	return to && err == nil
}

// reacted hands a thumb on.
func (c *Channel) reacted(ctx context.Context, text string, added bool) error {
	var r struct {
		UserID string `json:"user_id"`
		PostID string `json:"post_id"`
		Emoji  string `json:"emoji_name"`
	}
	if json.Unmarshal([]byte(text), &r) != nil || r.UserID == "" || r.PostID == "" || c.rate == nil {
		return nil
	}
	emoji, _, _ := strings.Cut(r.Emoji, "_") // the colour of the hand
	value, ok := map[string]int{"+1": 1, "thumbsup": 1, "-1": -1, "thumbsdown": -1}[emoji]
	if !ok {
		return nil
	}
	if !added {
		value = 0
	}
	me, err := c.whoAmI(ctx)
	if err != nil {
		return err
	}
	var p post // tells the thread
	if err := c.call(ctx, http.MethodGet, "posts/"+escape(r.PostID), nil, &p); err != nil {
		c.log.Warn("look at a post that was rated", "err", err)
		return nil
	}
	if p.UserID != me.ID {
		return nil
	}
	err = c.rate(ctx, gateway.Rating{
		Conversation: c.conversation(p, c.typeOf(ctx, p.ChannelID)), Post: r.PostID, Person: gateway.Person{ID: r.UserID}, Value: value,
	})
	if errors.Is(err, fault.NotFound) {
		return nil // for something that is no answer
	}
	return err
}

// typeOf asks once what kind of chat it is; "" if that cannot be told.
func (c *Channel) typeOf(ctx context.Context, id string) string {
	kind, err := c.types.Ask(id, func() (string, error) {
		var ch chat
		err := c.call(ctx, http.MethodGet, "channels/"+escape(id), nil, &ch)
		return ch.Type, err
	})
	if err != nil {
		c.log.Warn("ask what a channel is", "err", err)
	}
	return kind
}
