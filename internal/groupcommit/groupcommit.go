// Package groupcommit joins writes that arrive at the same time into one: a database
// that syncs each commit to disk takes as long for a hundred rows as for one.
//
// Nobody waits for company. The first caller writes at once, alone; who comes meanwhile
// forms the next group, which the first of them writes for all. So a group is as large
// as the load makes it, and there is no goroutine to start or stop.
package groupcommit

import (
	"context"
	"sync"
	"time"
)

// Writer writes groups of items, one group at a time.
type Writer[T, R any] struct {
	write   func(ctx context.Context, group []T) ([]R, error)
	most    int
	timeout time.Duration

	mu      sync.Mutex
	busy    bool // somebody writes, or was told to
	waiting []*call[T, R]
}

// call is one item on its way. Its channels are buffered: who tells never waits.
type call[T, R any] struct {
	item T
	lead chan struct{} // it is this caller's turn to write
	done chan outcome[R]
}

type outcome[R any] struct {
	result R
	err    error
}

// New returns a Writer. write gets at most so many items, oldest first, and returns a
// result for each; its error is everybody's. A group is written on behalf of all its
// callers, so it does not end with the context of one of them, but after timeout.
func New[T, R any](most int, timeout time.Duration, write func(ctx context.Context, group []T) ([]R, error)) *Writer[T, R] {
	return &Writer[T, R]{write: write, most: most, timeout: timeout}
}

// Do writes item with others and returns its result. If ctx ends first, item may be
// written all the same.
func (w *Writer[T, R]) Do(ctx context.Context, item T) (R, error) {
	c := &call[T, R]{item: item, lead: make(chan struct{}, 1), done: make(chan outcome[R], 1)}
	w.mu.Lock()
	w.waiting = append(w.waiting, c)
	if !w.busy {
		w.busy = true
		c.lead <- struct{}{}
	}
	w.mu.Unlock()
	select {
	case o := <-c.done:
		return o.result, o.err
	case <-c.lead:
		w.group(ctx)
		o := <-c.done // the leader's own item is in its group: it was the oldest
		return o.result, o.err
	case <-ctx.Done():
		if w.leave(c) {
			w.group(ctx) // others wait for it
		}
		var none R
		return none, context.Cause(ctx)
	}
}

// leave takes c back if it was not written yet. It reports whether c was told to write
// for the others at this very moment.
func (w *Writer[T, R]) leave(c *call[T, R]) (leads bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-c.lead:
		return true
	default:
	}
	for i, x := range w.waiting {
		if x == c {
			w.waiting = append(w.waiting[:i:i], w.waiting[i+1:]...)
			break
		}
	}
	return false
}

// group writes what waits, and hands on to the first of those that came meanwhile.
func (w *Writer[T, R]) group(ctx context.Context) {
	w.mu.Lock()
	n := min(len(w.waiting), w.most)
	calls := w.waiting[:n:n]
	w.waiting = w.waiting[n:]
	w.mu.Unlock()
	defer w.hand()

	items := make([]T, n)
	for i, c := range calls {
		items[i] = c.item
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.timeout)
	defer cancel()
	results, err := w.write(ctx, items)
	for i, c := range calls {
		o := outcome[R]{err: err}
		if err == nil {
			o.result = results[i]
		}
		c.done <- o
	}
}

func (w *Writer[T, R]) hand() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.waiting, w.busy = nil, false
		return
	}
	w.waiting[0].lead <- struct{}{}
}
