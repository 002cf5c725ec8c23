// Package llm answers with language models, and without them.
//
// A Chain is a bot.Model made of endpoints in order of preference (package openai
// speaks with each) and a last resort. It moves to the next endpoint when one
// fails before any text was shown, never after: then the error goes up, and the
// gateway asks anew and replaces what was shown. A breaker for each endpoint keeps
// one that is down from being waited for. Extractive is the answerer that needs no
// model: it quotes the passages; it serves alone while no model is configured, and
// as the last resort if the admin allows it.
//
// Package llmtest is a server that behaves well or badly on demand.
package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/llm/openai"
)

var _ bot.Model = (*Chain)(nil)

// Config is what a Chain is made of.
type Config struct {
	Endpoints  []openai.Endpoint // the first that works answers
	LastResort bot.Model         // answers when none does, if there are passages; nil: the error goes up
	MaxWait    time.Duration     // longest Retry-After that is waited for before the next endpoint is tried; 2 s
	OpenAfter  uint32            // failures in a row after which an endpoint is left alone; 3
	OpenFor    time.Duration     // for so long; 15 s
	Log        *slog.Logger
}

// Chain is a list of endpoints.
type Chain struct {
	links      []*link
	lastResort bot.Model
	maxWait    time.Duration
	log        *slog.Logger
}

// link is one endpoint with its breaker and what is known of how it does.
type link struct {
	client  *openai.Client
	breaker *gobreaker.CircuitBreaker[struct{}]
	mu      sync.Mutex
	health  Health
}

// Health tells how an endpoint does.
type Health struct {
	Name       string        `json:"name"`
	Model      string        `json:"model"`
	State      string        `json:"state"`            // "closed": in use, "open": left alone for now, "half-open": being tried
	Error      openai.Reason `json:"error,omitempty"`  // the last failure, also after a success
	Status     int           `json:"status,omitempty"` // HTTP status of it
	ErrorAt    time.Time     `json:"error_at,omitzero"`
	OKAt       time.Time     `json:"ok_at,omitzero"`        // the last whole answer
	FirstToken time.Duration `json:"first_token,omitempty"` // of the last answer, nanoseconds
}

// New returns a Chain. It reaches nothing yet.
func New(c Config) *Chain {
	chain := &Chain{lastResort: c.LastResort, maxWait: cmp.Or(c.MaxWait, 2*time.Second), log: c.Log}
	for _, e := range c.Endpoints {
		client := openai.New(e)
		l := &link{client: client, health: Health{Name: client.Name, Model: client.Model}}
		l.breaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
			Name:        client.Name,
			Timeout:     cmp.Or(c.OpenFor, 15*time.Second),
			ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= cmp.Or(c.OpenAfter, 3) },
			IsExcluded:  excluded,
		})
		chain.links = append(chain.links, l)
	}
	return chain
}

// Close drops idle connections.
func (c *Chain) Close() {
	for _, l := range c.links {
		l.client.Close()
	}
}

// excluded: what says nothing about whether the endpoint works. The reader left,
// or this one request was not to its liking.
func excluded(err error) bool {
	if err == nil {
		return false
	}
	e, ok := errors.AsType[*openai.Error](err)
	return !ok || e.Reason == openai.Refused || e.Reason == openai.Filtered
}

// Stream asks the endpoints in order until one answers. A breaker saves waiting,
// it must not cost an answer: when nobody else answers and there is no last resort,
// the first endpoint that was left alone is asked all the same.
func (c *Chain) Stream(ctx context.Context, r bot.Request) iter.Seq2[bot.Chunk, error] {
	return func(yield func(bot.Chunk, error) bool) {
		var failures []error
		var alone *link
		for _, l := range c.links {
			for waited := false; ; waited = true {
				said, err := l.stream(ctx, r, yield)
				if err == nil {
					return
				}
				if said || ctx.Err() != nil {
					yield(bot.Chunk{}, err)
					return
				}
				if open(err) && alone == nil {
					alone = l
				}
				failures = append(failures, err)
				c.log.WarnContext(ctx, "model failed", "model", l.client.Name, "err", err)
				if waited || !c.wait(ctx, err) {
					break
				}
			}
		}
		if c.lastResort != nil && len(r.Passages) > 0 && ctx.Err() == nil {
			c.lastResort.Stream(ctx, r)(yield)
			return
		}
		if alone != nil && ctx.Err() == nil {
			said, err := alone.ask(ctx, r, yield)
			if err == nil {
				return
			}
			if said {
				yield(bot.Chunk{}, err)
				return
			}
			failures = append(failures, err)
		}
		if err := context.Cause(ctx); err != nil {
			yield(bot.Chunk{}, fmt.Errorf("ask the models: %w", err))
			return
		}
		yield(bot.Chunk{}, fmt.Errorf("no model answers: %w", errors.Join(append(failures, fault.Unavailable)...)))
	}
}

// wait waits as long as a busy server asks for, if that is short.
func (c *Chain) wait(ctx context.Context, err error) bool {
	e, ok := errors.AsType[*openai.Error](err)
	if !ok || e.Reason != openai.RateLimited || e.RetryAfter <= 0 || e.RetryAfter > c.maxWait {
		return false
	}
	select {
	case <-time.After(e.RetryAfter):
		return true
	case <-ctx.Done():
		return false
	}
}

// stream asks one endpoint through its breaker. said tells whether text was shown.
// No error is returned when the reader left.
func (l *link) stream(ctx context.Context, r bot.Request, yield func(bot.Chunk, error) bool) (said bool, err error) {
	_, err = l.breaker.Execute(func() (struct{}, error) {
		said, err = l.ask(ctx, r, yield)
		return struct{}{}, err
	})
	if open(err) {
		return said, fmt.Errorf("model %s is left alone for now: %w: %w", l.client.Name, fault.Unavailable, err)
	}
	return said, err
}

// open reports whether a breaker let a call not through.
func open(err error) bool {
	return errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests)
}

// ask asks one endpoint, breaker or not.
func (l *link) ask(ctx context.Context, r bot.Request, yield func(bot.Chunk, error) bool) (said bool, err error) {
	began := time.Now()
	for chunk, err := range l.client.Stream(ctx, r) {
		if e, ok := errors.AsType[*openai.Error](err); ok {
			l.note(func(h *Health) { h.Error, h.Status, h.ErrorAt = e.Reason, e.Status, time.Now() })
		}
		if err != nil {
			return said, err
		}
		if chunk.Text != "" && !said {
			said = true
			l.note(func(h *Health) { h.FirstToken = time.Since(began) })
		}
		if !yield(chunk, nil) {
			return said, nil
		}
	}
	l.note(func(h *Health) { h.OKAt = time.Now() })
	return said, nil
}

func (l *link) note(change func(*Health)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.health)
}

// Health tells how each endpoint does, in order.
func (c *Chain) Health() []Health {
	var out []Health
	for _, l := range c.links {
		l.mu.Lock()
		h := l.health
		l.mu.Unlock()
		h.State = l.breaker.State().String()
		out = append(out, h)
	}
	return out
}

// CheckResult is how one endpoint did in Check.
type CheckResult struct {
	Name       string
	Model      string
	FirstToken time.Duration
	Err        error // nil: it answers
}

// Check asks every endpoint for a word, breaker or not.
func (c *Chain) Check(ctx context.Context) []CheckResult {
	var out []CheckResult
	for _, l := range c.links {
		took, err := l.client.Check(ctx)
		out = append(out, CheckResult{Name: l.client.Name, Model: l.client.Model, FirstToken: took, Err: err})
	}
	return out
}
