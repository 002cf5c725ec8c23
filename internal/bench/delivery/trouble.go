package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/parley-im/parley/internal/bench/proxy"
	"github.com/parley-im/parley/internal/bench/rig"
)

// trouble makes the scenario's troubles by turns, at random moments, until all is answered.
func (w *world) trouble(ctx context.Context, finished <-chan struct{}) error {
	for n := 0; ; n++ {
		// the phase is random, so that troubles fall on every step
		after := w.Every/2 + time.Duration(w.chance.Int64N(int64(w.Every)))
		select {
		case <-ctx.Done():
			return nil
		case <-finished:
			return nil
		case <-time.After(after):
		}
		what := w.Scenario.Troubles[n%len(w.Scenario.Troubles)]
		t := trouble{what: what, from: time.Now()}
		if err := w.make(ctx, what, finished); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		t.until = time.Now()
		w.mu.Lock()
		w.troubles = append(w.troubles, t)
		w.mu.Unlock()
	}
}

// one draws a server.
func (w *world) one() *rig.Process {
	return w.cluster.Servers[w.chance.IntN(len(w.cluster.Servers))]
}

// make makes one trouble and ends it.
func (w *world) make(ctx context.Context, what string, finished <-chan struct{}) error {
	switch what {
	case "kill":
		s := w.one()
		s.Kill()
		return s.Start()
	case "freeze":
		s := w.one()
		if err := s.Freeze(); err != nil {
			return err
		}
		pause(ctx, finished, 20*time.Second)
		return s.Thaw()
	case "restart":
		return w.restart(ctx)
	case "database restart":
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return w.Restart(ctx)
	case "redis kill":
		if err := w.Redis.Kill(); err != nil {
			return err
		}
		pause(ctx, finished, 3*time.Second)
		return w.Redis.Start()
	case "redis flush":
		return flush(w.Redis.Address())
	case "redis freeze":
		if err := w.Redis.Freeze(); err != nil {
			return err
		}
		pause(ctx, finished, 5*time.Second)
		return w.Redis.Thaw()
	case "platform pause":
		w.im.Pause(5 * time.Second)
		pause(ctx, finished, 5*time.Second)
		return nil
	}
	for _, p := range w.sockets {
		if err := treat(ctx, p, what, finished); err != nil {
			return err
		}
	}
	return nil
}

// treat does something bad to connections.
func treat(ctx context.Context, p *proxy.Proxy, what string, finished <-chan struct{}) error {
	switch what {
	case "sockets cut":
		p.Some(.3, (*proxy.Conn).Cut)
	case "sockets reset":
		p.Some(.3, (*proxy.Conn).Reset)
	case "sockets freeze": // and they stay so: whoever is at the end of one has to notice
		p.Some(.3, (*proxy.Conn).Freeze)
	case "sockets slow":
		p.Some(.3, func(c *proxy.Conn) { c.Slow(20*time.Millisecond, 200) })
	case "sockets replay":
		p.Some(.1, func(c *proxy.Conn) { _ = c.Replay() }) // a connection may be gone by then
	case "sockets refuse":
		p.Refuse(true)
		pause(ctx, finished, time.Second)
		p.Refuse(false)
	default:
		return fmt.Errorf("there is no trouble called %q", what)
	}
	return nil
}

// restart asks a server to stop, waits until it has, and starts it again.
func (w *world) restart(ctx context.Context) error {
	s := w.one()
	if err := s.Stop(40 * time.Second); err != nil {
		return err
	}
	if err := s.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return s.Ready(ctx)
}

// pause waits, but not longer than the run goes on.
func pause(ctx context.Context, finished <-chan struct{}, d time.Duration) {
	select {
	case <-time.After(d):
	case <-finished:
	case <-ctx.Done():
	}
}

// misbehave lets the platform do what the scenario says.
func (w *world) misbehave() {
	f := w.Scenario.Platform
	if w.Scenario.Denied {
		f.Denied = func(chat string) bool { return chat == deniedChat }
	}
	w.im.Misbehave(f)
}

// deniedChat is where a platform takes nothing, if the scenario has it so.
const deniedChat = "c0"

// flush empties a Redis server.
func flush(address string) error {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, "FLUSHALL\r\n"); err != nil {
		return err
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(c, answer); err != nil {
		return err
	}
	if answer[0] != '+' {
		return errors.New("Redis refuses to be emptied")
	}
	return nil
}
