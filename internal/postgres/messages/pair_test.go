package messages_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/parley-im/parley/gateway"
)

// pair sends every other call to the other ledger.
type pair struct {
	ledgers [2]gateway.Ledger
	calls   atomic.Int64
}

var _ gateway.Ledger = (*pair)(nil)

func (x *pair) next() gateway.Ledger { return x.ledgers[x.calls.Add(1)%2] }

func (x *pair) Receive(ctx context.Context, m gateway.Message) (bool, error) {
	return x.next().Receive(ctx, m)
}
func (x *pair) Take(ctx context.Context, o gateway.TakeOptions) (*gateway.Turn, error) {
	return x.next().Take(ctx, o)
}
func (x *pair) Extend(ctx context.Context, t *gateway.Turn, merge time.Duration) ([]gateway.Message, error) {
	return x.next().Extend(ctx, t, merge)
}
func (x *pair) Behind(ctx context.Context, t *gateway.Turn) ([]gateway.Message, error) {
	return x.next().Behind(ctx, t)
}
func (x *pair) Renew(ctx context.Context, t *gateway.Turn, lease time.Duration) error {
	return x.next().Renew(ctx, t, lease)
}
func (x *pair) Intend(ctx context.Context, t *gateway.Turn, p gateway.Post) error {
	return x.next().Intend(ctx, t, p)
}
func (x *pair) Settle(ctx context.Context, t *gateway.Turn, a gateway.Answer) error {
	return x.next().Settle(ctx, t, a)
}
func (x *pair) Finish(ctx context.Context, t *gateway.Turn, o gateway.Outcome) error {
	return x.next().Finish(ctx, t, o)
}
func (x *pair) Release(ctx context.Context, t *gateway.Turn, after time.Duration) error {
	return x.next().Release(ctx, t, after)
}
func (x *pair) Cursor(ctx context.Context, channel string) (string, error) {
	return x.next().Cursor(ctx, channel)
}
func (x *pair) SetCursor(ctx context.Context, channel, cursor string) error {
	return x.next().SetCursor(ctx, channel, cursor)
}
func (x *pair) Rate(ctx context.Context, r gateway.Rating) error    { return x.next().Rate(ctx, r) }
func (x *pair) Reclaim(ctx context.Context) error                   { return x.next().Reclaim(ctx) }
func (x *pair) Waiting(ctx context.Context) (map[string]int, error) { return x.next().Waiting(ctx) }
