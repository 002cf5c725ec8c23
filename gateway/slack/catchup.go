package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
)

const (
	pageSize = 200
	mostBack = 10               // pages of one channel or thread
	lookBack = 15 * time.Minute // how far is read that was never read
	overlap  = time.Minute
	rootsFor = 24 * time.Hour   // how old a thread's first message may be
	atLeast  = 10 * time.Minute // it is read this often even when the connection held: Slack limits how often one may
)

// position is how far was read, in Slack's time.
type position struct {
	At float64 `json:"at"` // seconds
}

func stamp(seconds float64) string { return strconv.FormatFloat(max(0, seconds), 'f', 6, 64) }

func seconds(ts string) float64 { n, _ := strconv.ParseFloat(ts, 64); return n }

// Since reads all channels of which the bot is a member. While the connection holds, it
// brings everything.
func (c *Channel) Since(ctx context.Context, cursor string, deliver gateway.Deliver) (string, error) {
	from := adapter.Position[position](cursor, c.log)
	c.mu.Lock()
	idle := c.steady && from.At > 0 && time.Since(c.swept) < atLeast
	c.mu.Unlock()
	if idle {
		return cursor, nil
	}
	to, err := c.sweep(ctx, from, deliver)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.last, c.swept = to, time.Now()
	c.mu.Unlock()
	data, err := json.Marshal(to)
	return string(data), err
}

// hold notes whether the connection holds.
func (c *Channel) hold(steady bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steady = steady
}

// again reads from where Since read to: between the two something may have come.
func (c *Channel) again(ctx context.Context, deliver gateway.Deliver) error {
	c.mu.Lock()
	from := c.last
	c.mu.Unlock()
	if from.At == 0 {
		return nil // nothing was read yet: what comes is live
	}
	_, err := c.sweep(ctx, from, deliver)
	return err
}

func (c *Channel) sweep(ctx context.Context, from position, deliver gateway.Deliver) (position, error) {
	after := from.At - overlap.Seconds()
	if from.At == 0 {
		from.At = float64(time.Now().Add(-lookBack).Unix())
		after = from.At
	}
	channels, err := c.channels(ctx)
	if err != nil {
		return from, fmt.Errorf("list channels: %w", err)
	}
	to := from
	for _, ch := range channels {
		all, err := c.news(ctx, ch, after)
		if err != nil {
			return from, fmt.Errorf("read channel %s: %w", ch.ID, err)
		}
		for _, e := range all {
			if err := c.hear(ctx, e, deliver); err != nil {
				return from, err
			}
			to.At = max(to.At, seconds(e.TS))
		}
	}
	return to, nil
}

// channels lists where the bot is a member.
func (c *Channel) channels(ctx context.Context) (all []api.Channel, err error) {
	q := api.GetConversationsForUserParameters{Types: []string{"public_channel", "private_channel", "mpim", "im"}, Limit: pageSize, ExcludeArchived: true}
	for range mostBack {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		page, next, err := c.api.GetConversationsForUserContext(ctx, &q)
		cancel()
		if err != nil {
			return nil, refusal(err)
		}
		all = append(all, page...)
		if q.Cursor = next; next == "" {
			break
		}
	}
	return all, nil
}

// news is what is newer in a channel and in its threads, oldest first.
func (c *Channel) news(ctx context.Context, ch api.Channel, after float64) (list []event, err error) {
	all, err := c.history(ctx, ch.ID, stamp(min(after, float64(time.Now().Add(-rootsFor).Unix()))), false)
	if err != nil {
		return nil, err
	}
	kind := "channel"
	if ch.IsIM {
		kind = "im"
	}
	for _, m := range all {
		if seconds(m.Timestamp) > after {
			list = append(list, eventOf(m, ch.ID, kind))
		}
		if m.ReplyCount == 0 || seconds(m.LatestReply) <= after {
			continue
		}
		replies, err := c.replies(ctx, ch.ID, m.Timestamp, stamp(after), false)
		if err != nil {
			return nil, err
		}
		for _, r := range replies {
			if r.Timestamp != m.Timestamp && seconds(r.Timestamp) > after {
				list = append(list, eventOf(r, ch.ID, kind))
			}
		}
	}
	slices.SortStableFunc(list, func(a, b event) int { return strings.Compare(a.TS, b.TS) })
	return slices.CompactFunc(list, func(a, b event) bool { return a.TS == b.TS }), nil
}

// eventOf makes of a message in a history what it would have been live.
func eventOf(m api.Message, channel, kind string) event {
	e := event{Type: "message", Subtype: m.SubType, Channel: channel, ChannelType: kind, User: m.User, BotID: m.BotID, Text: m.Text, TS: m.Timestamp, ThreadTS: m.ThreadTimestamp}
	if m.Edited != nil {
		e.Edited = &edit{m.Edited.Timestamp}
	}
	for _, f := range m.Files {
		e.Files = append(e.Files, file{f.ID, f.Name, f.Mimetype, int64(f.Size)})
	}
	return e
}

// history reads a channel, newest first, back to a time; "": the newest page.
func (c *Channel) history(ctx context.Context, channel, oldest string, metadata bool) (all []api.Message, err error) {
	q := api.GetConversationHistoryParameters{ChannelID: channel, Oldest: oldest, Limit: pageSize, IncludeAllMetadata: metadata}
	for range mostBack {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		page, err := c.api.GetConversationHistoryContext(ctx, &q)
		cancel()
		if err != nil {
			return nil, refusal(err)
		}
		all = append(all, page.Messages...)
		if q.Cursor = page.ResponseMetaData.NextCursor; q.Cursor == "" || oldest == "" {
			break
		}
	}
	return all, nil
}

// replies reads a thread, or one message of it, oldest first.
func (c *Channel) replies(ctx context.Context, channel, ts, oldest string, metadata bool) (all []api.Message, err error) {
	q := api.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts, Oldest: oldest, Limit: pageSize, IncludeAllMetadata: metadata}
	for range mostBack {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		page, _, next, err := c.api.GetConversationRepliesContext(ctx, &q)
		cancel()
		if err != nil {
			return nil, refusal(err)
		}
		all = append(all, page...)
		if q.Cursor = next; next == "" {
			break
		}
	}
	return all, nil
}
