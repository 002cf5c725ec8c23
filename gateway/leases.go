package gateway

import (
	"context"
	"time"
)

// Leases lets the processes of one installation agree who of them does what only
// one may do: hold the connection to a platform. Like the leases of conversations
// they end by themselves, by the clock of the database, when their owner does not
// renew them, because it died, froze or cannot reach the database.
type Leases interface {
	// Hold takes the lease called name for owner, or prolongs it if owner has it, to
	// end that long from now. fence rises each time the lease is taken, and stays when
	// it is prolonged. fault.Conflict: somebody else has it.
	Hold(ctx context.Context, name, owner string, lease time.Duration) (fence int64, err error)
	// Free gives the lease back, so that somebody else can have it at once. If owner
	// does not have it any more under that fence, nothing changes.
	Free(ctx context.Context, name, owner string, fence int64) error
}
