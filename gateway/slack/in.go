package slack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// event is what of Slack's events, and of the messages in its histories, is used.
type event struct {
	Type        string `json:"type"` // message, app_mention, reaction_added, reaction_removed
	Subtype     string `json:"subtype"`
	Channel     string `json:"channel"`
	ChannelType string `json:"channel_type"` // im, mpim, channel, group
	User        string `json:"user"`
	BotID       string `json:"bot_id"`
	Text        string `json:"text"`
	TS          string `json:"ts"` // seconds.microseconds, unique in the channel
	ThreadTS    string `json:"thread_ts"`
	Edited      *edit  `json:"edited"`
	Files       []file `json:"files"`
	Message     *event `json:"message"` // of message_changed
	Reaction    string `json:"reaction"`
	Item        struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
}

type edit struct {
	TS string `json:"ts"`
}

type file struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"mimetype"`
	Size int64  `json:"size"`
}

// take hands one event on.
func (c *Channel) take(ctx context.Context, e event, deliver gateway.Deliver) error {
	switch e.Type {
	case "reaction_added", "reaction_removed":
		return c.reacted(ctx, e)
	case "app_mention":
		e.ChannelType = "channel" // in case the app is not told of all messages
	case "message":
		if e.Subtype == "message_changed" && e.Message != nil && e.Message.Edited != nil {
			changed := *e.Message
			changed.Channel, changed.ChannelType = e.Channel, e.ChannelType
			e = changed
		}
	default:
		return nil
	}
	return c.hear(ctx, e, deliver)
}

// hear delivers what somebody said.
func (c *Channel) hear(ctx context.Context, e event, deliver gateway.Deliver) error {
	me, err := c.whoAmI(ctx)
	if err != nil {
		return err
	}
	if e.User == me.UserID || e.BotID != "" && e.BotID == me.BotID {
		if e.ThreadTS != "" {
			c.threads.Put(e.Channel+" "+e.ThreadTS, true)
		}
		return nil
	}
	speaks := e.Subtype == "" || e.Subtype == "bot_message" || e.Subtype == "file_share" || e.Subtype == "thread_broadcast"
	if !speaks || e.Channel == "" || e.TS == "" || e.User == "" && e.BotID == "" {
		return nil
	}
	m := gateway.Message{ID: e.Channel + ":" + e.TS, Conversation: c.conversation(e), Direct: e.ChannelType == "im", SentAt: at(e.TS)}
	if e.Edited != nil {
		m.ID += ":" + e.Edited.TS // an edited question is another one
	}
	m.Sender, m.Locale = c.person(ctx, e)
	text, named := unmention(strings.ReplaceAll(e.Text, "\x00", ""), me.UserID)
	others := strings.Contains(text, "<@")
	m.Text = plain(text)
	if !m.Direct {
		m.Mentioned = named || !others && c.spokenTo(ctx, e, me)
	}
	for _, f := range e.Files {
		m.Attachments = append(m.Attachments, gateway.Attachment{Name: f.Name, Type: f.Type, Size: f.Size, URL: fileScheme + f.ID})
	}
	if strings.TrimSpace(m.Text) == "" && len(m.Attachments) == 0 {
		return nil
	}
	return deliver(ctx, m)
}

// conversation is the direct chat, or the thread in a channel: what is said there first
// begins one, in which it is answered.
func (c *Channel) conversation(e event) gateway.Conversation {
	thread := e.ThreadTS
	if thread == "" && e.ChannelType != "im" {
		thread = e.TS
	}
	return gateway.Conversation{Channel: c.name, Chat: e.Channel, Thread: thread}
}

// at reads a time of Slack's.
func at(ts string) time.Time {
	seconds, err := strconv.ParseFloat(ts, 64)
	if err != nil || seconds <= 0 || seconds > 1e11 {
		return time.Now()
	}
	return time.UnixMicro(int64(seconds * 1e6))
}

// person looks up once who said it. Who cannot be looked up has no name.
func (c *Channel) person(ctx context.Context, e event) (p gateway.Person, locale string) {
	if e.User == "" {
		return gateway.Person{ID: e.BotID, Bot: true}, ""
	}
	p = gateway.Person{ID: e.User, Bot: e.BotID != ""}
	u, err := c.users.Ask(e.User, func() (*api.User, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		return c.api.GetUserInfoContext(ctx, e.User)
	})
	if err != nil {
		c.log.Warn("look somebody up", "err", err)
		return p, ""
	}
	p.Name, p.Bot = u.Profile.DisplayName, p.Bot || u.IsBot
	if p.Name == "" {
		p.Name = u.RealName
	}
	return p, u.Locale
}

// unmention takes <@user> out of a text.
func unmention(text, user string) (string, bool) {
	re := regexp.MustCompile(`<@` + regexp.QuoteMeta(user) + `(\|[^>]*)?>`)
	if user == "" || !re.MatchString(text) {
		return text, false
	}
	return strings.TrimLeft(strings.TrimSpace(re.ReplaceAllString(text, "")), ",:，： "), true
}

var (
	marked   = regexp.MustCompile(`<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>`)
	entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// plain undoes how Slack writes addresses, names and the three characters.
func plain(text string) string {
	text = marked.ReplaceAllStringFunc(text, func(s string) string {
		m := marked.FindStringSubmatch(s)
		switch {
		case m[1] == "" && (m[3] == "" || strings.HasSuffix(m[2], m[3])):
			return m[2]
		case m[1] == "":
			return m[3] + " (" + m[2] + ")"
		case m[3] != "":
			return strings.ReplaceAll(m[1], "!", "@") + strings.TrimLeft(m[3], "@#")
		}
		return strings.ReplaceAll(m[1], "!", "@") + m[2]
	})
	return entities.Replace(text)
}

// spokenTo reports whether a thread is one with the bot: it spoke in it, or was named in
// its first message. Who cannot be asked is not.
func (c *Channel) spokenTo(ctx context.Context, e event, me *api.AuthTestResponse) bool {
	if e.ThreadTS == "" {
		return false
	}
	to, err := c.threads.Ask(e.Channel+" "+e.ThreadTS, func() (to bool, err error) {
		all, err := c.replies(ctx, e.Channel, e.ThreadTS, "", false)
		for _, m := range all {
			_, named := unmention(m.Text, me.UserID)
			to = to || m.User == me.UserID || m.Timestamp == e.ThreadTS && named
		}
		return to, err
	})
	if err != nil {
		c.log.Warn("read a thread", "err", err)
	}
	return to && err == nil
}

// reacted hands a thumb on.
func (c *Channel) reacted(ctx context.Context, e event) error {
	name, _, _ := strings.Cut(e.Reaction, "::") // the colour of the hand
	value, ok := map[string]int{"+1": 1, "thumbsup": 1, "-1": -1, "thumbsdown": -1}[name]
	if !ok || c.rate == nil || e.Item.Type != "message" || e.User == "" {
		return nil
	}
	if e.Type == "reaction_removed" {
		value = 0
	}
	me, err := c.whoAmI(ctx)
	if err != nil {
		return err
	}
	all, err := c.replies(ctx, e.Item.Channel, e.Item.TS, "", false) // tells the thread
	if err != nil || len(all) == 0 || all[0].User != me.UserID {
		return nil // of somebody else, or gone
	}
	conv := gateway.Conversation{Channel: c.name, Chat: e.Item.Channel, Thread: all[0].ThreadTimestamp}
	err = c.rate(ctx, gateway.Rating{Conversation: conv, Post: e.Item.TS, Person: gateway.Person{ID: e.User}, Value: value})
	if err != nil && !errors.Is(err, fault.NotFound) { // it is no answer
		return fmt.Errorf("rate: %w", err)
	}
	return nil
}
