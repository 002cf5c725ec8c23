// Package notify carries hints between replicas over the database's LISTEN and NOTIFY.
// It is the live.Bus of an installation without Redis.
//
// Within the process a payload is handed on at once, whether or not the server is
// there; to the other replicas it goes as a notification. All topics share one
// channel of the server: a replica hears everything and hands on what somebody here
// has subscribed to. Run holds the one connection that listens, beside the pool, and
// makes it anew when it breaks; what was published in between is lost, as a Bus may.
//
// A notification needs a transaction, but nothing in it must outlive the server: it is
// committed without waiting for the disk. The server sends them one at a time, some
// thousands a second. Beyond that, use Redis.
package notify

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parley-im/parley/internal/live"
	"github.com/parley-im/parley/internal/postgres"
)

const (
	beat    = 10 * time.Second       // a silent connection is asked for a sign of life so often
	silent  = 3 * time.Second        // without any, it is given up
	again   = 250 * time.Millisecond // until it is made anew
	joined  = 500 * time.Millisecond // longest that Subscribe waits for the connection
	publish = 5 * time.Second        // for callers that set no deadline
)

// Bus is one process's end of the bus.
type Bus struct {
	db    *postgres.DB
	log   *slog.Logger
	self  string // stands in front of each payload, so that we know our own
	local live.Memory

	mu     sync.Mutex
	online chan struct{} // closed while the connection listens
	up     bool
}

var _ live.Bus = (*Bus)(nil)

// New returns a Bus. Other processes are heard while Run runs.
func New(db *postgres.DB, log *slog.Logger) *Bus {
	return &Bus{db: db, log: log, self: rand.Text()[:16], online: make(chan struct{})}
}

// The channel's name says which layout its notifications have:
// sender, topic and payload in base64, with a space between.
const sqlListen = `LISTEN parley_live_1`
const sqlNotify = `SELECT set_config('synchronous_commit', 'off', true), pg_notify('parley_live_1', $1)`

// Publish hands payload on here, and then to the other replicas.
func (b *Bus) Publish(ctx context.Context, topic string, payload []byte) error {
	if err := b.local.Publish(ctx, topic, payload); err != nil {
		return err
	}
	if _, ok := ctx.Deadline(); !ok {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, publish)
		defer done()
	}
	text := b.self + " " + topic + " " + base64.StdEncoding.EncodeToString(payload)
	if _, err := b.db.Exec(ctx, sqlNotify, text); err != nil {
		return fmt.Errorf("publish to other replicas: %w", err)
	}
	return nil
}

// Subscribe delivers what is published to topic until ctx ends. While the server is
// away it delivers what is published in this process.
func (b *Bus) Subscribe(ctx context.Context, topic string) (<-chan []byte, error) {
	c, err := b.local.Subscribe(ctx, topic)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	online := b.online
	b.mu.Unlock()
	late := time.NewTimer(joined)
	defer late.Stop()
	select {
	case <-online:
	case <-late.C:
	case <-ctx.Done():
	}
	return c, nil
}

// Online reports whether the other replicas can be heard.
func (b *Bus) Online() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.up
}

// set notes whether the connection listens, and reports whether that is new.
func (b *Bus) set(up bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.up == up {
		return false
	}
	if b.up = up; up {
		close(b.online)
	} else {
		b.online = make(chan struct{})
	}
	return true
}

// Run holds the connection until ctx ends.
func (b *Bus) Run(ctx context.Context) error {
	defer b.set(false)
	for told := false; ; {
		err := b.listen(ctx, func() {
			b.set(true)
			if told {
				b.log.InfoContext(ctx, "live updates from other replicas come again")
			}
			told = false
		})
		b.set(false)
		if ctx.Err() != nil {
			return nil
		}
		if !told {
			told = true
			b.log.WarnContext(ctx, "no live updates from other replicas, they are found in the database instead", "err", err)
		}
		pause := time.NewTimer(again)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil
		}
	}
}

// listen makes one connection and hands on what it hears until it breaks.
func (b *Bus) listen(ctx context.Context, ready func()) error {
	c := b.db.Pool.Config().ConnConfig.Copy()
	c.RuntimeParams["application_name"] = "parley live"
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() {
		last, done := context.WithTimeout(context.WithoutCancel(ctx), silent)
		defer done()
		if err := conn.Close(last); err != nil {
			b.log.DebugContext(ctx, "close the connection that listens", "err", err)
		}
	}()
	if err := within(ctx, silent, func(ctx context.Context) error {
		_, err := conn.Exec(ctx, sqlListen)
		return err
	}); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	ready()
	for {
		var n *pgconn.Notification
		err := within(ctx, beat, func(ctx context.Context) (err error) {
			n, err = conn.WaitForNotification(ctx)
			return err
		})
		switch {
		case err == nil && n != nil:
			b.hand(ctx, n.Payload)
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, context.DeadlineExceeded) && !conn.IsClosed():
			if err := within(ctx, silent, conn.Ping); err != nil {
				return fmt.Errorf("no sign of life: %w", err)
			}
		default:
			return fmt.Errorf("wait for notifications: %w", err)
		}
	}
}

// hand gives a notification of another process to those who have subscribed here.
func (b *Bus) hand(ctx context.Context, text string) {
	from, rest, _ := strings.Cut(text, " ")
	topic, body, ok := strings.Cut(rest, " ")
	if !ok || from == b.self || !b.local.Subscribed(topic) {
		return
	}
	payload, err := base64.StdEncoding.DecodeString(body)
	if err == nil {
		err = b.local.Publish(ctx, topic, payload)
	}
	if err != nil {
		b.log.DebugContext(ctx, "a notification that is none of ours", "err", err)
	}
}

func within(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	ctx, done := context.WithTimeout(ctx, limit)
	defer done()
	return f(ctx)
}
