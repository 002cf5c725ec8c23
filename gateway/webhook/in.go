package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// message is the body of POST /channels/NAME/. Unknown fields are let through, so
// that a system may send its own events as they are.
type message struct {
	ID          ident                `json:"id"`
	Chat        ident                `json:"chat"`
	Thread      ident                `json:"thread"`
	Sender      sender               `json:"sender"`
	Text        string               `json:"text"`
	Direct      bool                 `json:"direct"`
	Mentioned   bool                 `json:"mentioned"`
	Stop        bool                 `json:"stop"`
	Locale      string               `json:"locale"`
	SentAt      instant              `json:"sent_at"`
	Attachments []gateway.Attachment `json:"attachments"`
}

type sender struct {
	ID   ident  `json:"id"`
	Name string `json:"name"`
	Bot  bool   `json:"bot"`
}

// rating is the body of POST /channels/NAME/ratings.
type rating struct {
	Post   ident  `json:"post"`
	Chat   ident  `json:"chat"`
	Thread ident  `json:"thread"`
	Sender sender `json:"sender"`
	Value  *int   `json:"value"`
	Reason string `json:"reason"`
}

func decodeMessage(channel string, body []byte, now time.Time) (gateway.Message, error) {
	var m message
	if err := decode(body, &m); err != nil {
		return gateway.Message{}, err
	}
	if err := required("id", m.ID, "chat", m.Chat, "sender.id", m.Sender.ID); err != nil {
		return gateway.Message{}, err
	}
	text := strings.ReplaceAll(m.Text, "\x00", "") // no store can be relied on to keep it
	if strings.TrimSpace(text) == "" && !m.Stop && len(m.Attachments) == 0 {
		return gateway.Message{}, invalid("text", "must not be empty")
	}
	if m.SentAt.IsZero() {
		m.SentAt.Time = now
	}
	return gateway.Message{
		ID:           string(m.ID),
		Conversation: gateway.Conversation{Channel: channel, Chat: string(m.Chat), Thread: string(m.Thread)},
		Sender:       gateway.Person{ID: string(m.Sender.ID), Name: m.Sender.Name, Bot: m.Sender.Bot},
		Text:         text,
		Locale:       m.Locale,
		Direct:       m.Direct,
		Mentioned:    m.Mentioned,
		Stop:         m.Stop,
		Attachments:  m.Attachments,
		SentAt:       m.SentAt.Time,
	}, nil
}

func decodeRating(channel string, body []byte) (gateway.Rating, error) {
	var r rating
	if err := decode(body, &r); err != nil {
		return gateway.Rating{}, err
	}
	if err := required("post", r.Post, "chat", r.Chat, "sender.id", r.Sender.ID); err != nil {
		return gateway.Rating{}, err
	}
	if r.Value == nil || *r.Value < -1 || *r.Value > 1 {
		return gateway.Rating{}, invalid("value", "must be 1, -1 or 0")
	}
	return gateway.Rating{
		Conversation: gateway.Conversation{Channel: channel, Chat: string(r.Chat), Thread: string(r.Thread)},
		Post:         string(r.Post),
		Person:       gateway.Person{ID: string(r.Sender.ID), Name: r.Sender.Name, Bot: r.Sender.Bot},
		Value:        *r.Value,
		Reason:       r.Reason,
	}, nil
}

// fieldError says what is wrong with one field of a body.
type fieldError struct{ Field, Message string }

func (e *fieldError) Error() string { return strings.TrimSpace(e.Field + " " + e.Message) }
func (e *fieldError) Unwrap() error { return fault.Invalid }

func invalid(field, format string, args ...any) error {
	return &fieldError{field, fmt.Sprintf(format, args...)}
}

func required(pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1].(ident) == "" {
			return invalid(pairs[i].(string), "must be a string or a number, and not empty")
		}
	}
	return nil
}

// decode reads one JSON object and says which field is wrong.
func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	err := d.Decode(into)
	if err == nil {
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return invalid("", "the body must be one JSON object and nothing else")
		}
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return invalid(wrong.Field, "must be %s, not %s", kind(wrong.Type), wrong.Value)
	}
	return invalid("", "the body must be a JSON object in UTF-8 (it breaks off or goes wrong at byte %d)", d.InputOffset())
}

func kind(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[ident]():
		return "a string or a number"
	case reflect.TypeFor[instant]():
		return "a time like 2026-11-23T20:15:00Z or unix seconds"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "an object"
	}
	return "a whole number"
}

// ident is an ID that may come as a string or as a number. A number keeps its
// digits as they were written: an ID of 19 digits does not survive a float.
type ident string

func (i *ident) UnmarshalJSON(raw []byte) error {
	switch c := raw[0]; {
	case c == 'n': // null
		return nil
	case c == '-' || (c >= '0' && c <= '9'):
		*i = ident(raw)
		return nil
	case c == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		if len(s) <= 512 && !strings.Contains(s, "\x00") {
			*i = ident(s)
			return nil
		}
		return &json.UnmarshalTypeError{Value: "a string that is longer than 512 bytes or holds NUL", Type: reflect.TypeFor[ident]()}
	}
	return &json.UnmarshalTypeError{Value: named(raw[0]), Type: reflect.TypeFor[ident]()}
}

// instant is a time in RFC 3339 or in unix seconds.
type instant struct{ time.Time }

func (i *instant) UnmarshalJSON(raw []byte) error {
	switch c := raw[0]; {
	case c == 'n':
		return nil
	case c == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		if t, err := time.Parse(time.RFC3339, s); err == nil && t.Year() >= 1970 {
			i.Time = t
			return nil
		}
		return &json.UnmarshalTypeError{Value: "such a string", Type: reflect.TypeFor[instant]()}
	default:
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil && n > 0 && n < 1<<33 {
			i.Time = time.Unix(n, 0)
			return nil
		}
	}
	return &json.UnmarshalTypeError{Value: named(raw[0]), Type: reflect.TypeFor[instant]()}
}

func named(first byte) string {
	switch first {
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "bool"
	}
	return "such a number"
}
