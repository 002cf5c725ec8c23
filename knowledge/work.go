package knowledge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/internal/fault"
)

// Run works on what waits until ctx ends: new versions, missing vectors, cleaning
// up. Any number of processes may run it on one store; work of one that died is
// taken over when its lease ends.
func (b *Base) Run(ctx context.Context) error {
	if err := b.sweep(ctx); err != nil && ctx.Err() == nil {
		b.log.ErrorContext(ctx, "sweep of files", "err", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	for range b.opts.Workers {
		g.Go(func() error { return b.work(ctx) })
	}
	g.Go(func() error { return b.tend(ctx) })
	return g.Wait()
}

// work takes one thing after the other. A store that fails is asked again later.
func (b *Base) work(ctx context.Context) error {
	tick := time.NewTicker(b.opts.Poll)
	defer tick.Stop()
	for {
		busy, err := b.step(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			b.log.ErrorContext(ctx, "work on documents", "err", err)
		}
		if busy && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-b.wake:
		case <-tick.C:
		}
	}
}

// step does one piece of work and reports whether there was any.
func (b *Base) step(ctx context.Context) (bool, error) {
	waiting, err := b.waiting(ctx)
	if err != nil {
		return false, err
	}
	if waiting {
		job, ok, err := b.store.Claim(ctx, "", b.opts.Lease, b.opts.Attempts)
		if err != nil {
			return false, err
		}
		if ok {
			if err := b.ingest(ctx, job); err != nil {
				return true, err
			}
			return true, b.clean(ctx) // a long queue must not leave the index in pieces
		}
		if did, err := b.embedOne(ctx, ""); did || err != nil {
			return did, err
		}
	}
	return false, b.clean(ctx)
}

// waiting reports whether there might be work.
func (b *Base) waiting(ctx context.Context) (bool, error) {
	all := b.embedders()
	if len(all) == 0 {
		return b.store.Waiting(ctx, "")
	}
	for _, e := range all {
		if ok, err := b.store.Waiting(ctx, e.Model()); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// Process works on one document here and now, or waits for who does, and returns
// it when it is ready, failed or cancelled.
func (b *Base) Process(ctx context.Context, id string) (Document, error) {
	for {
		d, err := b.store.Document(ctx, id)
		if err != nil || d.Stage.Final() {
			return d, errors.Join(err, b.clean(ctx))
		}
		job, ok, err := b.store.Claim(ctx, id, b.opts.Lease, b.opts.Attempts)
		switch {
		case err != nil:
			return d, err
		case ok:
			err = b.ingest(ctx, job)
		case d.Stage == Embedding:
			ok, err = b.embedOne(ctx, id)
		}
		if err != nil {
			return d, err
		}
		if ok {
			continue
		}
		select {
		case <-ctx.Done():
			return d, fmt.Errorf("wait for document %s: %w", id, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Wait waits until a document is ready, failed or cancelled by whoever works on it.
func (b *Base) Wait(ctx context.Context, id string) (Document, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		d, err := b.store.Document(ctx, id)
		if err != nil || d.Stage.Final() {
			return d, err
		}
		select {
		case <-ctx.Done():
			return d, fmt.Errorf("wait for document %s: %w", id, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// Final tells the stages that work has ended in.
func (s Stage) Final() bool { return s == Ready || s == Failed || s == Cancelled }

// errTaken ends work that is no longer ours.
var errTaken = errors.New("the document was replaced, cancelled or removed")

// guard runs f with a context that ends when the lease is lost, and renews the
// lease meanwhile. What f shows as progress goes out with the renewals.
func (b *Base) guard(ctx context.Context, job Job, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	id := job.Document.ID
	b.mu.Lock()
	b.running[id] = cancel
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.running, id)
		b.mu.Unlock()
	}()
	done := make(chan struct{})
	var g errgroup.Group
	g.Go(func() error {
		tick := time.NewTicker(b.opts.Lease / 6)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return nil
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
			err := b.store.Renew(ctx, job, "", 0, b.opts.Lease)
			if errors.Is(err, fault.Conflict) || errors.Is(err, fault.NotFound) {
				cancel(errTaken)
				return nil
			}
			if err != nil && ctx.Err() == nil {
				b.log.WarnContext(ctx, "renew lease", "document", id, "err", err)
			}
		}
	})
	err := f(ctx)
	close(done)
	_ = g.Wait() // returns nothing but nil
	if err != nil && (errors.Is(err, fault.Conflict) || context.Cause(ctx) == errTaken) {
		return errTaken
	}
	return err
}

// sweep removes files that no document has: left by a process that died between
// storing a file and telling the store.
func (b *Base) sweep(ctx context.Context) error {
	return b.files.Each(ctx, b.opts.CleanAtStart, func(key string) error {
		known, err := b.store.Known(ctx, key)
		if err != nil || known {
			return err
		}
		return b.files.Remove(ctx, key)
	})
}
