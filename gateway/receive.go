package gateway

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// deliver is what a channel calls for each message: it makes the message durable,
// and lets a running turn of the conversation know.
func (g *Gateway) deliver(l *link) Deliver {
	return func(ctx context.Context, m Message) error {
		m.Conversation.Channel = l.name
		if m.ID == "" || m.Conversation.Chat == "" {
			return fmt.Errorf("message without ID or chat: %w", fault.Invalid)
		}
		m.Text = strings.ReplaceAll(strings.ToValidUTF8(m.Text, "\uFFFD"), "\x00", "")
		m.Alone = g.alone(m)
		ctx, done := context.WithTimeout(ctx, ledgerTimeout)
		defer done()
		fresh, err := g.Ledger.Receive(ctx, m)
		if err != nil {
			g.event(EventRefused, l.name, "", m.SentAt)
			g.Log.Error("message not stored", "channel", l.name, "message", m.ID, "err", err)
			return fmt.Errorf("%w: %w", err, fault.Unavailable)
		}
		l.seen()
		if !fresh {
			g.event(EventDuplicate, l.name, "", m.SentAt)
			return nil
		}
		l.received()
		g.event(EventReceived, l.name, "", m.SentAt)
		g.tell(m)
		g.poke()
		return nil
	}
}

// tell lets the running turn of m's conversation know of m.
func (g *Gateway) tell(m Message) {
	isStop := g.isStop(m)
	g.mu.Lock()
	x := g.running[m.Conversation]
	if isStop {
		g.stops[m.Conversation] = stop{m.ID, m.Sender, time.Now()}
	}
	g.mu.Unlock()
	switch {
	case x == nil:
	case isStop:
		x.halt(m.Sender)
	default:
		x.followed(m)
	}
}

// register makes x the running turn of its conversation. It is stopped at once if
// that was asked for while it waited.
func (g *Gateway) register(x *turn) {
	g.mu.Lock()
	g.running[x.Conversation] = x
	s, ok := g.stops[x.Conversation]
	late := ok && (s.message == x.last.ID || x.ReceivedAt.After(s.at))
	if late { // its own turn, or one after it
		delete(g.stops, x.Conversation)
	}
	g.mu.Unlock()
	if ok && !late {
		x.halt(s.by)
	}
}

func (g *Gateway) isStop(m Message) bool {
	if m.Stop {
		return true
	}
	s, ok := g.Handler.(Stopper)
	return ok && s.Stops(m)
}

// alone reports whether m is never part of a longer question.
func (g *Gateway) alone(m Message) bool {
	return g.isStop(m) || m.Sender.Bot || strings.HasPrefix(strings.TrimSpace(m.Text), "/")
}
