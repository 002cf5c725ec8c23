package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// What of the Bot API's objects is used.
type (
	update struct {
		ID       int64     `json:"update_id"`
		Message  *message  `json:"message"`
		Edited   *message  `json:"edited_message"`
		Reaction *reaction `json:"message_reaction"`
	}
	message struct {
		ID              int64    `json:"message_id"`
		Thread          int64    `json:"message_thread_id"`
		IsTopic         bool     `json:"is_topic_message"`
		From            *user    `json:"from"`
		Chat            chat     `json:"chat"`
		Date            int64    `json:"date"`
		EditDate        int64    `json:"edit_date"`
		Text            string   `json:"text"`
		Caption         string   `json:"caption"`
		Entities        []entity `json:"entities"`
		CaptionEntities []entity `json:"caption_entities"`
		ReplyTo         *message `json:"reply_to_message"`
		Document        *file    `json:"document"`
		Photo           []file   `json:"photo"`
		Audio           *file    `json:"audio"`
		Voice           *file    `json:"voice"`
		Video           *file    `json:"video"`
	}
	user struct {
		ID        int64  `json:"id"`
		IsBot     bool   `json:"is_bot"`
		FirstName string `json:"first_name"`
		LastName  string `json:"last_name"`
		Username  string `json:"username"`
		Language  string `json:"language_code"`
	}
	chat struct {
		ID   int64  `json:"id"`
		Type string `json:"type"` // private, group, supergroup or channel
	}
	entity struct {
		Type   string `json:"type"`
		Offset int    `json:"offset"` // in units of UTF-16, as is Length
		Length int    `json:"length"`
		User   *user  `json:"user"`
	}
	file struct {
		ID   string `json:"file_id"`
		Name string `json:"file_name"`
		Type string `json:"mime_type"`
		Size int64  `json:"file_size"`
	}
	reaction struct {
		Chat    chat  `json:"chat"`
		Message int64 `json:"message_id"`
		User    *user `json:"user"`
		New     []struct {
			Type  string `json:"type"`
			Emoji string `json:"emoji"`
		} `json:"new_reaction"`
	}
)

// take hands one update on. What nobody said is passed over.
func (c *Channel) take(ctx context.Context, me user, u update, deliver gateway.Deliver) error {
	if u.Reaction != nil {
		return c.reacted(ctx, me, u.Reaction)
	}
	m := u.Message
	if m == nil {
		m = u.Edited // another question, under an ID of its own
	}
	if m == nil || m.From == nil || m.From.ID == me.ID || m.Chat.Type == "channel" {
		return nil
	}
	if out, ok := c.message(me, m); ok {
		return deliver(ctx, out)
	}
	return nil
}

func (c *Channel) message(me user, m *message) (gateway.Message, bool) {
	text, entities := m.Text, m.Entities
	if text == "" {
		text, entities = m.Caption, m.CaptionEntities
	}
	direct := m.Chat.Type == "private"
	text, mentioned := unmention(text, entities, me)
	if r := m.ReplyTo; r != nil && r.From != nil && r.From.ID == me.ID {
		mentioned = true
	}
	out := gateway.Message{
		ID:           fmt.Sprintf("%d:%d", m.Chat.ID, m.ID),
		Conversation: gateway.Conversation{Channel: c.name, Chat: strconv.FormatInt(m.Chat.ID, 10)},
		Sender:       person(*m.From), Text: strings.ReplaceAll(text, "\x00", ""), Locale: m.From.Language,
		Direct: direct, Mentioned: mentioned && !direct, SentAt: time.Unix(m.Date, 0), Attachments: m.files(),
	}
	if m.EditDate > 0 {
		out.ID += fmt.Sprintf(":%d", m.EditDate)
	}
	if m.IsTopic {
		out.Conversation.Thread = strconv.FormatInt(m.Thread, 10)
	}
	return out, strings.TrimSpace(out.Text) != "" || len(out.Attachments) > 0
}

func person(u user) gateway.Person {
	return gateway.Person{ID: strconv.FormatInt(u.ID, 10), Name: strings.TrimSpace(u.FirstName + " " + u.LastName), Bot: u.IsBot}
}

// unmention takes the bot's name out of a text: "@bot how long?", "/ask@bot how long?".
func unmention(text string, entities []entity, me user) (string, bool) {
	units := utf16.Encode([]rune(text))
	name := "@" + strings.ToLower(me.Username)
	mentioned := false
	for i := len(entities) - 1; i >= 0; i-- { // from the end: the others keep their places
		e := entities[i]
		from, to := e.Offset, e.Offset+e.Length
		if from < 0 || e.Length <= 0 || to > len(units) {
			continue
		}
		word := strings.ToLower(string(utf16.Decode(units[from:to])))
		switch {
		case e.Type == "mention" && word == name, e.Type == "text_mention" && e.User != nil && e.User.ID == me.ID:
		case e.Type == "bot_command" && strings.HasSuffix(word, name):
			from = to - len(utf16.Encode([]rune(name)))
		default:
			continue
		}
		mentioned = true
		units = append(units[:from:from], units[to:]...)
	}
	if !mentioned {
		return text, false
	}
	return strings.TrimLeft(strings.TrimSpace(string(utf16.Decode(units))), ",:，： "), true
}

func (m *message) files() (list []gateway.Attachment) {
	add := func(f *file, name string) {
		if f != nil && f.ID != "" {
			if f.Name != "" {
				name = f.Name
			}
			list = append(list, gateway.Attachment{Name: name, Type: f.Type, Size: f.Size, URL: fileScheme + f.ID})
		}
	}
	add(m.Document, "document")
	add(m.Audio, "audio")
	add(m.Voice, "voice.ogg")
	add(m.Video, "video.mp4")
	if n := len(m.Photo); n > 0 { // sizes of one picture, the largest last
		add(&m.Photo[n-1], "photo.jpg")
	}
	return list
}

// reacted hands a thumb on.
func (c *Channel) reacted(ctx context.Context, me user, r *reaction) error {
	if r.User == nil || r.User.ID == me.ID || c.rate == nil {
		return nil // anonymous, or our own
	}
	rating := gateway.Rating{
		Conversation: gateway.Conversation{Channel: c.name, Chat: strconv.FormatInt(r.Chat.ID, 10)},
		Post:         strconv.FormatInt(r.Message, 10), Person: person(*r.User),
	}
	for _, x := range r.New {
		switch x.Emoji {
		case "👍":
			rating.Value = 1
		case "👎":
			rating.Value = -1
		}
	}
	if err := c.rate(ctx, rating); err != nil && !errors.Is(err, fault.NotFound) { // not found: it is no answer
		return err
	}
	return nil
}
