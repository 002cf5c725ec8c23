package speed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/parley-im/parley/internal/bench/im"
	"github.com/parley-im/parley/internal/bench/rig"
)

// Intake measures how fast messages are made durable: what comes in through the
// webhook channel, each acknowledged only after its commit. Half of the messages
// are talk among people that the bot does not answer.
type Intake struct {
	Program  []string
	Database string        // as in FirstText
	Rate     int           // messages a second that are offered, whatever comes back
	For      time.Duration // how long
	Begin    time.Duration // before that, at the same rate: connections are opened, caches filled
	Chats    int
	ForBot   float64 // share of messages that the bot answers
	Again    float64 // share of messages that are offered twice
	Seed     uint64
}

// IntakeReport has times from the moment a message was due to its acknowledgement.
type IntakeReport struct {
	Store     string         `json:"store"`
	Rate      int            `json:"rate"`
	Offered   int            `json:"offered"`
	PerSecond float64        `json:"acknowledged_per_second"`
	Refused   int            `json:"refused"` // not acknowledged at the first try
	P50       float64        `json:"p50_ms"`
	P95       float64        `json:"p95_ms"`
	P99       float64        `json:"p99_ms"`
	BeginP99  float64        `json:"begin_p99_ms"` // of the messages before those that the rest is about
	Answers   int            `json:"answered_meanwhile"`
	Rows      map[string]int `json:"rows"`
	Messages  int            `json:"messages"` // without those offered again
}

// Fault says what broke the promise, or "".
func (r IntakeReport) Fault() string {
	rows := 0
	for _, n := range r.Rows {
		rows += n
	}
	if rows != r.Messages {
		return fmt.Sprintf("%d messages were acknowledged, %d are in the ledger", r.Messages, rows)
	}
	return ""
}

// Table is the report for people.
func (r IntakeReport) Table() string {
	return fmt.Sprintf("intake on %s: %d messages at %d/s, %d refused at first\n"+
		"  durable           %.0f/s   p50 %.1f ms   p95 %.1f ms   p99 %.1f ms   (p99 while it begins: %.1f ms)\n"+
		"  answered meanwhile %d   ledger %v\n",
		r.Store, r.Offered, r.Rate, r.Refused, r.PerSecond, r.P50, r.P95, r.P99, r.BeginP99, r.Answers, r.Rows)
}

// Run starts a server and offers messages at the rate, not waiting for answers.
func (t Intake) Run(ctx context.Context) (report IntakeReport, err error) {
	report.Rate = t.Rate
	model, err := rig.NewStandin(rig.Model{})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	platform, err := im.New(im.Profile{}, t.Seed)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, platform.Close()) }()
	place, err := rig.NewPlace(ctx, t.Database)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	report.Store = place.Store()
	server, err := place.Process(ctx, t.Program, 0, fmt.Sprintf(`log: {level: warn}
models: [{name: standin, base_url: %q, api_key: none, model: standin}]
answers: {ask_anyway: true, session_idle: 1ms}
gateway: {merge_window: 0s}
channels: {im: %s}
`, model.URL, platform.Settings()))
	if err != nil {
		return report, err
	}
	if err := server.Start(); err != nil {
		return report, err
	}
	stopped := false
	defer func() {
		if !stopped {
			server.Kill()
		}
	}()
	if err := server.Ready(ctx); err != nil {
		return report, err
	}
	if err := t.offer(ctx, platform, server.Listen, &report); err != nil {
		return report, fmt.Errorf("%w\n%s", err, server.Log())
	}
	answers, _ := platform.Seen()
	report.Answers = len(answers)
	server.Kill() // what was acknowledged is there, whatever happens to the rest
	stopped = true
	report.Rows, err = place.Rows(ctx)
	return report, err
}

// mostFlying is how many messages may wait for their acknowledgement at a time.
const mostFlying = 512

// offer sends at the rate from as many goroutines as are needed. A message is late
// from the moment it was due, so a server that stalls shows in every message after.
func (t Intake) offer(ctx context.Context, platform *im.Platform, address string, report *IntakeReport) error {
	chance := rand.New(rand.NewPCG(t.Seed, 5))
	to := im.NewBalancer([]string{address}, false)
	first := int(float64(t.Rate) * t.Begin.Seconds())
	total := first + int(float64(t.Rate)*t.For.Seconds())
	var mu sync.Mutex
	var begin, took []time.Duration
	var failed error
	var running sync.WaitGroup
	flying := make(chan struct{}, mostFlying)
	began := time.Now()
	last := -1
	for n := range total {
		due := began.Add(time.Duration(n) * time.Second / time.Duration(t.Rate))
		if wait := time.Until(due); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				running.Wait()
				return context.Cause(ctx)
			}
		}
		number := last + 1
		if last >= 0 && chance.Float64() < t.Again {
			number = chance.IntN(last + 1)
		} else {
			last = number
			report.Messages++
		}
		report.Offered++
		chat := number % t.Chats
		m := im.Message{
			ID: fmt.Sprint(number), Chat: fmt.Sprintf("c%d", chat), Sender: fmt.Sprintf("u%d", number%7),
			Text: fmt.Sprintf("Has anybody seen parcel %d since Monday?", number), Direct: float64(chat) < t.ForBot*float64(t.Chats),
			Extra: map[string]any{"offer": n},
		}
		select {
		case flying <- struct{}{}:
		case <-ctx.Done():
			running.Wait()
			return context.Cause(ctx)
		}
		running.Go(func() {
			defer func() { <-flying }()
			tries, err := platform.Say(ctx, to, "im", m)
			mu.Lock()
			defer mu.Unlock()
			if n < first {
				begin = append(begin, time.Since(due))
			} else {
				took = append(took, time.Since(due))
			}
			report.Refused += min(1, tries-1)
			failed = errors.Join(failed, err)
		})
	}
	running.Wait()
	report.PerSecond = float64(len(took)) / (time.Since(began) - t.Begin).Seconds()
	slices.Sort(took)
	slices.Sort(begin)
	report.BeginP99 = rig.Milliseconds(rig.Percentile(begin, 99))
	report.P50, report.P95, report.P99 = rig.Milliseconds(rig.Percentile(took, 50)), rig.Milliseconds(rig.Percentile(took, 95)), rig.Milliseconds(rig.Percentile(took, 99))
	return failed
}
