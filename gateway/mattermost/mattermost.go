// Package mattermost joins a bot account of a Mattermost server, over REST (version 4)
// and its WebSocket.
//
// What comes live (socket.go) may have gaps, which the numbers of the events tell;
// catchup.go reads what was missed over REST, from a position in the server's own time.
// in.go reads posts and decides which of them name the bot, people.go knows who wrote
// them, out.go posts with our key in the post's properties, where Find finds it, file.go
// opens files, api.go makes the calls.
//
// Source: the public API reference, and what is known of pending_post_id (30 s) and of
// the replay after a reconnect (one node only): neither is relied on.
package mattermost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

type settings struct {
	URL   string        `yaml:"url"`   // of the server
	Token string        `yaml:"token"` // of the bot account
	Pace  time.Duration `yaml:"pace"`  // least time between two edits
	Ping  time.Duration `yaml:"ping"`  // how often the server is asked whether it is there
}

func (s settings) check() error {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fault.Say(fault.Invalid, "settings", format, args...))
	}
	if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		bad("url must be the address of the Mattermost server, like https://chat.example.com")
	}
	if strings.TrimSpace(s.Token) == "" || strings.ContainsAny(s.Token, " \r\n") {
		bad("token must be the access token of the bot account")
	}
	if s.Pace < 100*time.Millisecond {
		bad("pace must be at least 100ms")
	}
	if s.Ping < 100*time.Millisecond || s.Ping > time.Minute {
		bad("ping must lie between 100ms and 1m")
	}
	return errors.Join(wrong...)
}

// Channel is one bot account.
type Channel struct {
	name   string
	set    settings
	client *http.Client
	seen   func()
	rate   func(context.Context, gateway.Rating) error
	log    *slog.Logger

	users   adapter.Memory[user]
	types   adapter.Memory[string] // of chats
	threads adapter.Memory[bool]   // by root: the bot is spoken to in it

	mu   sync.Mutex
	me   user
	last position // how far Since read
}

var (
	_ gateway.Channel    = (*Channel)(nil)
	_ gateway.Profiler   = (*Channel)(nil)
	_ gateway.Editor     = (*Channel)(nil)
	_ gateway.Typer      = (*Channel)(nil)
	_ gateway.Finder     = (*Channel)(nil)
	_ gateway.Catcher    = (*Channel)(nil)
	_ gateway.Fetcher    = (*Channel)(nil)
	_ gateway.Identified = (*Channel)(nil)
	_ gateway.Open       = Open
)

// Open makes the channel.
func Open(setup gateway.Setup) (gateway.Channel, error) {
	s := settings{Pace: time.Second, Ping: 10 * time.Second}
	if err := setup.Decode(&s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("channel %s: %w", setup.Name, err)
	}
	s.URL = strings.TrimRight(s.URL, "/")
	return &Channel{name: setup.Name, set: s, client: adapter.Pinned(setup.Client), seen: setup.Seen, rate: setup.Rate, log: setup.Log}, nil
}

// Profile tells what Mattermost shows: Markdown, 16,383 characters in a post.
func (c *Channel) Profile() gateway.Profile {
	return gateway.Profile{Format: gateway.Markdown, MaxText: 16_000, Pace: c.set.Pace, Once: true, Silence: 3 * c.set.Ping}
}

// Account is the server and a fingerprint of the token: who the bot is only the server
// could tell, and a token has one bot.
func (c *Channel) Account() string {
	sum := sha256.Sum256([]byte(c.set.Token))
	return c.set.URL + " " + hex.EncodeToString(sum[:6])
}

// whoAmI asks once who the bot is.
func (c *Channel) whoAmI(ctx context.Context) (user, error) {
	c.mu.Lock()
	me := c.me
	c.mu.Unlock()
	if me.ID != "" {
		return me, nil
	}
	return c.login(ctx)
}

// login asks who the bot is, and so whether the token is good.
func (c *Channel) login(ctx context.Context) (me user, err error) {
	if err := c.call(ctx, http.MethodGet, "users/me", nil, &me); err != nil {
		return me, fmt.Errorf("ask Mattermost who the bot is: %w", err)
	}
	if me.ID == "" || me.Username == "" {
		return me, fault.Say(fault.Unavailable, "mattermost_base", "What url names does not answer as a Mattermost server.")
	}
	c.mu.Lock()
	c.me = me
	c.mu.Unlock()
	return me, nil
}
