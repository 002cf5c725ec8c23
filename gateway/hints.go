package gateway

import (
	"context"
	"encoding/json"
	"time"

	"github.com/parley-im/parley/internal/live"
)

const (
	hintTopic   = "gateway"
	hintQueue   = 256
	hintsAtOnce = 12 // some 300 bytes each at most, in a payload
	hintTimeout = time.Second
	hearAgain   = 2 * time.Second // after the bus refused
)

// hint tells the other processes that something is new in the ledger. It holds
// nothing that anybody said, and nothing relies on it: what it tells is found in
// the ledger soon anyway.
type hint struct {
	Conversation *Conversation `json:"conversation,omitempty"` // a message came in here
	Wanted       bool          `json:"wanted,omitempty"`       // the sender has no worker for what waits
	Freed        string        `json:"freed,omitempty"`        // a channel that somebody else may listen to now
}

// hints are what one payload carries: many, when there is much to tell.
type hints struct {
	From string `json:"from"` // Config.Owner of the sender
	All  []hint `json:"all"`
}

// hint queues h for the others. It never waits.
func (g *Gateway) hint(h hint) {
	if g.Bus == nil {
		return
	}
	select {
	case g.hints <- h:
	default:
	}
}

// whisper sends hints until ctx ends, and then what is left of them.
func (g *Gateway) whisper(ctx context.Context) {
	publish := func(h hint) {
		all := []hint{h}
		for len(all) < hintsAtOnce && len(g.hints) > 0 {
			all = append(all, <-g.hints) // nobody else takes them
		}
		data, err := json.Marshal(hints{g.Owner, all})
		if err != nil || len(data) > live.MaxPayload { // odd conversations: they are found without
			return
		}
		call, done := context.WithTimeout(context.WithoutCancel(ctx), hintTimeout)
		defer done()
		if err := g.Bus.Publish(call, hintTopic, data); err != nil {
			g.event(EventHintLost, "", "", time.Time{})
			g.Log.Debug("hint lost", "err", err)
		}
	}
	for {
		select {
		case h := <-g.hints:
			publish(h)
		case <-ctx.Done():
			late := time.Now().Add(hintTimeout)
			for len(g.hints) > 0 && time.Now().Before(late) {
				publish(<-g.hints)
			}
			return
		}
	}
}

// hear takes the hints of others until ctx ends.
func (g *Gateway) hear(ctx context.Context) {
	for ctx.Err() == nil {
		said, err := g.Bus.Subscribe(ctx, hintTopic)
		if err != nil {
			g.Log.Debug("hints are not heard", "err", err)
			sleep(ctx, hearAgain)
			continue
		}
		g.poke() // for what was missed
		for data := range said {
			var said hints
			if json.Unmarshal(data, &said) != nil || said.From == g.Owner {
				continue
			}
			for _, h := range said.All {
				g.heed(h)
			}
		}
		sleep(ctx, hearAgain/20)
	}
}

func (g *Gateway) heed(h hint) {
	if h.Conversation != nil {
		g.mu.Lock()
		x := g.running[*h.Conversation]
		g.mu.Unlock()
		if x != nil {
			x.peek()
		}
	}
	if h.Wanted {
		g.poke()
	}
	if h.Freed != "" {
		if l := g.find(h.Freed); l != nil {
			l.try()
		}
	}
}
