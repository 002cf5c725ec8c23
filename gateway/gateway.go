package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// Named is a channel with its name in config.yaml and its kind, such as "webchat".
type Named struct {
	Name, Kind string
	Channel    Channel
}

// Config is what New needs. Zero values stand for the defaults.
type Config struct {
	Ledger   Ledger
	Handler  Handler
	Channels []Named // more can be added with Open before Run
	// Owner names this process among those that share the ledger. What a process of
	// the same name held before is taken over at once when Run begins.
	Owner string
	Log   *slog.Logger
	// Events is called for what is worth counting. It must not block.
	Events func(Event)

	MergeWindow   time.Duration     // 1.5 s; follow-ups that come sooner belong to the same question
	Complete      func(string) bool // whether a text is asked at once; default Complete
	Workers       int               // 64 turns at a time
	Lease         time.Duration     // 15 s, renewed three times as often
	StaleAfter    time.Duration     // 15 min; older messages are not answered any more
	AnswerTimeout time.Duration     // 5 min for the Handler, and for its later tries together
	PostTimeout   time.Duration     // 1 h; how long a whole answer is offered to a platform
	MaxAttempts   int               // 5 tries at an answer
	MaxCrashes    int               // 5 tries that ended with the process, not with an error
	DrainTimeout  time.Duration     // 25 s for running turns when the context ends
	SweepEvery    time.Duration     // 1 min; how often Catchers are asked while connected
	ImageHosts    []string          // hosts whose images may be shown; none by default
}

func (c Config) withDefaults() Config {
	set(&c.MergeWindow, 1500*time.Millisecond)
	set(&c.Lease, 15*time.Second)
	set(&c.StaleAfter, 15*time.Minute)
	set(&c.AnswerTimeout, 5*time.Minute)
	set(&c.PostTimeout, time.Hour)
	set(&c.DrainTimeout, 25*time.Second)
	set(&c.SweepEvery, time.Minute)
	set(&c.Workers, 64)
	set(&c.MaxAttempts, 5)
	set(&c.MaxCrashes, 5)
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

	mu      sync.Mutex
	links   []*link
	running map[Conversation]*turn
	stops   map[Conversation]stop
	waiting map[string]int
}

// stop is one that was received and whose own turn has not come yet: a question
// before it may still wait, for a worker or for its next try.
type stop struct {
	message string
	by      Person
	at      time.Time
}

// New returns a Gateway. It starts nothing.
func New(c Config) *Gateway {
	g := &Gateway{Config: c.withDefaults(), wake: make(chan struct{}, 1), running: map[Conversation]*turn{}, stops: map[Conversation]stop{}}
	for _, n := range c.Channels {
		l := g.link(n.Name, n.Kind)
		l.use(n.Channel)
	}
	return g
}

// Open opens a channel and adds it: s.Seen and s.Rate are set by the Gateway. Call
// it before Run.
func (g *Gateway) Open(kind string, open Open, s Setup) (Channel, error) {
	l := g.link(s.Name, kind)
	s.Seen = l.seen
	s.Rate = func(ctx context.Context, r Rating) error { return g.rate(ctx, l, r) }
	ch, err := open(s)
	if err != nil {
		return nil, fmt.Errorf("open channel %s: %w", s.Name, err)
	}
	l.use(ch)
	return ch, nil
}

// Run serves until ctx ends. Then it takes no new turn, gives those that run
// DrainTimeout to end, stops the channels and returns when all of it has ended.
func (g *Gateway) Run(ctx context.Context) error {
	if err := g.Ledger.Reclaim(ctx, g.Owner); err != nil {
		return fmt.Errorf("start gateway: %w", err)
	}
	// The channels listen until the last turn is done: answers may need the
	// connection, and a stop must still be heard.
	listening, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	var channels sync.WaitGroup
	for _, l := range g.all() {
		channels.Go(func() { l.run(listening) })
	}
	channels.Go(func() { g.counting(listening) })
	g.dispatch(ctx)
	hangUp()
	channels.Wait()
	return nil
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

// dispatch hands out turns until ctx ends, and returns when all have ended.
func (g *Gateway) dispatch(ctx context.Context) {
	working, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	var turns sync.WaitGroup
	slots := make(chan struct{}, g.Workers)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		if t := g.take(ctx); t != nil {
			turns.Go(func() {
				defer func() { <-slots }()
				g.work(working, t)
			})
			continue
		}
		<-slots
		select {
		case <-g.wake:
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	ended := make(chan struct{})
	go func() { defer close(ended); turns.Wait() }()
	select {
	case <-ended:
	case <-time.After(g.DrainTimeout):
		end(errDrained)
		<-ended
	}
}

// take asks the ledger for a turn. A Take that is cut off half way would leave a
// lease behind, so it is not cancelled.
func (g *Gateway) take(ctx context.Context) *Turn {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), ledgerTimeout)
	defer done()
	t, err := g.Ledger.Take(ctx, TakeOptions{Owner: g.Owner, Now: time.Now(), Lease: g.Lease, Merge: g.MergeWindow})
	if err != nil {
		g.Log.Error("take a turn", "err", err)
		return nil
	}
	return t
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
