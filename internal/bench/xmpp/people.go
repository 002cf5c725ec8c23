package xmpp

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/xmpptest"
	"github.com/parley-im/parley/internal/testservice"
)

// person speaks with the bot, alone or in a room.
type person struct {
	w     *world
	name  string
	room  stanza.JID // zero: alone
	there *xmpptest.Person
}

// mark makes a word that only message n has; its answer must repeat it.
func mark(n int) string { return fmt.Sprintf("PX%07d", n) }

// talk lets everybody say their messages, each at its time.
func (w *world) talk(ctx context.Context) error {
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for number, p := range w.people {
		group.Go(func() error {
			for n := number; n < w.Messages; n += len(w.people) {
				select {
				case <-ctx.Done():
					return context.Cause(ctx)
				case <-time.After(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(w.Rate)))):
				}
				if err := p.say(ctx, n); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

const sayFor = 3 * time.Minute

// say says message n until the server, or the room, has it.
func (p *person) say(ctx context.Context, n int) error {
	id, text := uuid.NewString(), fmt.Sprintf("When does parcel %s arrive?", mark(n))
	ctx, cancel := context.WithTimeout(ctx, sayFor)
	defer cancel()
	for {
		err := p.try(ctx, id, text)
		if err == nil {
			return nil
		}
		p.leave()
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s cannot say message %d: %w", p.name, n, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (p *person) try(ctx context.Context, id, text string) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	if p.room.IsZero() {
		return p.there.SayAs(ctx, id, p.w.bot, false, text)
	}
	if err := p.there.SayAs(ctx, id, p.room, true, "@"+nick+" "+text); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return p.there.Saw(ctx, p.room.With(p.name), id) // only then the room has it
}

// enter logs in, and goes into the room.
func (p *person) enter(ctx context.Context) error {
	if p.there != nil {
		select {
		case <-p.there.Over():
			p.leave()
		default:
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	there, err := xmpptest.LogIn(ctx, "ws://"+p.w.front.Address()+p.w.Server.Path(), stanza.JID{Local: p.name, Domain: testservice.XMPPDomain, Resource: "bench"}, password)
	if err != nil {
		return err
	}
	p.there = there
	if !p.room.IsZero() {
		return there.Enter(ctx, p.room, p.name)
	}
	return nil
}

func (p *person) leave() {
	if p.there != nil {
		p.there.Close()
		p.there = nil
	}
}
