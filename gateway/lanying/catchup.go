package lanying

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

const (
	mostBack = 20               // pages of one conversation
	lookBack = 15 * time.Minute // how far is read that was never read
	overlap  = 5 * time.Minute
)

// position is how far was read, in the server's time.
type position struct {
	At int64 `json:"at"` // ms
}

// Since reads the conversations in which the bot has something unread. It is the net
// under callbacks, of which Lanying offers each three times only.
func (h *hooked) Since(ctx context.Context, cursor string, deliver gateway.Deliver) (string, error) {
	from := adapter.Position[position](cursor, h.log)
	if from.At == 0 {
		from.At = time.Now().Add(-lookBack).UnixMilli()
	}
	e, err := h.call(ctx, http.MethodGet, "/message/unread", nil)
	if err != nil {
		return "", fmt.Errorf("ask what is unread: %w", err)
	}
	var list []struct {
		Conversation struct {
			UID number `json:"uid"`
		} `json:"conversation_id"`
		N number `json:"num"`
	}
	if err := json.Unmarshal(e.Data, &list); err != nil {
		return "", fmt.Errorf("ask what is unread: %w: %w", fault.Unavailable, err)
	}
	to := from
	for _, x := range list {
		if x.N == 0 || x.Conversation.UID == 0 {
			continue
		}
		at, err := h.catchUp(ctx, uint64(x.Conversation.UID), from.At-overlap.Milliseconds(), deliver)
		if err != nil {
			return "", err
		}
		to.At = max(to.At, at)
	}
	data, err := json.Marshal(to)
	return string(data), err
}

// catchUp delivers what is newer in one conversation, oldest first, marks it as read,
// and returns the time of the newest.
func (h *hooked) catchUp(ctx context.Context, opposite uint64, after int64, deliver gateway.Deliver) (newest int64, err error) {
	var all []past
	for n, start := 0, uint64(0); n == 0 || start != 0 && n < mostBack; n++ {
		list, next, err := h.history(ctx, opposite, start)
		if err != nil {
			return 0, err
		}
		start = next
		for _, p := range list {
			if int64(p.Timestamp) > after {
				all = append(all, p)
			} else {
				start = 0
			}
		}
	}
	slices.SortStableFunc(all, func(a, b past) int { return cmp.Compare(a.ID, b.ID) })
	who, err := h.login(ctx)
	if err != nil {
		return 0, err
	}
	conv := gateway.Conversation{Chat: id(opposite)}
	for _, p := range all {
		s := said{
			id: uint64(p.ID), from: uint64(p.From.UID), to: uint64(p.To.UID), group: uint64(p.To.UID) == opposite && opposite != who.id && uint64(p.From.UID) != who.id,
			kind: p.CType, content: string(p.Content), ext: string(p.Ext), config: string(p.Config), attached: string(p.Attachment), at: time.UnixMilli(int64(p.Timestamp)),
		}
		if s.group {
			conv.Chat = groupPrefix + id(opposite)
		}
		if err := h.hear(ctx, s, deliver); err != nil {
			return 0, err
		}
		newest = max(newest, int64(p.Timestamp))
	}
	if len(all) > 0 {
		h.mu.Lock()
		note(h.unread, conv.Chat, uint64(all[len(all)-1].ID))
		h.mu.Unlock()
		if err := h.markRead(ctx, conv); err != nil {
			h.log.Warn("mark as read", "err", err)
		}
	}
	return newest, nil
}
