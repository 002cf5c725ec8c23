// Package postgres opens the database server of an installation with more than one
// machine, and brings its tables up to date.
//
// The stores themselves live in packages below this one, one for each package whose
// interface they implement, like their sisters on SQLite; each owns its tables and its
// migration files. All of them share one *DB, a pool of connections whose every
// session has limits: a statement, a wait for a lock and an idle transaction end by
// themselves, so that a replica that hangs cannot hold the others up.
//
// Several replicas share one database. Migrate takes an advisory lock, so they may all
// call it at once; Check refuses a schema that this program was not built for.
//
// postgres.go holds the pool, query.go how stores speak to it, migrate.go the schema,
// and fault.go what the server's errors mean to the rest of the program.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	pgvector "github.com/pgvector/pgvector-go/pgx"

	"github.com/parley-im/parley/internal/fault"
)

// DB is the database server.
type DB struct {
	Pool *pgxpool.Pool
}

const (
	maxConns       = 16 // 3 replicas leave half of a server's usual 100 to others
	connectTimeout = 5 * time.Second
)

// limits hold in each session, unless the URL sets them: ?statement_timeout=0. A process
// that freezes in the middle of a transaction holds its locks until the server ends it,
// and nobody can take its conversations over before: hence so short a time there.
func limits() map[string]string {
	return map[string]string{
		"application_name":                    "parley",
		"statement_timeout":                   "30s",
		"lock_timeout":                        "10s",
		"idle_in_transaction_session_timeout": "3s",
		"timezone":                            "UTC",
	}
}

// Open connects to the server. The URL may carry settings of the pool
// (pool_max_conns) and of the session. It does not migrate.
func Open(ctx context.Context, url string) (*DB, error) {
	c, err := configure(url)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", Fault(err))
	}
	ctx, done := context.WithTimeout(ctx, 2*connectTimeout)
	defer done()
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, unreachable(c, err)
	}
	return &DB{Pool: pool}, nil
}

func configure(url string) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil { // its text has the URL, password left out
		return nil, fault.Say(fault.Invalid, "bad_database_url",
			"The database address cannot be read. It looks like postgres://user:password@host:5432/name.").Because(err)
	}
	if !strings.Contains(url, "pool_max_conns") {
		c.MaxConns = maxConns
	}
	if c.ConnConfig.ConnectTimeout == 0 {
		c.ConnConfig.ConnectTimeout = connectTimeout
	}
	own := c.ConnConfig.RuntimeParams
	c.ConnConfig.RuntimeParams = limits()
	maps.Copy(c.ConnConfig.RuntimeParams, own)
	// A server that vanished without a word is found out within half a minute, even by
	// a connection that only listens.
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	c.ConnConfig.DialFunc = dialer.DialContext
	c.MaxConnLifetime = 30 * time.Minute // moves on after a failover or a change of DNS
	c.MaxConnLifetimeJitter = 5 * time.Minute
	c.MaxConnIdleTime = 5 * time.Minute
	c.HealthCheckPeriod = 15 * time.Second
	c.PingTimeout = connectTimeout
	c.AfterConnect = registerTypes
	// Several hosts may be named; the one that takes writes is used, also after a failover.
	if c.ConnConfig.ValidateConnect == nil {
		c.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	return c, nil
}

const sqlHasVector = `SELECT to_regtype('vector') IS NOT NULL`

// registerTypes teaches a connection the types of pgvector, if the database has them.
func registerTypes(ctx context.Context, conn *pgx.Conn) error {
	has := false
	if err := conn.QueryRow(ctx, sqlHasVector).Scan(&has); err != nil || !has {
		return err
	}
	return pgvector.RegisterTypes(ctx, conn)
}

// unreachable says where the server was looked for, without the password.
func unreachable(c *pgxpool.Config, err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fault.Say(fault.Unavailable, "database_refused", "The database server at %s:%d refused: %s.",
			c.ConnConfig.Host, c.ConnConfig.Port, e.Message).Because(err)
	}
	if errors.Is(err, pgconn.ErrReadOnlyConnection) {
		return fault.Say(fault.Unavailable, "database_read_only", "The database server at %s:%d takes no writes: is it a standby?",
			c.ConnConfig.Host, c.ConnConfig.Port).Because(err)
	}
	return fault.Say(fault.Unavailable, "database_unreachable",
		"The database server at %s:%d cannot be reached. See that it runs and that the address is right.",
		c.ConnConfig.Host, c.ConnConfig.Port).Because(err)
}

// Close waits for what is under way and closes the connections.
func (db *DB) Close() error {
	db.Pool.Close()
	return nil
}

// InTx runs f in one transaction (READ COMMITTED: each statement sees what was
// committed before it). An error of f undoes it. Errors of the server come with a kind,
// see Fault; after fault.Unavailable from the end of the transaction it is not known
// whether it holds.
func (db *DB) InTx(ctx context.Context, f func(pgx.Tx) error) error {
	ctx, done := Within(ctx)
	defer done()
	return Fault(pgx.BeginFunc(ctx, db.Pool, f))
}
