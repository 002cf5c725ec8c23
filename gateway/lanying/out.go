package lanying

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// Content types of the API.
const (
	typeText    = 0
	typeReadAck = 9
	typeAppend  = 11
	typeReplace = 12
)

// message is the body of /message/send.
type message struct {
	Type        int      `json:"type"` // 1: user, 2: group
	Targets     []uint64 `json:"targets"`
	ContentType int      `json:"content_type"`
	Content     string   `json:"content"`
	From        uint64   `json:"from_user_id"`
	Ext         string   `json:"ext,omitempty"`
	Config      string   `json:"config,omitempty"`
	Related     uint64   `json:"related_mid,omitempty"`
	OnlineOnly  bool     `json:"online_only"`
	Transaction int64    `json:"transaction_id,omitempty"` // a repeat within a short time is not executed
}

// send makes one request out of an answer, or of a piece of one, and returns the ID that
// Lanying gave it, or 0.
func (c *Channel) send(ctx context.Context, out gateway.Outgoing, m message, seq int) (uint64, error) {
	kind, to, err := target(out.Conversation)
	if err != nil {
		return 0, err
	}
	who, err := c.login(ctx)
	if err != nil {
		return 0, err
	}
	m.Type, m.Targets, m.From = kind, []uint64{to}, who.id
	if m.Ext, err = c.extFor(out, seq); err != nil {
		return 0, err
	}
	if c.set.Notice != "" {
		text, err := json.Marshal(map[string]string{"antispam_prompt": c.set.Notice})
		if err != nil {
			return 0, fmt.Errorf("encode config: %w", err)
		}
		m.Config = string(text)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(out.Key + "/" + strconv.Itoa(m.ContentType) + "/" + strconv.Itoa(seq)))
	m.Transaction = int64(h.Sum64() >> 2)
	e, err := c.call(ctx, http.MethodPost, "/message/send", m)
	if err != nil || len(e.IDs) == 0 {
		return 0, err
	}
	return uint64(e.IDs[0]), nil
}

// extFor is what the vendor's clients expect of an AI's message.
func (c *Channel) extFor(out gateway.Outgoing, seq int) (string, error) {
	ai := map[string]any{"role": "ai", "stream": !out.Final || seq > 1}
	if !out.Final || seq > 1 {
		ai["stream_interval"], ai["seq"], ai["finish"] = int(c.set.Pace.Seconds()), seq, out.Final
	}
	if out.Final && seq > 1 {
		ai["finish_reason"] = "stop"
	}
	if out.InReplyTo != "" {
		ai["request_msg_id"] = out.InReplyTo
	}
	text, err := json.Marshal(map[string]any{"ai": ai, "parley": map[string]string{"key": out.Key}})
	if err != nil {
		return "", fmt.Errorf("encode ext: %w", err)
	}
	return string(text), nil
}

// Post sends an answer, or its beginning.
func (c *Channel) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	mid, err := c.send(ctx, out, message{ContentType: typeText, Content: out.Text}, 1)
	if err != nil {
		return "", fmt.Errorf("post: %w", err)
	}
	if mid == 0 { // a repeat, perhaps: then it is there
		post, err := c.Find(ctx, out.Conversation, out.Key)
		if err == nil && post == "" {
			err = fmt.Errorf("lanying told no ID of the message: %w", fault.Unavailable)
		}
		return post, err
	}
	c.loop.spoke(out.Text)
	c.grow(id(mid), out, 1)
	return id(mid), nil
}

// past is a message as the history has it.
type past struct {
	ID   number `json:"msg_id"`
	From struct {
		UID number `json:"uid"`
	} `json:"from_xid"`
	To struct {
		UID number `json:"uid"`
	} `json:"to_xid"`
	Content    text   `json:"content"`
	CType      string `json:"ctype"`
	Config     text   `json:"config"`
	Ext        text   `json:"ext"`
	Attachment text   `json:"attachment"`
	Timestamp  number `json:"timestamp"`
}

const (
	historyPage = 100
	findPages   = 3
)

// history reads a page of the messages with a user or in a group, the newest before
// start; 0: the newest of all. next is 0 at the end.
func (c *Channel) history(ctx context.Context, opposite, start uint64) (list []past, next uint64, err error) {
	e, err := c.call(ctx, http.MethodGet, "/message/conversation?opposite_id="+id(opposite)+"&msg_id_start="+id(start)+"&limit="+strconv.Itoa(historyPage), nil)
	if err != nil {
		return nil, 0, fmt.Errorf("read the history: %w", err)
	}
	var got struct {
		Last bool   `json:"is_last"`
		Next number `json:"next_msg_id"`
		List []past `json:"messages"`
	}
	if err := json.Unmarshal(e.Data, &got); err != nil {
		return nil, 0, fmt.Errorf("read the history: %w: %w", fault.Unavailable, err)
	}
	if got.Last {
		got.Next = 0
	}
	return got.List, uint64(got.Next), nil
}

// Find looks for a message with our key among the newest.
func (c *Channel) Find(ctx context.Context, conv gateway.Conversation, key string) (string, error) {
	_, to, err := target(conv)
	if err != nil {
		return "", err
	}
	who, err := c.login(ctx)
	if err != nil {
		return "", err
	}
	for n, start := 0, uint64(0); n == 0 || start != 0 && n < findPages; n++ {
		list, next, err := c.history(ctx, to, start)
		if err != nil {
			return "", err
		}
		for _, p := range list {
			if uint64(p.From.UID) == who.id && extOf(string(p.Ext)).Parley.Key == key {
				return id(uint64(p.ID)), nil
			}
		}
		start = next
	}
	return "", nil
}
