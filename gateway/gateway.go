package gateway

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/live"
)

// Named is a channel with its name in config.yaml and the kind that it names there.
type Named struct {
	Name, Kind string
	Channel    Channel
}

// Config is what New needs. Zero values stand for the defaults.
type Config struct {
	Ledger   Ledger
	Handler  Handler
	Channels []Named // more can be added with Open before Run
	// Owner names this process among those that share the ledger. It must be its own: a
	// host name alone is not enough, containers share them. "": made up at random.
	Owner string
	// Leases says who holds the connections of channels that have only one. nil: this
	// process is certain to be the only one that uses the ledger, so whatever is leased
	// there is taken over at once when Run begins.
	Leases Leases
	// Bus tells the other processes at once what they would find a second or two later
	// in the ledger. nil: nobody is told.
	Bus live.Bus
	Log *slog.Logger
	// Events is called for what is worth counting. It must not block.
	Events func(Event)

	MergeWindow   time.Duration     // 1.5 s; follow-ups that come sooner belong to the same question
	Complete      func(string) bool // whether a text is asked at once; default Complete
	Workers       int               // 64 turns at a time
	Lease         time.Duration     // 5 s, renewed three times as often; with the poll of a second it is how long it takes to replace a dead process
	StaleAfter    time.Duration     // 15 min; older messages are not answered any more
	AnswerTimeout time.Duration     // 5 min for the Handler, and for its later tries together
	PostTimeout   time.Duration     // 1 h; how long a whole answer is offered to a platform
	MaxAttempts   int               // 5 tries at an answer
	MaxCrashes    int               // 5 tries that ended with the process, not with an error
	DrainTimeout  time.Duration     // 25 s for running turns when the context ends
	Linger        time.Duration     // how long at least it goes on receiving then, for a load balancer to notice; 0 by default
	SweepEvery    time.Duration     // 1 min; how often Catchers are asked while connected
	ImageHosts    []string          // hosts whose images may be shown; none by default
}

func (c Config) withDefaults() Config {
	set(&c.MergeWindow, 1500*time.Millisecond)
	set(&c.Lease, 5*time.Second)
	set(&c.StaleAfter, 15*time.Minute)
	set(&c.AnswerTimeout, 5*time.Minute)
	set(&c.PostTimeout, time.Hour)
	set(&c.DrainTimeout, 25*time.Second)
	set(&c.SweepEvery, time.Minute)
	set(&c.Workers, 64)
	set(&c.MaxAttempts, 5)
	set(&c.MaxCrashes, 5)
	if c.Owner == "" {
		c.Owner = rand.Text()
	}
	if c.Complete == nil {
		c.Complete = Complete
	}
	if c.Events == nil {
		c.Events = func(Event) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func set[T int | time.Duration](v *T, standard T) {
	if *v == 0 {
		*v = standard
	}
}

// poll is how often the ledger is asked for what this process was not told of:
// rows of other processes, tries whose time has come, leases that ended.
const poll = time.Second

// ledgerTimeout is the limit of one call to the ledger.
const ledgerTimeout = 10 * time.Second

// Gateway joins channels, ledger and handler.
type Gateway struct {
	Config
	wake chan struct{}

	hints chan hint     // for the other processes
	slots chan struct{} // one for each turn that is worked on
	flow  flow

	mu      sync.Mutex
	taking  bool // turns; see Ready
	links   []*link
	running map[Conversation]*turn
	strange map[string]time.Time // channels that are not configured here, and when one was met last
	waiting map[string]int
}

// New returns a Gateway. It starts nothing.
func New(c Config) *Gateway {
	c = c.withDefaults()
	g := &Gateway{Config: c, wake: make(chan struct{}, 1), hints: make(chan hint, hintQueue), slots: make(chan struct{}, c.Workers),
		running: map[Conversation]*turn{}, strange: map[string]time.Time{}}
	for _, n := range c.Channels {
		l := g.link(n.Name, n.Kind)
		l.use(n.Channel)
	}
	return g
}

// Open opens a channel and adds it: s.Seen, s.Rate and s.Bus are set by the Gateway.
// Call it before Run.
func (g *Gateway) Open(kind string, open Open, s Setup) (Channel, error) {
	l := g.link(s.Name, kind)
	s.Seen, s.Bus = l.seen, g.Bus
	s.Rate = func(ctx context.Context, r Rating) error { return g.rate(ctx, l, r) }
	ch, err := open(s)
	if err != nil {
		return nil, fmt.Errorf("open channel %s: %w", s.Name, err)
	}
	l.use(ch)
	return ch, nil
}

// Run serves until ctx ends. Then Ready fails, no new turn is taken, and those that
// run get DrainTimeout to end; what is left is given back, for another process to go
// on with at once. Until then the channels receive. Then they are stopped and their
// leases given back. Run returns when all of it has ended.
func (g *Gateway) Run(ctx context.Context) error {
	if g.Leases == nil {
		if err := g.Ledger.Reclaim(ctx); err != nil {
			return fmt.Errorf("start gateway: %w", err)
		}
	}
	// The channels listen until the last turn is done: answers may need the
	// connection, and a stop must still be heard.
	listening, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	var channels sync.WaitGroup
	for _, l := range g.all() {
		channels.Go(func() { l.serve(listening) })
	}
	channels.Go(func() { g.counting(listening) })
	whispering, hush := context.WithCancel(context.WithoutCancel(ctx))
	defer hush()
	var whispers sync.WaitGroup
	if g.Bus != nil {
		channels.Go(func() { g.hear(listening) })
		whispers.Go(func() { g.whisper(whispering) })
	}
	g.open(true)
	g.dispatch(ctx)
	hangUp()
	channels.Wait()
	hush()
	whispers.Wait()
	return nil
}

// Ready reports why this process takes no turns: it does not run yet, or it stops.
// A load balancer should send nothing more then, though what comes is received.
func (g *Gateway) Ready(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.taking {
		return fmt.Errorf("the gateway does not run yet, or not any more: %w", fault.Unavailable)
	}
	return nil
}

func (g *Gateway) open(yes bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taking = yes
}

// Health tells how each channel is doing.
func (g *Gateway) Health() []Health {
	var all []Health
	for _, l := range g.all() {
		h := l.state()
		g.mu.Lock()
		h.Waiting = g.waiting[l.name]
		g.mu.Unlock()
		all = append(all, h)
	}
	return all
}

func (g *Gateway) all() []*link {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.links[:len(g.links):len(g.links)]
}

// find returns the channel of a conversation, nil if it is not configured.
func (g *Gateway) find(name string) *link {
	for _, l := range g.all() {
		if l.name == name && l.ch != nil {
			return l
		}
	}
	return nil
}

// counting keeps the numbers of Health. When the ledger does not answer, the last
// known ones stay.
func (g *Gateway) counting(ctx context.Context) {
	for sleep(ctx, poll) {
		if n, err := g.Ledger.Waiting(ctx); err == nil {
			g.mu.Lock()
			g.waiting = n
			g.mu.Unlock()
		}
	}
}

func (g *Gateway) poke() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

func (g *Gateway) rate(ctx context.Context, l *link, r Rating) error {
	if r.Value < -1 || r.Value > 1 || r.Post == "" {
		return fmt.Errorf("rate %q with %d: %w", r.Post, r.Value, fault.Invalid)
	}
	r.Conversation.Channel = l.name
	return g.Ledger.Rate(ctx, r)
}
