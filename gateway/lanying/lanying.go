// Package lanying joins a bot user of Lanying IM.
//
// Messages come as callbacks (callback.go) or over the long connection of web clients
// (socket.go, which stands on package floo). in.go reads what both bring. Out they go
// over REST in both cases (out.go; rest.go makes the calls, account.go knows who the bot
// is and where the servers are). An answer grows by APPEND and ends with REPLACE
// (growth.go). catchup.go reads what callbacks did not bring, file.go opens files, and
// loop.go notices other machines.
//
// Source: the vendor's public documentation, and what its web client was seen to do.
package lanying

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

// Channel is one bot user. It lacks a way for messages to come in, which one of the
// types around it has.
type Channel struct {
	name   string
	set    settings
	tls    *tls.Config
	client *http.Client
	seen   func()
	log    *slog.Logger
	loop   loop

	loggingIn sync.Mutex
	mu        sync.Mutex
	who       account
	grown     map[string]growth // by post: answers that grow
	unread    map[string]uint64 // by chat: the last message that was not marked as read
}

// hooked is a Channel that Lanying calls.
type hooked struct {
	*Channel
	gateway.Inbox
}

// held is a Channel that holds a connection.
type held struct {
	*Channel
	line line
}

var (
	_ gateway.Channel    = (*hooked)(nil)
	_ gateway.Catcher    = (*hooked)(nil)
	_ http.Handler       = (*hooked)(nil)
	_ gateway.Channel    = (*held)(nil)
	_ gateway.Profiler   = (*Channel)(nil)
	_ gateway.Editor     = (*Channel)(nil)
	_ gateway.Typer      = (*hooked)(nil)
	_ gateway.Typer      = (*held)(nil)
	_ gateway.Finder     = (*Channel)(nil)
	_ gateway.Fetcher    = (*Channel)(nil)
	_ gateway.Identified = (*Channel)(nil)
	_ gateway.Open       = Open
)

// Open makes the channel.
func Open(setup gateway.Setup) (gateway.Channel, error) {
	s := defaults()
	if err := setup.Decode(&s); err != nil {
		return nil, err
	}
	err := s.check()
	var config *tls.Config
	if err == nil {
		config, err = s.tls()
	}
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", setup.Name, err)
	}
	client := adapter.Pinned(setup.Client)
	if config != nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.TLSClientConfig = config
		client.Transport = t
	}
	c := &Channel{
		name: setup.Name, set: s, tls: config, client: client, seen: setup.Seen, log: setup.Log,
		grown: map[string]growth{}, unread: map[string]uint64{},
	}
	if c.seen == nil {
		c.seen = func() {}
	}
	if s.Receive == bySocket {
		return &held{Channel: c}, nil
	}
	return &hooked{Channel: c}, nil
}

// Profile tells what Lanying's clients show: Markdown, in messages of at most 2,000
// characters as the vendor's own bots write them.
func (c *Channel) Profile() gateway.Profile {
	p := gateway.Profile{Format: gateway.Markdown, MaxText: 2000, Pace: c.set.Pace}
	if c.set.Receive == bySocket {
		p.Once, p.Silence = true, 3*c.set.Ping
	}
	return p
}

// Account is the app and the bot in it.
func (c *Channel) Account() string {
	if c.set.Bot != "" {
		return c.set.AppID + " " + c.set.Bot
	}
	return c.set.AppID + " " + strings.ToLower(c.set.Username)
}

// groupPrefix begins the chats that are groups: users and groups share their numbers.
const groupPrefix = "group:"

// target is where a conversation is: what the API calls type and target.
func target(conv gateway.Conversation) (kind int, to uint64, err error) {
	kind = 1
	text, group := strings.CutPrefix(conv.Chat, groupPrefix)
	if group {
		kind = 2
	}
	to, err = parse(text)
	return kind, to, err
}

// markRead shows people that the bot has seen what they wrote, once for each message.
func (c *Channel) markRead(ctx context.Context, conv gateway.Conversation) error {
	c.mu.Lock()
	mid := c.unread[conv.Chat]
	delete(c.unread, conv.Chat)
	c.mu.Unlock()
	if mid == 0 {
		return nil
	}
	kind, to, err := target(conv)
	if err != nil {
		return err
	}
	who, err := c.login(ctx)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, http.MethodPost, "/message/send", message{
		Type: kind, Targets: []uint64{to}, ContentType: typeReadAck, From: who.id, Related: mid,
	})
	return err
}

// Typing marks what was asked as read: over REST there is no sign of typing.
func (h *hooked) Typing(ctx context.Context, conv gateway.Conversation) error {
	return h.markRead(ctx, conv)
}

func note(into map[string]uint64, chat string, mid uint64) {
	if len(into) > 10_000 {
		clear(into)
	}
	into[chat] = max(into[chat], mid)
}

var errSilent = fault.Say(fault.Unavailable, "lanying_deaf", "Nothing was heard from the Lanying server for too long; the connection is made anew.")
