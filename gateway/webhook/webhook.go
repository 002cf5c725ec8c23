// Package webhook joins any chat system that can send and take HTTP requests: the
// channel for a home-made IM, and the one to copy for a new platform.
//
// Both ways speak JSON, signed with one shared secret (sign.go). What people say
// is posted to /channels/NAME/ (in.go reads it, receive.go checks and delivers
// it); a message is acknowledged with 202 only after the Gateway has it on disk.
// Replies are posted to the configured URL (out.go) under an Idempotency-Key, so
// that the other side can drop a second try. Nothing is kept in memory but the
// signatures of the last minutes.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/internal/fault"
)

type settings struct {
	Secret  string        `yaml:"secret"`   // shared with the other side
	URL     string        `yaml:"url"`      // where replies go
	Typing  bool          `yaml:"typing"`   // post typing signs too
	Edit    bool          `yaml:"edit"`     // the other side can replace a message: post growing text
	Pace    time.Duration `yaml:"pace"`     // least time between two edits
	MaxText int           `yaml:"max_text"` // most runes in one message, 0: no limit
	Timeout time.Duration `yaml:"timeout"`  // of one request
	Retries int           `yaml:"retries"`  // more tries inside one Post
}

func (s settings) check() error {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fault.Say(fault.Invalid, "settings", format, args...))
	}
	if len(s.Secret) < 16 {
		bad("secret must have at least 16 characters")
	}
	if u, err := url.Parse(s.URL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		bad("url must be an http or https address")
	}
	if s.MaxText < 0 || (s.MaxText > 0 && s.MaxText < 100) {
		bad("max_text must be 0 (no limit) or at least 100")
	}
	if s.Timeout < 100*time.Millisecond || s.Timeout > time.Minute {
		bad("timeout must lie between 100ms and 1m")
	}
	if s.Retries < 0 || s.Retries > 5 {
		bad("retries must lie between 0 and 5")
	}
	if s.Pace < 100*time.Millisecond {
		bad("pace must be at least 100ms")
	}
	return errors.Join(wrong...)
}

// Channel is one account on the other side.
type Channel struct {
	gateway.Inbox // Listen and Deliver
	name          string
	set           settings
	client        *http.Client
	rate          func(context.Context, gateway.Rating) error
	seen          func()
	log           *slog.Logger
	replays       replays
}

var (
	_ gateway.Channel  = (*Channel)(nil)
	_ gateway.Profiler = (*Channel)(nil)
	_ gateway.Typer    = (*Channel)(nil)
	_ gateway.Editor   = editing{}
	_ http.Handler     = (*Channel)(nil)
	_ gateway.Open     = Open
)

// Open makes the channel.
func Open(setup gateway.Setup) (gateway.Channel, error) {
	s := settings{Timeout: 10 * time.Second, Retries: 2, Pace: time.Second}
	if err := setup.Decode(&s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("channel %s: %w", setup.Name, err)
	}
	c := &Channel{name: setup.Name, set: s, client: adapter.Pinned(setup.Client), rate: setup.Rate, seen: setup.Seen, log: setup.Log}
	if s.Edit {
		return editing{c}, nil
	}
	return c, nil
}

// Profile tells what the other side can show: it is asked to take Markdown and
// sources as they are, and to drop a message whose Idempotency-Key it knows.
func (c *Channel) Profile() gateway.Profile {
	return gateway.Profile{Format: gateway.Markdown, MaxText: c.set.MaxText, Pace: c.set.Pace, Dedupes: true, Sources: true}
}

// editing is a Channel whose other side can replace a message.
type editing struct{ *Channel }

// Edit posts the new text of a message that was posted before.
func (e editing) Edit(ctx context.Context, id string, out gateway.Outgoing) error {
	_, err := e.send(ctx, newReply("edit", id, out))
	return err
}
