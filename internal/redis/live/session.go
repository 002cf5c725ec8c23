package live

import (
	"context"
	"errors"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// session is one connection. Two goroutines use it: hold writes, receive reads.
type session struct {
	bus  *Bus
	conn *goredis.PubSub
	have map[string]*topic // what Redis was asked for; hold's own
	life chan struct{}     // something came
}

// hold keeps Redis told of the topics until the connection is no good any more. It
// closes the connection and waits for receive.
func (s *session) hold(ctx context.Context, up func(), ended <-chan error) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	heard := time.Now()
	online := false
	end := func(err error) error {
		return errors.Join(err, ignoreClosed(s.conn.Close()), ignoreClosed(<-ended))
	}
	if err := s.ask(ctx); err != nil {
		return end(err)
	}
	for {
		select {
		case <-ctx.Done():
			return end(ctx.Err())
		case err := <-ended:
			return errors.Join(err, ignoreClosed(s.conn.Close()))
		case <-s.life:
			heard = time.Now()
			if !online {
				online = true
				s.bus.mu.Lock()
				s.bus.online = true
				s.bus.mu.Unlock()
				up()
			}
		case <-s.bus.poke:
			if err := s.ask(ctx); err != nil {
				return end(err)
			}
		case <-tick.C:
			if time.Since(heard) > silent {
				return end(errSilent)
			}
			if err := s.conn.Ping(ctx); err != nil {
				return end(err)
			}
		}
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, goredis.ErrClosed) {
		return nil
	}
	return err
}

// ask tells Redis what has changed in the topics since it was told last.
func (s *session) ask(ctx context.Context) error {
	var add, drop []string
	s.bus.mu.Lock()
	for name, t := range s.bus.topics {
		if !t.asked { // also one that ended and began anew: Redis confirms it again
			t.asked = true
			s.have[name] = t
			add = append(add, s.bus.channel(name))
		}
	}
	for name := range s.have {
		if s.bus.topics[name] == nil {
			delete(s.have, name)
			drop = append(drop, s.bus.channel(name))
		}
	}
	s.bus.mu.Unlock()
	for _, change := range []struct {
		names []string
		send  func(context.Context, ...string) error
	}{{drop, s.conn.Unsubscribe}, {add, s.conn.Subscribe}} {
		for names := change.names; len(names) > 0; {
			n := min(batch, len(names))
			if err := change.send(ctx, names[:n]...); err != nil {
				return err
			}
			names = names[n:]
		}
	}
	return nil
}

// receive hands on what comes, until the connection breaks.
func (s *session) receive(ctx context.Context) error {
	scope := s.bus.channel("")
	for {
		got, err := s.conn.Receive(ctx)
		if err != nil {
			return err
		}
		select {
		case s.life <- struct{}{}:
		default:
		}
		switch m := got.(type) {
		case *goredis.Subscription:
			if m.Kind == "subscribe" {
				s.confirmed(strings.TrimPrefix(m.Channel, scope))
			}
		case *goredis.Message:
			own := string(s.bus.self)
			if len(m.Payload) >= len(own) && m.Payload[:len(own)] != own {
				_ = s.bus.local.Publish(ctx, strings.TrimPrefix(m.Channel, scope), []byte(m.Payload[len(own):])) // too long: not one of ours
			}
		}
	}
}

// confirmed lets those go on who wait in Subscribe.
func (s *session) confirmed(name string) {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	t := s.bus.topics[name]
	if t == nil || !t.asked {
		return
	}
	select {
	case <-t.heard: // already
	default:
		close(t.heard)
	}
}
