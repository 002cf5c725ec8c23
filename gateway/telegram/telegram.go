// Package telegram joins a bot of Telegram, or of a server of one's own that speaks the
// same Bot API, by long polling.
//
// Updates are confirmed to Telegram (by the offset of the next request) only when the
// Gateway has them, which no library of the field does; hence api.go calls the API
// itself. in.go reads what people say, out.go posts and edits, file.go opens files.
//
// Telegram neither drops a second post of the same key nor finds one: when the answer
// to a post is lost, the post may come twice. Source: core.telegram.org/bots/api, 9.x.
package telegram

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

type settings struct {
	Token   string        `yaml:"token"`    // from @BotFather
	BaseURL string        `yaml:"base_url"` // of the Bot API
	Pace    time.Duration `yaml:"pace"`     // least time between two edits
	Poll    time.Duration `yaml:"poll"`     // how long Telegram holds a request when there is nothing
}

const official = "https://api.telegram.org"

var tokenForm = regexp.MustCompile(`^\d+:[A-Za-z0-9_-]{20,}$`)

func (s settings) check() error {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fault.Say(fault.Invalid, "settings", format, args...))
	}
	if !tokenForm.MatchString(s.Token) {
		bad("token must be the one that @BotFather gave, like 123456789:AA…")
	}
	if u, err := url.Parse(s.BaseURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		bad("base_url must be an http or https address")
	}
	if s.Pace < 100*time.Millisecond {
		bad("pace must be at least 100ms")
	}
	if s.Poll < time.Second || s.Poll > 50*time.Second {
		bad("poll must lie between 1s and 50s")
	}
	return errors.Join(wrong...)
}

// Channel is one bot.
type Channel struct {
	name   string
	set    settings
	client *http.Client
	seen   func()
	rate   func(context.Context, gateway.Rating) error
	log    *slog.Logger

	mu sync.Mutex
	me user // zero until Telegram was asked
}

var (
	_ gateway.Channel    = (*Channel)(nil)
	_ gateway.Profiler   = (*Channel)(nil)
	_ gateway.Editor     = (*Channel)(nil)
	_ gateway.Typer      = (*Channel)(nil)
	_ gateway.Fetcher    = (*Channel)(nil)
	_ gateway.Identified = (*Channel)(nil)
	_ gateway.Open       = Open
)

// Open makes the channel.
func Open(setup gateway.Setup) (gateway.Channel, error) {
	s := settings{BaseURL: official, Pace: 3 * time.Second, Poll: 25 * time.Second}
	if err := setup.Decode(&s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("channel %s: %w", setup.Name, err)
	}
	s.BaseURL = strings.TrimRight(s.BaseURL, "/")
	return &Channel{name: setup.Name, set: s, client: adapter.Pinned(setup.Client), seen: setup.Seen, rate: setup.Rate, log: setup.Log}, nil
}

// maxText is what always fits: the limit is 4,096 units of UTF-16, and a character may take two.
const maxText = 2048

// Profile tells what Telegram can show. In groups it allows 20 posts and edits a minute.
func (c *Channel) Profile() gateway.Profile {
	return gateway.Profile{Format: gateway.Plain, MaxText: maxText, Pace: c.set.Pace, Once: true, Silence: 2*c.set.Poll + 20*time.Second}
}

// Account is the number of the bot; it is the part of the token that is not secret.
func (c *Channel) Account() string {
	id, _, _ := strings.Cut(c.set.Token, ":")
	return "telegram " + id
}

// Listen asks for updates until ctx ends.
func (c *Channel) Listen(ctx context.Context, deliver gateway.Deliver) error {
	me, err := c.getMe(ctx)
	if err != nil {
		return err
	}
	c.heard()
	var offset int64
	for {
		list, err := c.updates(ctx, offset)
		if err != nil {
			return err
		}
		c.heard()
		for _, u := range list {
			if err := adapter.Try(ctx, func() error { return c.take(ctx, me, u, deliver) }); err != nil {
				return fmt.Errorf("take update %d: %w", u.ID, err)
			}
			offset = u.ID + 1 // confirmed by the next request
		}
	}
}

func (c *Channel) heard() {
	if c.seen != nil {
		c.seen()
	}
}

// getMe asks once who the bot is.
func (c *Channel) getMe(ctx context.Context) (user, error) {
	c.mu.Lock()
	me := c.me
	c.mu.Unlock()
	if me.ID != 0 {
		return me, nil
	}
	if err := c.call(ctx, "getMe", nil, &me); err != nil {
		return me, fmt.Errorf("ask Telegram who the bot is: %w", err)
	}
	c.mu.Lock()
	c.me = me
	c.mu.Unlock()
	return me, nil
}

func (c *Channel) updates(ctx context.Context, offset int64) (list []update, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.set.Poll+callTimeout)
	defer cancel()
	err = c.callWithin(ctx, "getUpdates", map[string]any{
		"offset": offset, "timeout": int(c.set.Poll.Seconds()), "limit": 100,
		"allowed_updates": []string{"message", "edited_message", "message_reaction"},
	}, &list)
	if err != nil {
		return nil, fmt.Errorf("ask Telegram for updates: %w", err)
	}
	return list, nil
}
