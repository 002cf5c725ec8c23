// Package leases is the gateway's Leases on Postgres: one row for each thing that
// only one process may do. Each method is one statement, and time is that of the
// database, so the clocks of the machines do not matter.
package leases

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

// Leases is a gateway.Leases.
type Leases struct{ db *postgres.DB }

var _ gateway.Leases = (*Leases)(nil)

// New returns the leases in db, which must be migrated.
func New(db *postgres.DB) *Leases { return &Leases{db: db} }

// clock_timestamp and not now: a statement may have waited for the row.
const sqlHold = `
INSERT INTO leases AS l (name, owner, fence, ends_at)
VALUES ($1, $2, 1, clock_timestamp() + $3::bigint * interval '1 microsecond')
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, ends_at = excluded.ends_at,
	fence = l.fence + CASE WHEN l.ends_at > clock_timestamp() THEN 0 ELSE 1 END
WHERE l.owner = excluded.owner OR l.ends_at <= clock_timestamp()
RETURNING fence`

// Hold takes the lease, or prolongs it.
func (l *Leases) Hold(ctx context.Context, name, owner string, lease time.Duration) (fence int64, err error) {
	err = l.db.Row(ctx, func(r pgx.Row) error { return r.Scan(&fence) }, sqlHold, name, owner, lease.Microseconds())
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("hold %s: somebody else has it: %w", name, fault.Conflict)
	}
	if err != nil {
		return 0, fmt.Errorf("hold %s: %w", name, err)
	}
	return fence, nil
}

const sqlFree = `UPDATE leases SET ends_at = '-infinity' WHERE name = $1 AND owner = $2 AND fence = $3`

// Free gives the lease back.
func (l *Leases) Free(ctx context.Context, name, owner string, fence int64) error {
	if _, err := l.db.Exec(ctx, sqlFree, name, owner, fence); err != nil {
		return fmt.Errorf("free %s: %w", name, err)
	}
	return nil
}
