package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/internal/bench/chat"
	"github.com/parley-im/parley/internal/bench/im"
)

// person is one who speaks in one conversation.
type person interface {
	// say says message n until it is acknowledged.
	say(ctx context.Context, n int) error
	// stay keeps the person there until ctx ends.
	stay(ctx context.Context) error
}

// mark makes a word that only message n has; its answer must repeat it.
func mark(n int) string { return fmt.Sprintf("PX%07d", n) }

// text is what message n says. Where answers are split it is longer.
func (w *world) text(n int) string {
	s := fmt.Sprintf("When does parcel %s arrive?", mark(n))
	if w.Profile.MaxText > 0 {
		for part := range 4 {
			s += fmt.Sprintf("\n\nParagraph %d about %s says that it was sent on Monday by the evening train.", part+1, mark(n))
		}
		s += "\n\nWhere is it?"
	}
	return s
}

// meet makes the people. Visitors of the browser chat come once, straight, so that
// they have their cookie before connections go wrong.
func (w *world) meet(ctx context.Context) error {
	to := im.NewBalancer(w.cluster.Addresses(), w.Replicas > 1)
	for c := range w.Conversations {
		switch channel := w.Scenario.Channels[c%len(w.Scenario.Channels)]; channel {
		case "chat":
			v, err := chat.NewVisitor("chat")
			if err != nil {
				return err
			}
			address := w.cluster.Servers[c%len(w.cluster.Servers)].Listen
			for try := 0; ; try++ { // many at once: a place in the queue may take a moment
				if _, err = v.Look(ctx, address); err == nil || try == 5 {
					break
				}
			}
			if err != nil {
				return err
			}
			if w.Quick {
				v.PingAfter, v.DeafAfter = 2*time.Second, time.Second
			}
			w.people = append(w.people, &visitor{w: w, v: v, number: c})
		default:
			platform := w.im
			if channel == "calm" {
				platform = w.calm
			}
			w.people = append(w.people, &user{w: w, platform: platform, channel: channel, to: to, number: c, chance: rand.New(rand.NewPCG(w.Seed, uint64(c)+100))})
		}
	}
	return nil
}

// user speaks on the made-up platform.
type user struct {
	w        *world
	platform *im.Platform
	channel  string
	to       *im.Balancer
	number   int
	chance   *rand.Rand
}

func (u *user) say(ctx context.Context, n int) error {
	m := im.Message{
		ID: fmt.Sprint(n), Chat: fmt.Sprintf("c%d", u.number), Sender: fmt.Sprintf("u%d", u.number), Direct: true, Text: u.w.text(n),
	}
	if _, err := u.platform.Say(ctx, u.to, u.channel, m); err != nil {
		return fmt.Errorf("send message %d: %w", n, err)
	}
	u.w.acknowledged(n)
	if u.chance.Float64() < u.w.Scenario.Again {
		m.Extra = map[string]any{"redelivered": true}
		if _, err := u.platform.Say(ctx, u.to, u.channel, m); err != nil {
			return fmt.Errorf("send message %d again: %w", n, err)
		}
	}
	return nil
}

func (u *user) stay(context.Context) error { return nil }

// visitor speaks in the browser chat.
type visitor struct {
	w      *world
	v      *chat.Visitor
	number int
	turn   atomic.Int64
}

// where is the next server, through its proxy if there is one. A person stays with
// a server until the connection breaks.
func (v *visitor) where() string {
	n := (v.number + int(v.turn.Add(1)) - 1) % len(v.w.cluster.Servers)
	if len(v.w.sockets) > 0 {
		return v.w.sockets[n].Address()
	}
	return v.w.cluster.Servers[n].Listen
}

func (v *visitor) say(ctx context.Context, n int) error {
	if err := v.v.Say(ctx, v.w.id(n), v.w.text(n)); err != nil {
		return fmt.Errorf("say message %d: %w", n, err)
	}
	v.w.acknowledged(n)
	return nil
}

func (v *visitor) stay(ctx context.Context) error { return v.v.Stay(ctx, v.where) }

// id is the ID of message n in the browser chat.
func (w *world) id(n int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%d/%d", w.Seed, n))
}

func (w *world) acknowledged(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acked[n] = time.Now()
}

// send lets all conversations speak at once, each in its order, at the rate asked for.
func (w *world) send(ctx context.Context) error {
	pace := time.NewTicker(time.Second / time.Duration(max(1, w.Rate)))
	defer pace.Stop()
	var sent atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for c, p := range w.people {
		group.Go(func() error {
			for n := c; n < w.Messages; n += w.Conversations {
				select {
				case <-pace.C:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				if err := p.say(ctx, n); err != nil {
					return err
				}
				if w.Scenario.Later && sent.Add(1) == int64(w.Messages/3) {
					w.mu.Lock()
					w.troubles = append(w.troubles, trouble{what: "platform faults", from: time.Now(), until: time.Now()})
					w.mu.Unlock()
					w.misbehave()
				}
			}
			return nil
		})
	}
	return group.Wait()
}
