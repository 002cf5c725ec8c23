// Package xmpp measures what becomes of messages on a real XMPP server while Parley is
// killed, the server is restarted, and connections break.
//
// A Trial starts the program with one bot; people ask it alone and in rooms (people.go)
// and say again what they cannot be sure of, as their clients do. In the end the
// archives tell what people see (judge.go): one answer for each message, or the promise
// is broken.
package xmpp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/internal/bench/proxy"
	"github.com/parley-im/parley/internal/bench/rig"
	"github.com/parley-im/parley/internal/testservice"
)

// Trial is one run on one server.
type Trial struct {
	Program  []string // how to call parley
	Server   *testservice.XMPP
	Database string        // as of delivery.Trial
	Messages int           // in all
	People   int           // half of them speak in rooms
	Rate     int           // messages a second, in all
	Kill     time.Duration // kill -9 of Parley about this often; 0: never
	Restart  time.Duration // of the server; 0: never
	Cut      time.Duration // of some connections; 0: never
	Model    rig.Model
	Seed     uint64
	Patience time.Duration // with nothing new for this long the run is over; 0: two minutes
}

const (
	password = "bench-secret"
	botName  = "parley-bot"
	nick     = "Parley"
	inRoom   = 5 // people of a room
)

// world is everything around one run.
type world struct {
	Trial
	place  *rig.Place
	model  *rig.Standin
	parley *rig.Process
	front  *proxy.Proxy // before the server; its address stays the same
	bot    stanza.JID
	people []*person
	rooms  []stanza.JID

	mu       sync.Mutex
	troubles map[string]int
}

// Run sends all messages, makes trouble, waits for the answers and counts.
func (d Trial) Run(ctx context.Context) (report Report, err error) {
	if d.Patience == 0 {
		d.Patience = 2 * time.Minute
	}
	w := &world{Trial: d, troubles: map[string]int{}, bot: stanza.JID{Local: botName, Domain: testservice.XMPPDomain}}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.build(ctx); err != nil {
		return report, err
	}
	began := time.Now()
	if err := w.run(ctx); err != nil {
		return report, fmt.Errorf("%w\n%s", err, w.parley.Log())
	}
	report = Report{
		Software: d.Server.Software, Store: w.place.Store(), Messages: d.Messages, People: d.People, Rooms: len(w.rooms), Rate: d.Rate,
		Seed: d.Seed, Troubles: w.troubles, Seconds: time.Since(began).Seconds(),
	}
	if err := w.judge(ctx, &report); err != nil {
		return report, fmt.Errorf("%w\n%s", err, w.parley.Log())
	}
	if err := w.parley.Stop(40 * time.Second); err != nil {
		return report, err
	}
	report.ModelCalls = float64(w.model.Calls()) / float64(d.Messages)
	report.Rows, err = w.place.Rows(ctx)
	return report, err
}

func (w *world) build(ctx context.Context) (err error) {
	if w.place, err = rig.NewPlace(ctx, w.Database); err != nil {
		return err
	}
	if w.model, err = rig.NewStandin(w.Model); err != nil {
		return err
	}
	if w.front, err = proxy.Listen(w.Server.Address(), w.Seed); err != nil {
		return err
	}
	if err := w.Server.Register(botName, password); err != nil {
		return err
	}
	list := ""
	for n := range w.People {
		p := &person{w: w, name: fmt.Sprintf("person%d", n)}
		if err := w.Server.Register(p.name, password); err != nil {
			return err
		}
		if n%2 == 1 {
			if n/2%inRoom == 0 {
				room := stanza.JID{Local: fmt.Sprintf("room%d", len(w.rooms)), Domain: testservice.XMPPRooms}
				w.rooms = append(w.rooms, room)
				list += room.String() + ", "
			}
			p.room = w.rooms[len(w.rooms)-1]
		}
		w.people = append(w.people, p)
	}
	w.parley, err = w.place.Process(ctx, w.Program, 0, fmt.Sprintf(`models: [{name: first, base_url: %q, api_key: none, model: standin, connect: 1s, first_token: 5s, stall: 5s, total: 20s}]
answers: {ask_anyway: true, session_idle: 1ms}
gateway: {merge_window: 0s, stale_after: 24h}
channels:
  im: {kind: xmpp, jid: %q, password: %q, url: "ws://%s%s", nick: %s, rooms: [%s], pace: 500ms}
`, w.model.URL, w.bot, password, w.front.Address(), w.Server.Path(), nick, list))
	return err
}

func (w *world) close() error {
	var errs []error
	for _, p := range w.people {
		p.leave()
	}
	if w.parley != nil {
		_ = w.parley.Stop(time.Second) // it has stopped, unless something failed before
	}
	if w.front != nil {
		errs = append(errs, w.front.Close())
	}
	if w.model != nil {
		errs = append(errs, w.model.Close())
	}
	if w.place != nil {
		errs = append(errs, w.place.Close())
	}
	return errors.Join(errs...)
}

// run is the part in which things go wrong.
func (w *world) run(ctx context.Context) error {
	if err := w.parley.Start(); err != nil {
		return err
	}
	started, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := w.parley.Ready(started); err != nil {
		return err
	}
	trouble, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.trouble(trouble) })
	group.Go(func() error {
		defer stop()
		return w.talk(ctx)
	})
	return group.Wait()
}

// trouble makes troubles until ctx ends. They do not overlap, but come at random moments.
func (w *world) trouble(ctx context.Context) error {
	chance := rand.New(rand.NewPCG(w.Seed, 5))
	kinds := []struct {
		what string
		each time.Duration
		make func(context.Context) error
	}{
		{"kill", w.Kill, func(context.Context) error { w.parley.Kill(); return w.parley.Start() }},
		{"server restart", w.Restart, w.restart},
		{"cut", w.Cut, func(context.Context) error { w.front.Some(.3, (*proxy.Conn).Cut); return nil }},
	}
	next := make([]time.Time, len(kinds))
	draw := func(n int) {
		if each := kinds[n].each; each > 0 {
			next[n] = time.Now().Add(each/2 + time.Duration(chance.Int64N(int64(each))))
		}
	}
	for n := range kinds {
		draw(n)
	}
	for {
		first := -1
		for n := range kinds {
			if !next[n].IsZero() && (first < 0 || next[n].Before(next[first])) {
				first = n
			}
		}
		if first < 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(next[first])):
		}
		k := kinds[first]
		if err := k.make(context.WithoutCancel(ctx)); err != nil { // what is down comes up again
			return fmt.Errorf("%s: %w", k.what, err)
		}
		w.mu.Lock()
		w.troubles[k.what]++
		w.mu.Unlock()
		draw(first)
	}
}

// restart stops the server and starts it, at another address behind the same one.
func (w *world) restart(context.Context) error {
	if err := w.Server.Stop(); err != nil {
		return err
	}
	if err := w.Server.Start(); err != nil {
		return err
	}
	w.front.Point(w.Server.Address())
	return nil
}
