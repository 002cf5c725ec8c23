package lanying

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway"
)

// said is one message, whichever way it came.
type said struct {
	id       uint64
	from, to uint64
	group    bool
	kind     string // TEXT, IMAGE, AUDIO, VIDEO, FILE, …
	content  string
	ext      string // JSON, or what somebody put there
	config   string // JSON, or nothing
	attached string // JSON, or nothing
	at       time.Time
}

// hear delivers what a person said to the bot.
func (c *Channel) hear(ctx context.Context, s said, deliver gateway.Deliver) error {
	who, err := c.login(ctx)
	if err != nil {
		return err
	}
	if s.from == who.id || s.from == 0 || s.to == 0 || s.id == 0 || !s.group && s.to != who.id {
		return nil
	}
	ext := extOf(s.ext)
	if ext.silent() {
		return nil
	}
	config := configOf(s.config)
	m := gateway.Message{
		ID: id(s.id), Conversation: gateway.Conversation{Channel: c.name, Chat: id(s.from)}, Direct: !s.group,
		Sender: gateway.Person{ID: id(s.from), Name: config.Nickname}, SentAt: s.at, Text: strings.ReplaceAll(s.content, "\x00", ""),
	}
	if m.SentAt.IsZero() {
		m.SentAt = time.Now()
	}
	if s.group {
		m.Conversation.Chat = groupPrefix + id(s.to)
		listed := slices.Contains(append(config.Mentioned, config.Mentioned2...), number(who.id))
		var named bool
		m.Text, named = unmention(m.Text, listed, who.nick, who.name)
		m.Mentioned = listed || named
	}
	m.Sender.Bot = ext.AI.Role == "ai" || c.loop.echo(m.Conversation, m.Text)
	if a, ok := attachment(s.kind, s.attached); ok {
		m.Attachments = append(m.Attachments, a)
	} else if s.kind != "" && s.kind != "TEXT" {
		return nil // a place, a command, something forwarded
	}
	if strings.TrimSpace(m.Text) == "" && len(m.Attachments) == 0 {
		return nil // also the sign that somebody is typing
	}
	if err := deliver(ctx, m); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	note(c.unread, m.Conversation.Chat, s.id)
	return nil
}

// ext is what of a message's ext is understood.
type ext struct {
	AI struct {
		Role     string `json:"role"`
		Generate *bool  `json:"ai_generate"`
	} `json:"ai"`
	OpenClaw struct {
		Type string `json:"type"`
	} `json:"openclaw"`
	Parley struct {
		Key string `json:"key"`
	} `json:"parley"`
}

func extOf(text string) (e ext) {
	_ = json.Unmarshal([]byte(text), &e) // anything may stand there
	return e
}

// silent reports whether the sender asks for no answer: it is for the record only, or
// a copy that another program brought.
func (e ext) silent() bool {
	return e.AI.Generate != nil && !*e.AI.Generate || slices.Contains([]string{"session_sync_delivery", "im_reply_delivery"}, e.OpenClaw.Type)
}

type config struct {
	Mentioned  []number `json:"mentionList"`
	Mentioned2 []number `json:"mention_list"`
	Nickname   string   `json:"senderNickname"`
}

func configOf(text string) (c config) {
	_ = json.Unmarshal([]byte(text), &c)
	return c
}

// unmention takes @name out of a text. If the bot is listed as mentioned, what follows
// its name at once may be text, as it is in Chinese.
func unmention(text string, listed bool, names ...string) (string, bool) {
	for _, name := range names {
		if name == "" {
			continue
		}
		end := `([^\pL\pN_]|$)`
		if listed {
			end = `()`
		}
		re := regexp.MustCompile(`(?i)(^|[^\pL\pN_@.])@` + regexp.QuoteMeta(name) + end)
		if re.MatchString(text) {
			return strings.TrimLeft(strings.TrimSpace(re.ReplaceAllString(text, "$1$2")), ",:，： "), true
		}
	}
	return text, false
}

// attachment reads the file of a message.
func attachment(kind, text string) (a gateway.Attachment, ok bool) {
	if !slices.Contains([]string{"IMAGE", "AUDIO", "VIDEO", "FILE"}, kind) {
		return a, false
	}
	var f struct {
		URL  string `json:"url"`
		Name string `json:"dName"`
		Size int64  `json:"fLen"`
	}
	if json.Unmarshal([]byte(text), &f) != nil || f.URL == "" {
		return a, false
	}
	if f.Name == "" {
		f.Name = strings.ToLower(kind)
	}
	return gateway.Attachment{Name: f.Name, Size: max(0, f.Size), URL: f.URL}, true
}
