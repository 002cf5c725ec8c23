// Package slack joins a Slack app, in Socket Mode.
//
// socket.go holds the connection and acknowledges an event when it is stored; in.go
// reads what people say and decides what is meant for the bot; catchup.go reads what the
// connection did not bring; out.go posts, with our key in the metadata of the message,
// where Find finds it; file.go opens files; errors.go says in words what Slack refuses.
// The calls are those of package slack-go.
package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	api "github.com/slack-go/slack"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

type settings struct {
	Bot     string        `yaml:"bot_token"` // xoxb-…
	App     string        `yaml:"app_token"` // xapp-…
	BaseURL string        `yaml:"base_url"`
	Pace    time.Duration `yaml:"pace"`    // least time between two edits
	Silence time.Duration `yaml:"silence"` // with nothing heard for so long the connection is made anew
}

func (s settings) check() error {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fault.Say(fault.Invalid, "settings", format, args...))
	}
	if !strings.HasPrefix(s.Bot, "xoxb-") || strings.ContainsAny(s.Bot, " \r\n") {
		bad("bot_token must be the bot token of the app, which begins with xoxb-")
	}
	if !strings.HasPrefix(s.App, "xapp-") || strings.ContainsAny(s.App, " \r\n") {
		bad("app_token must be an app-level token with the scope connections:write, which begins with xapp-")
	}
	if u, err := url.Parse(s.BaseURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		bad("base_url must be an address that begins with https:// or http://")
	}
	if s.Pace < 100*time.Millisecond {
		bad("pace must be at least 100ms")
	}
	if s.Silence < 100*time.Millisecond || s.Silence > 5*time.Minute {
		bad("silence must lie between 100ms and 5m")
	}
	return errors.Join(wrong...)
}

// Channel is one app in one workspace.
type Channel struct {
	name   string
	set    settings
	api    *api.Client
	client *http.Client
	seen   func()
	rate   func(context.Context, gateway.Rating) error
	log    *slog.Logger

	users   adapter.Memory[*api.User]
	threads adapter.Memory[bool] // by channel and first message: the bot is spoken to in it

	mu     sync.Mutex
	me     *api.AuthTestResponse
	last   position // how far Since read
	swept  time.Time
	steady bool // the connection has held since
}

var (
	_ gateway.Channel    = (*Channel)(nil)
	_ gateway.Profiler   = (*Channel)(nil)
	_ gateway.Editor     = (*Channel)(nil)
	_ gateway.Finder     = (*Channel)(nil)
	_ gateway.Catcher    = (*Channel)(nil)
	_ gateway.Fetcher    = (*Channel)(nil)
	_ gateway.Identified = (*Channel)(nil)
	_ gateway.Open       = Open
)

// Open makes the channel.
func Open(setup gateway.Setup) (gateway.Channel, error) {
	s := settings{BaseURL: "https://slack.com/api/", Pace: 1500 * time.Millisecond, Silence: 30 * time.Second}
	if err := setup.Decode(&s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("channel %s: %w", setup.Name, err)
	}
	s.BaseURL = strings.TrimRight(s.BaseURL, "/") + "/"
	c := &Channel{name: setup.Name, set: s, client: adapter.Pinned(setup.Client), seen: setup.Seen, rate: setup.Rate, log: setup.Log}
	c.api = api.New(s.Bot, api.OptionAppLevelToken(s.App), api.OptionAPIURL(s.BaseURL), api.OptionHTTPClient(c.client))
	if c.seen == nil {
		c.seen = func() {}
	}
	return c, nil
}

// Profile tells what Slack shows: Markdown, 12,000 characters in a message.
func (c *Channel) Profile() gateway.Profile {
	return gateway.Profile{Format: gateway.Markdown, MaxText: 11_000, Pace: c.set.Pace, Once: true, Silence: 2 * c.set.Silence}
}

// Account is the number that Slack gave the bot, which its token has in it.
func (c *Channel) Account() string {
	parts := strings.SplitN(c.set.Bot, "-", 4)
	return strings.Join(parts[1:min(3, len(parts))], "-")
}

const callTimeout = 20 * time.Second

// whoAmI asks once who the bot is.
func (c *Channel) whoAmI(ctx context.Context) (*api.AuthTestResponse, error) {
	c.mu.Lock()
	me := c.me
	c.mu.Unlock()
	if me != nil {
		return me, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	me, err := c.api.AuthTestContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask Slack who the bot is: %w", refusal(err))
	}
	c.mu.Lock()
	c.me = me
	c.mu.Unlock()
	return me, nil
}
