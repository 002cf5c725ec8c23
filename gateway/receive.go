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
		m.Alone, m.Aside = g.alone(m), g.aside(m)
		ctx, done := context.WithTimeout(ctx, ledgerTimeout)
		defer done()
		begun := time.Now()
		fresh, err := g.Ledger.Receive(ctx, m)
		g.flow.store(time.Since(begun))
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
		if !g.tell(m) && !m.Aside { // what waits in its conversation is seen to anyway
			g.hint(hint{Conversation: &m.Conversation, Wanted: g.busy() || !l.able()})
		}
		if !m.Aside {
			g.poke()
		}
		return nil
	}
}

// tell lets the running turn of m's conversation know of m. It reports false if
// there is none here.
func (g *Gateway) tell(m Message) bool {
	g.mu.Lock()
	x := g.running[m.Conversation]
	g.mu.Unlock()
	switch {
	case x == nil:
		return false
	case g.isStop(m):
		x.halt(m.Sender)
	default:
		x.followed(m)
	}
	return true
}

// register makes x the running turn of its conversation, and says how it is removed.
func (g *Gateway) register(x *turn) (remove func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running[x.Conversation] = x
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.running[x.Conversation] == x { // it may have been lost and taken again
			delete(g.running, x.Conversation)
		}
	}
}

func (g *Gateway) isStop(m Message) bool {
	if m.Stop {
		return true
	}
	s, ok := g.Handler.(Stopper)
	return ok && s.Stops(m)
}

// aside reports whether m can be done as soon as it is received.
func (g *Gateway) aside(m Message) bool {
	i, ok := g.Handler.(Ignorer)
	return ok && !g.isStop(m) && i.Ignores(m)
}

// alone reports whether m is never part of a longer question.
func (g *Gateway) alone(m Message) bool {
	return g.isStop(m) || m.Sender.Bot || strings.HasPrefix(strings.TrimSpace(m.Text), "/")
}
