package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// queryTimeout ends a statement of a caller that set no deadline, also where the
// server is frozen and its own limits do not work.
const queryTimeout = 30 * time.Second

// Within gives ctx a deadline if it has none.
func Within(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, queryTimeout)
}

// Text makes s fit for the server, which takes neither a NUL nor what is not UTF-8:
// each becomes U+FFFD. Exec, Row, Rows and Queue do this to all strings they are given;
// what people wrote must never be the reason that a write fails for ever.
func Text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func fit(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		if s, ok := a.(string); ok {
			a = Text(s)
		}
		out[i] = a
	}
	return out
}

// Exec runs one statement and returns how many rows it changed.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx, done := Within(ctx)
	defer done()
	tag, err := db.Pool.Exec(ctx, query, fit(args)...)
	return tag.RowsAffected(), Fault(err)
}

// Row runs a query and hands its first row to scan. pgx.ErrNoRows: there is none.
func (db *DB) Row(ctx context.Context, scan func(pgx.Row) error, query string, args ...any) error {
	ctx, done := Within(ctx)
	defer done()
	return Fault(scan(db.Pool.QueryRow(ctx, query, fit(args)...)))
}

// Rows runs a query and collects its rows; none: nil.
func Rows[T any](ctx context.Context, db *DB, scan func(pgx.CollectableRow) (T, error), query string, args ...any) ([]T, error) {
	ctx, done := Within(ctx)
	defer done()
	rows, err := db.Pool.Query(ctx, query, fit(args)...)
	if err != nil {
		return nil, Fault(err)
	}
	all, err := pgx.AppendRows([]T(nil), rows, scan)
	return all, Fault(err)
}

// Queue adds a statement to b.
func Queue(b *pgx.Batch, query string, args ...any) *pgx.QueuedQuery {
	return b.Queue(query, fit(args)...)
}

// Batch runs the statements of b as one transaction, in one round trip. Each sees what
// was committed before it began, so one that waits for a lock is followed by one that
// sees what the other side did.
func (db *DB) Batch(ctx context.Context, b *pgx.Batch) error {
	ctx, done := Within(ctx)
	defer done()
	return Fault(db.Pool.SendBatch(ctx, b).Close())
}

// Lock is a statement for a batch or a transaction: until its end nobody else has the
// lock of that kind and name. Two names may share a lock; they wait then, no more.
const Lock = `SELECT pg_advisory_xact_lock(hashtextextended($1::text || ' ' || $2::text, 0))`
