package rig

import (
	"context"
	"time"
)

// Watch looks at what a server uses up.
type Watch struct {
	server  *Process
	before  Metrics
	at      []float64 // minutes
	memory  []float64 // MB
	started time.Time
}

// NewWatch returns one that has not begun.
func NewWatch(s *Process) *Watch { return &Watch{server: s, started: time.Now()} }

// MB is a megabyte.
const MB = 1 << 20

// Idle is how many goroutines and descriptors more a server may have that was busy:
// connections to the platform and the models are kept open for a minute.
const Idle = 60

// Run samples until finished.
func (w *Watch) Run(ctx context.Context, finished <-chan struct{}) error {
	var err error
	if w.before, err = w.server.Metrics(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-finished:
			return nil
		case <-tick.C:
		}
		m, err := w.server.Metrics(ctx)
		if err != nil {
			return err
		}
		w.at = append(w.at, time.Since(w.started).Minutes())
		w.memory = append(w.memory, m[Resident]/MB)
	}
}

// Report waits until the server is quiet, as long as half-open sockets may take to
// be noticed, and compares.
func (w *Watch) Report(ctx context.Context) (*Use, error) {
	after, err := w.server.Metrics(ctx)
	quiet := time.Now().Add(70 * time.Second)
	for err == nil && after[Goroutines] > w.before[Goroutines]+Idle && time.Now().Before(quiet) {
		time.Sleep(time.Second)
		after, err = w.server.Metrics(ctx)
	}
	if err != nil {
		return nil, err
	}
	half := len(w.at) / 2 // the first half warms up
	return &Use{
		MemoryBefore: w.before[Resident] / MB, MemoryAfter: after[Resident] / MB, MemorySlope: slope(w.at[half:], w.memory[half:]),
		GoroutinesBefore: w.before[Goroutines], GoroutinesAfter: after[Goroutines],
		DescriptorsBefore: w.before[Descriptors], DescriptorsAfter: after[Descriptors],
	}, nil
}

// Use is what one server used up.
type Use struct {
	MemoryBefore      float64 `json:"memory_before_mb"` // resident, after the start
	MemoryAfter       float64 `json:"memory_after_mb"`  // when all was answered and quiet
	MemorySlope       float64 `json:"memory_slope_mb_per_minute"`
	GoroutinesBefore  float64 `json:"goroutines_before"`
	GoroutinesAfter   float64 `json:"goroutines_after"`
	DescriptorsBefore float64 `json:"descriptors_before"`
	DescriptorsAfter  float64 `json:"descriptors_after"`
}

// slope is that of the line with the least squares.
func slope(x, y []float64) float64 {
	var n, sx, sy, sxx, sxy float64
	for i := range x {
		n++
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	if d := n*sxx - sx*sx; d > 0 {
		return (n*sxy - sx*sy) / d
	}
	return 0
}
