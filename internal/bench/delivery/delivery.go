// Package delivery measures what becomes of messages while things go wrong: the
// scenarios R1 to R10 of docs/reliability.md.
//
// A Trial starts the program, lets people speak on the made-up platform and in the
// browser chat, makes the troubles of its Scenario, waits until every message has
// its answer, and looks at what people see then. Report.Fault is the verdict. What
// people see decides, never Parley's own counters; of the ledger only the states of
// its rows are counted, in the end.
//
// scenario.go is the table, delivery.go joins the parts, people.go sends, trouble.go
// breaks, judge.go looks, report.go says what it found.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/internal/bench/im"
	"github.com/parley-im/parley/internal/bench/proxy"
	"github.com/parley-im/parley/internal/bench/rig"
)

// Trial measures what becomes of messages in one scenario.
type Trial struct {
	Program       []string // how to call parley
	Scenario      Scenario
	Database      string        // postgres:// of a server on which a database may be made; "": SQLite
	Restart       Restart       // of the database; nil: it is left alone
	Redis         Redis         // nil: the servers have none
	Replicas      int           // 0: as the scenario has it
	Messages      int           // in all
	Conversations int           // they are spread over these
	Rate          int           // messages a second, in all
	Every         time.Duration // 0: as the scenario has it
	Failpoint     string        // die there in the first run, such as "settle.after:3"; "": no
	Profile       im.Profile
	Model         rig.Model
	Seed          uint64
	Patience      time.Duration // with nothing new for this long the run is over; 0: two minutes
	Quick         bool          // visitors notice half-open connections after 3 s, not 35 as the page does
	Timed         bool          // hold the run to the scenario's times too; for machines that do nothing else
}

// Restart stops a database as a crash does and starts it again.
type Restart func(context.Context) error

// Redis is a server that may be treated badly.
type Redis interface {
	URL() string
	Address() string
	Kill() error
	Start() error
	Freeze() error
	Thaw() error
}

// world is everything around one run.
type world struct {
	Trial
	place   *rig.Place
	cluster *rig.Cluster
	models  []*rig.Standin
	im      *im.Platform
	calm    *im.Platform
	sockets []*proxy.Proxy // in front of each server; none: straight
	chance  *rand.Rand
	people  []person

	mu       sync.Mutex
	acked    []time.Time // by message
	troubles []trouble
}

// trouble is one that was made.
type trouble struct {
	what        string
	from, until time.Time
}

// Run sends all messages, makes trouble, waits for the answers and counts.
func (d Trial) Run(ctx context.Context) (report Report, err error) {
	w := &world{Trial: d, chance: rand.New(rand.NewPCG(d.Seed, 2)), acked: make([]time.Time, d.Messages)}
	if w.Replicas == 0 {
		w.Replicas = max(1, w.Scenario.Replicas)
		if w.Database == "" {
			w.Replicas = 1
		}
	}
	if w.Every == 0 {
		w.Every = w.Scenario.Every
	}
	if w.Patience == 0 {
		w.Patience = 2 * time.Minute // a turn waits for its next try for up to a minute
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.build(ctx); err != nil {
		return report, err
	}
	began := time.Now()
	soak, err := w.run(ctx)
	if err != nil {
		return report, fmt.Errorf("%w\n%s", err, w.cluster.Log())
	}
	report = Report{
		Scenario: d.Scenario.Name, Store: w.place.Store(), Replicas: w.Replicas, Profile: d.Profile.Name, Seed: d.Seed, Messages: d.Messages,
		Conversations: d.Conversations, Rate: d.Rate, Failpoint: d.Failpoint, Seconds: time.Since(began).Seconds(), Soak: soak,
		apology: d.Scenario.Apology, limits: d.Scenario, timed: d.Timed,
	}
	if err := w.judge(ctx, &report); err != nil {
		return report, err
	}
	if err := w.settle(ctx); err != nil {
		return report, err
	}
	if err := w.cluster.Stop(40 * time.Second); err != nil {
		return report, err
	}
	report.Kills = w.cluster.Kills()
	report.Rows, err = w.place.Rows(ctx)
	return report, err
}

// build makes everything but starts no server.
func (w *world) build(ctx context.Context) (err error) {
	s := w.Scenario
	if s.troubled("database") && (w.Database == "" || w.Restart == nil) {
		return errors.New("this scenario needs a Postgres server that can be restarted")
	}
	if s.troubled("redis") && (w.Database == "" || w.Redis == nil) {
		return errors.New("this scenario needs Postgres and Redis")
	}
	if w.place, err = rig.NewPlace(ctx, w.Database); err != nil {
		return err
	}
	for n := range 2 {
		m := w.Model
		m.Faults, m.Seed = []float64{s.Model, s.Spare}[n], w.Seed+uint64(n)*1000
		model, err := rig.NewStandin(m)
		if err != nil {
			return err
		}
		w.models = append(w.models, model)
	}
	if w.im, err = im.New(w.Profile, w.Seed); err != nil {
		return err
	}
	if w.calm, err = im.New(im.Profile{Name: "plain"}, w.Seed); err != nil {
		return err
	}
	if w.cluster, err = rig.NewCluster(ctx, w.place, w.Program, w.Replicas, w.config()); err != nil {
		return err
	}
	if s.Sockets {
		for n, address := range w.cluster.Addresses() {
			p, err := proxy.Listen(address, w.Seed+uint64(n))
			if err != nil {
				return err
			}
			w.sockets = append(w.sockets, p)
		}
	}
	return nil
}

// config is what all servers share.
func (w *world) config() string {
	const model = "{name: %s, base_url: %q, api_key: none, model: standin, connect: 1s, first_token: 1s, stall: 1s, total: 20s}"
	text := fmt.Sprintf(`models: [`+model+`, `+model+`]
answers: {ask_anyway: true, session_idle: 1ms}
gateway: {merge_window: 0s, stale_after: 24h}
channels:
  im: %s
  calm: %s
  chat: {kind: webchat, per_minute: 100000, burst: 10000, address_per_minute: 1000000, address_burst: 100000, visitor_sockets: 1000, max_sockets: 20000}
`, "first", w.models[0].URL, "second", w.models[1].URL, w.im.Settings(), w.calm.Settings())
	if w.Redis != nil {
		text = fmt.Sprintf("redis: %q\n", w.Redis.URL()) + text
	}
	return text
}

func (w *world) close() error {
	var errs []error
	if w.cluster != nil {
		for _, s := range w.cluster.Servers {
			_ = s.Thaw()
			_ = s.Stop(time.Second) // it has stopped, unless something failed before
		}
	}
	for _, p := range w.sockets {
		errs = append(errs, p.Close())
	}
	for _, p := range []*im.Platform{w.im, w.calm} {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	for _, m := range w.models {
		errs = append(errs, m.Close())
	}
	if w.place != nil {
		errs = append(errs, w.place.Close())
	}
	return errors.Join(errs...)
}

// run is the part in which the clock counts.
func (w *world) run(ctx context.Context) (*rig.Use, error) {
	if err := w.start(ctx); err != nil {
		return nil, err
	}
	var watch *rig.Watch
	if w.Scenario.Soak {
		watch = rig.NewWatch(w.cluster.Servers[0])
	}
	if !w.Scenario.Later {
		w.misbehave()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	finished := make(chan struct{})
	group.Go(func() error { return w.send(ctx) })
	there, leave := context.WithCancel(ctx)
	defer leave()
	for _, p := range w.people {
		group.Go(func() error { return p.stay(there) })
	}
	group.Go(func() error {
		defer leave()
		defer close(finished)
		return w.wait(ctx)
	})
	if w.Failpoint != "" {
		group.Go(func() error { return w.revive(ctx) })
	}
	if len(w.Scenario.Troubles) > 0 && w.Every > 0 {
		group.Go(func() error { return w.trouble(ctx, finished) })
	}
	if watch != nil {
		group.Go(func() error { return watch.Run(ctx, finished) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	w.im.Misbehave(im.Faults{})
	if watch == nil {
		return nil, nil
	}
	return watch.Report(context.WithoutCancel(ctx))
}

func (w *world) start(ctx context.Context) error {
	if w.Failpoint == "" {
		if err := w.cluster.Start(ctx); err != nil {
			return err
		}
		return w.meet(ctx)
	}
	if err := w.meet(ctx); err != nil {
		return err
	}
	return w.cluster.Servers[0].Start("PARLEY_FAILPOINT=" + w.Failpoint)
}

// revive starts the first server again after it died at its failpoint.
func (w *world) revive(ctx context.Context) error {
	s := w.cluster.Servers[0]
	if err := s.Died(ctx); err != nil {
		return err
	}
	return s.Start()
}
