package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/parley-im/parley/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// lockWait is how long, in seconds, a replica waits for another one that migrates.
const lockWait = 600

// Migrate brings the tables up to the version this program was built with, while
// other replicas wait. It returns the versions before and after. A schema that is too
// new is fault.Conflict with a sentence.
func (db *DB) Migrate(ctx context.Context) (from, to int64, err error) {
	from, want, err := db.Version(ctx)
	if err != nil || from == want {
		return from, from, err
	}
	if from > want {
		return from, from, tooNew(from, want)
	}
	if err := db.migrate(ctx, func(p *goose.Provider) error { _, err := p.Up(ctx); return err }); err != nil {
		return from, from, err
	}
	if to, _, err = db.Version(ctx); err != nil {
		return from, 0, err
	}
	return from, to, nil
}

// MigrateTo brings the tables up to a version that may be older than the newest: a
// backup is restored into the tables it was made of, and Migrate does the rest.
func (db *DB) MigrateTo(ctx context.Context, version int64) error {
	return db.migrate(ctx, func(p *goose.Provider) error { _, err := p.UpTo(ctx, version); return err })
}

// migrate calls up with what runs migrations, on a connection of its own: building an
// index may take longer than a statement of a store may.
func (db *DB) migrate(ctx context.Context, up func(*goose.Provider) error) (err error) {
	c := db.Pool.Config().ConnConfig.Copy()
	c.RuntimeParams["statement_timeout"] = "0"
	c.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	c.RuntimeParams["application_name"] = "parley migrate"
	conn := stdlib.OpenDB(*c)
	defer func() { err = errors.Join(err, conn.Close()) }()
	p, err := provider(conn)
	if err != nil {
		return err
	}
	if err := up(p); err != nil {
		return fmt.Errorf("migrate database: %w", Fault(needsVector(err)))
	}
	db.Pool.Reset() // new connections know the types that were just made
	return nil
}

// needsVector turns the two ways in which CREATE EXTENSION fails into what to do.
func needsVector(err error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok || !strings.Contains(e.Message, `extension "vector"`):
		return err
	case e.Code == "42501":
		return fault.Say(fault.Denied, "vector_not_allowed",
			"The database role may not create the extension that searches by meaning. Let a superuser run CREATE EXTENSION vector in this database once, then migrate again.").Because(err)
	}
	return fault.Say(fault.Conflict, "vector_missing",
		"The database server has no pgvector, which searches by meaning. Install it there (version 0.8 or later), then migrate again.").Because(err)
}

func provider(conn *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, lockWait))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, conn, files, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// Version reads the schema's version, 0 for an empty database, and returns the newest
// that this program knows. It writes nothing.
func (db *DB) Version(ctx context.Context) (have, want int64, err error) {
	if want, err = newest(); err != nil {
		return 0, 0, err
	}
	const query = `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`
	err = db.Pool.QueryRow(ctx, query).Scan(&have)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "42P01" { // there is no such table yet
		return 0, want, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read schema version: %w", Fault(err))
	}
	return have, want, nil
}

// Check is fault.Conflict, with a sentence that says what to do, if the schema is not
// the one this program was built for.
func (db *DB) Check(ctx context.Context) error {
	have, want, err := db.Version(ctx)
	switch {
	case err != nil:
		return err
	case have > want:
		return tooNew(have, want)
	case have < want:
		return fault.Say(fault.Conflict, "schema_too_old",
			"The database is at schema version %d, this program needs %d. Run `parley migrate` once; replicas of the older program may go on meanwhile.", have, want)
	}
	return nil
}

func tooNew(have, want int64) error {
	return fault.Say(fault.Conflict, "schema_too_new",
		"The database is at schema version %d, this program knows %d at most. Start the newer program that wrote it, or restore a backup made before the upgrade.", have, want)
}

// newest reads the numbers that the names of the migrations begin with.
func newest() (n int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		number, _, _ := strings.Cut(path.Base(file), "_")
		v, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s has no number: %w", file, err)
		}
		n = max(n, v)
	}
	return n, nil
}

// Fingerprint names the set of migrations: tests keep one template for each.
func Fingerprint() (string, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, file := range files {
		text, err := migrations.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", file, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}
