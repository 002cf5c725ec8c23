// Package failpoint ends the process, as kill -9 does, at a chosen boundary of the
// ledger, so that tests can prove what happens when the machine dies right there.
// It wraps a gateway.Ledger; without a plan nothing is wrapped and nothing costs.
package failpoint

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// Points are the names of all boundaries: each write of the ledger, before and after it is durable.
func Points() []string {
	var list []string
	for _, write := range []string{"receive", "intend", "settle", "finish"} {
		list = append(list, write+".before", write+".after")
	}
	return append(list, "take.after")
}

// Plan says where to die, and at which pass.
type Plan struct {
	Point string
	Pass  int64 // from 1
}

// Parse reads "settle.after:3".
func Parse(text string) (Plan, error) {
	point, pass, ok := strings.Cut(text, ":")
	n, err := strconv.ParseInt(pass, 10, 64)
	if !ok || err != nil || n < 1 || !slices.Contains(Points(), point) {
		return Plan{}, fmt.Errorf("failpoint %q is not POINT:PASS with one of %s: %w", text, strings.Join(Points(), ", "), fault.Invalid)
	}
	return Plan{point, n}, nil
}

// Ledger wraps inner; die must not return.
func Ledger(inner gateway.Ledger, plan Plan, die func()) gateway.Ledger {
	return &ledger{Ledger: inner, plan: plan, die: die}
}

type ledger struct {
	gateway.Ledger
	plan   Plan
	passed atomic.Int64
	die    func()
}

var _ gateway.Ledger = (*ledger)(nil)

func (l *ledger) at(point string) {
	if point == l.plan.Point && l.passed.Add(1) == l.plan.Pass {
		l.die()
	}
}

func (l *ledger) Receive(ctx context.Context, m gateway.Message) (bool, error) {
	l.at("receive.before")
	fresh, err := l.Ledger.Receive(ctx, m)
	l.at("receive.after")
	return fresh, err
}

// Take counts only when it hands out a turn: an idle gateway asks again and again,
// so there is no boundary before it that would mean something.
func (l *ledger) Take(ctx context.Context, o gateway.TakeOptions) (*gateway.Turn, error) {
	t, err := l.Ledger.Take(ctx, o)
	if t != nil {
		l.at("take.after")
	}
	return t, err
}

func (l *ledger) Intend(ctx context.Context, t *gateway.Turn, p gateway.Post) error {
	l.at("intend.before")
	err := l.Ledger.Intend(ctx, t, p)
	l.at("intend.after")
	return err
}

func (l *ledger) Settle(ctx context.Context, t *gateway.Turn, a gateway.Answer) error {
	l.at("settle.before")
	err := l.Ledger.Settle(ctx, t, a)
	l.at("settle.after")
	return err
}

func (l *ledger) Finish(ctx context.Context, t *gateway.Turn, o gateway.Outcome) error {
	l.at("finish.before")
	err := l.Ledger.Finish(ctx, t, o)
	l.at("finish.after")
	return err
}
