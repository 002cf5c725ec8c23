package webchat

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// The frames are documented in docs/webchat.md; client/src/protocol.ts is the
// other side. One JSON object a frame.

// asked is any frame that a browser sends.
type asked struct {
	Type   string `json:"type"`   // hello, say, stop, rate, new, ping
	Token  string `json:"token"`  // hello: who the visitor is, where cookies do not serve
	Locale string `json:"locale"` // hello, say
	ID     string `json:"id"`     // say: a UUID, the same when it is sent again
	Text   string `json:"text"`
	Post   string `json:"post"` // rate: ID of the answer
	Value  int    `json:"value"`
	Reason string `json:"reason"`
}

// read decodes a frame. What is wrong with it is fault.Invalid.
func read(data []byte) (asked, error) {
	var f asked
	if err := json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("read frame: %w: %w", fault.Invalid, err)
	}
	f.Text = strings.ReplaceAll(f.Text, "\x00", "")
	f.Reason = strings.ReplaceAll(f.Reason, "\x00", "")
	if !localeLike(f.Locale) {
		f.Locale = ""
	}
	return f, nil
}

func localeLike(s string) bool {
	for _, r := range s {
		if r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return len(s) <= 35
}

// The frames that the server sends.
type (
	welcome struct {
		Type    string `json:"type"`
		Token   string `json:"token,omitempty"` // to be kept and sent in the next hello; not on our own pages
		Chat    string `json:"chat"`
		History []said `json:"history"`
	}
	// said is what somebody said: type "said" by the visitor, "post" by the bot. It
	// is the same in the history.
	said struct {
		Type      string           `json:"type"`
		ID        string           `json:"id"`
		Seq       int64            `json:"seq"`
		Text      string           `json:"text"`
		InReplyTo string           `json:"in_reply_to,omitempty"`
		Sources   []gateway.Source `json:"sources,omitempty"`
		Final     bool             `json:"final"`
		Notice    bool             `json:"notice,omitempty"`
		Rating    int              `json:"rating,omitempty"`
		At        time.Time        `json:"at"`
	}
	edit struct {
		Type    string           `json:"type"`
		ID      string           `json:"id"`
		Text    string           `json:"text"`
		Sources []gateway.Source `json:"sources,omitempty"`
		Final   bool             `json:"final"`
		Notice  bool             `json:"notice,omitempty"`
	}
	ack struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	refused struct {
		Type       string `json:"type"`
		ID         string `json:"id,omitempty"` // of what was said or rated
		Code       string `json:"code"`
		RetryAfter int    `json:"retry_after,omitempty"` // seconds
	}
	rated struct {
		Type  string `json:"type"`
		Post  string `json:"post"`
		Value int    `json:"value"`
	}
	sign struct {
		Type string `json:"type"` // typing, pong
	}
)

// The codes of refused. The browser has a sentence for each, in two languages.
const (
	codeInvalid     = "invalid"
	codeTooLong     = "too_long"
	codeRateLimited = "rate_limited"
	codeUnavailable = "unavailable" // the browser sends it again by itself
	codeNotFound    = "not_found"
	codeTooMany     = "too_many_tabs"
)

func shown(e Entry) said {
	f := said{
		Type: "said", ID: e.ID, Seq: e.Seq, Text: e.Text, InReplyTo: e.InReplyTo,
		Sources: e.Sources, Final: e.Final, Notice: e.Notice, Rating: e.Rating, At: e.At,
	}
	if e.Bot {
		f.Type = "post"
	}
	return f
}

func encode(frame any) []byte {
	data, err := json.Marshal(frame)
	if err != nil {
		panic("webchat: encode frame: " + err.Error()) // the types above can all be encoded
	}
	return data
}
