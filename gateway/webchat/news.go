package webchat

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/webchat/growth"
	"github.com/parley-im/parley/internal/live"
)

const (
	newsQueue   = 1024
	newsTimeout = time.Second
	hearAgain   = 2 * time.Second // after the bus refused
)

// news is what the replicas tell each other of a visitor's chats. It says where to
// look in the Store, and carries what is not there: signs, and how an answer grows.
type news struct {
	From   string        `json:"from"` // of the process
	What   string        `json:"what"` // stored, another, typing, grows
	Chat   string        `json:"chat"`
	ID     string        `json:"id,omitempty"` // grows: of the answer
	Notice bool          `json:"notice,omitempty"`
	Piece  *growth.Piece `json:"piece,omitempty"`
}

const (
	newsStored  = "stored"  // something changed in the Store
	newsAnother = "another" // the visitor began another chat; Chat is any of theirs
	newsTyping  = "typing"
	newsGrows   = "grows"
)

// topic is the channel's own on the bus, whatever its name is made of.
func topic(channel string) string {
	sum := sha256.Sum256([]byte(channel))
	return "webchat." + hex.EncodeToString(sum[:8])
}

// spread queues n for the other replicas. It never waits: what is lost is found in
// the Store, and the next whole text of a growing answer makes up for its pieces.
func (c *Channel) spread(n news) {
	if c.bus == nil {
		return
	}
	n.From = c.id
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(n) != nil || b.Len() > live.MaxPayload {
		return
	}
	select {
	case c.news <- b.Bytes():
	default:
	}
}

// Listen takes what visitors say until ctx ends, and beside it keeps the tabs that
// are open here up to date with what other replicas write.
func (c *Channel) Listen(ctx context.Context, deliver gateway.Deliver) error {
	if c.bus == nil {
		return c.Inbox.Listen(ctx, deliver)
	}
	beside, stop := context.WithCancel(ctx)
	ended := make(chan struct{}, 3)
	for _, f := range []func(context.Context){c.tellOthers, c.hearOthers, c.watch} {
		go func() {
			defer func() { ended <- struct{}{} }()
			f(beside)
		}()
	}
	defer func() {
		stop()
		for range 3 {
			<-ended
		}
	}()
	return c.Inbox.Listen(ctx, deliver)
}

func (c *Channel) tellOthers(ctx context.Context) {
	where := topic(c.name)
	publish := func(data []byte) {
		call, done := context.WithTimeout(context.WithoutCancel(ctx), newsTimeout)
		defer done()
		if err := c.bus.Publish(call, where, data); err != nil {
			c.log.Debug("webchat news lost", "err", err)
		}
	}
	for {
		select {
		case data := <-c.news:
			publish(data)
		case <-ctx.Done():
			late := time.Now().Add(newsTimeout)
			for len(c.news) > 0 && time.Now().Before(late) {
				publish(<-c.news)
			}
			return
		}
	}
}

func (c *Channel) hearOthers(ctx context.Context) {
	for ctx.Err() == nil {
		heard, err := c.bus.Subscribe(ctx, topic(c.name))
		if err != nil {
			c.log.Debug("webchat news are not heard", "err", err)
			pause(ctx, hearAgain)
			continue
		}
		for data := range heard {
			var n news
			if json.Unmarshal(data, &n) == nil && n.From != c.id {
				c.heed(ctx, n)
			}
		}
		pause(ctx, hearAgain/20)
	}
}

// heed shows news to the visitor's tabs, if there are any here.
func (c *Channel) heed(ctx context.Context, n news) {
	visitor, err := visitorOf(n.Chat)
	if err != nil {
		return
	}
	x, leave, ok := c.rooms.visit(visitor)
	if !ok {
		return
	}
	defer leave()
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.sockets) == 0 {
		return
	}
	switch n.What {
	case newsTyping:
		x.tell(n.Chat, sign{"typing"})
	case newsGrows:
		c.grows(ctx, x, n)
	case newsStored:
		c.refresh(ctx, x, false)
	case newsAnother:
		c.refresh(ctx, x, true)
	}
}

// grows shows how an answer grows that another replica writes. The caller holds x.mu.
func (c *Channel) grows(ctx context.Context, x *room, n news) {
	if n.Piece == nil {
		return
	}
	key := draftKey(n.Chat, n.ID)
	d, ok := x.drafts[key]
	if !ok { // not heard of yet
		c.refresh(ctx, x, false)
		if d, ok = x.drafts[key]; !ok {
			return // it is final by now, or in another chat
		}
	}
	if d.by != n.From {
		if n.Piece.From > 0 {
			return // who took over begins with the whole text
		}
		d.by = n.From
	}
	text, whole := d.reader.Apply(*n.Piece)
	d.at = time.Now()
	if whole {
		d.entry.Text, d.entry.Notice = text, n.Notice
		x.tell(n.Chat, edit{Type: "edit", ID: n.ID, Text: text, Sources: d.entry.Sources, Notice: n.Notice})
	}
	x.drafts[key] = d
}

// pause reports whether d passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
