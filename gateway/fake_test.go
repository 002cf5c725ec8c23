package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// platform is a chat platform in memory, and a channel to it.
type platform struct {
	gateway.Inbox
	profile gateway.Profile
	edits   bool // what it can do, beside posting
	finds   bool

	mu     sync.Mutex
	posts  []posted
	typed  int
	calls  []string                                      // "post k", "edit k", in order
	refuse func(call string, out gateway.Outgoing) error // before anything happens
	lose   func(call string, out gateway.Outgoing) error // after it happened
	past   []gateway.Message                             // for Since
	listen func(ctx context.Context) error               // in place of the Inbox
}

type posted struct {
	ID, Key, ReplyTo, Text string
	Chat                   gateway.Conversation
	Final, Notice          bool
	Sources                int
	Edits                  int
	At                     time.Time // of the last change
}

var _ gateway.Channel = (*platform)(nil)

func (p *platform) Profile() gateway.Profile { return p.profile }

func (p *platform) Listen(ctx context.Context, deliver gateway.Deliver) error {
	if p.listen != nil {
		if err := p.listen(ctx); err != nil {
			return err
		}
	}
	return p.Inbox.Listen(ctx, deliver)
}

func (p *platform) hook(h func(string, gateway.Outgoing) error, call string, out gateway.Outgoing) error {
	if h == nil {
		return nil
	}
	return h(call, out)
}

func (p *platform) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, "post")
	if err := p.hook(p.refuse, "post", out); err != nil {
		return "", err
	}
	id := ""
	if i := slices.IndexFunc(p.posts, func(x posted) bool { return x.Key == out.Key }); i >= 0 && p.profile.Dedupes {
		id = p.posts[i].ID
	} else {
		id = fmt.Sprint("p", len(p.posts)+1)
		p.posts = append(p.posts, posted{ID: id, Key: out.Key, ReplyTo: out.InReplyTo, Text: out.Text, Chat: out.Conversation,
			Final: out.Final, Notice: out.Notice, Sources: len(out.Sources), At: time.Now()})
	}
	return id, p.hook(p.lose, "post", out)
}

func (p *platform) edit(_ context.Context, id string, out gateway.Outgoing) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, "edit")
	if err := p.hook(p.refuse, "edit", out); err != nil {
		return err
	}
	i := slices.IndexFunc(p.posts, func(x posted) bool { return x.ID == id })
	if i < 0 {
		return fmt.Errorf("edit %s: %w", id, fault.NotFound)
	}
	x := &p.posts[i]
	x.Text, x.Final, x.Notice, x.Sources, x.At = out.Text, out.Final, out.Notice, len(out.Sources), time.Now()
	x.Edits++
	return p.hook(p.lose, "edit", out)
}

func (p *platform) find(_ context.Context, c gateway.Conversation, key string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.posts {
		if x.Key == key && x.Chat == c {
			return x.ID, nil
		}
	}
	return "", nil
}

func (p *platform) Typing(context.Context, gateway.Conversation) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.typed++
	return nil
}

// signs counts the typing signs.
func (p *platform) signs() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.typed
}

// shown is what people see in a chat, or in all of them.
func (p *platform) shown(chat string) []posted {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []posted
	for _, x := range p.posts {
		if chat == "" || x.Chat.Chat == chat {
			all = append(all, x)
		}
	}
	return all
}

func (p *platform) count(call string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		if c == call {
			n++
		}
	}
	return n
}

// channel is the platform with just the abilities it has.
func (p *platform) channel() gateway.Channel {
	switch {
	case p.edits && p.finds:
		return &editorFinder{p}
	case p.edits:
		return &editor{p}
	case p.finds:
		return &finder{p}
	}
	return p
}

type editor struct{ *platform }

func (e *editor) Edit(ctx context.Context, id string, out gateway.Outgoing) error {
	return e.edit(ctx, id, out)
}

type finder struct{ *platform }

func (f *finder) Find(ctx context.Context, c gateway.Conversation, key string) (string, error) {
	return f.find(ctx, c, key)
}

type editorFinder struct{ *platform }

func (e *editorFinder) Edit(ctx context.Context, id string, out gateway.Outgoing) error {
	return e.edit(ctx, id, out)
}
func (e *editorFinder) Find(ctx context.Context, c gateway.Conversation, key string) (string, error) {
	return e.find(ctx, c, key)
}
