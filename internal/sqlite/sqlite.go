// Package sqlite opens the one database file of the embedded mode and brings its
// tables up to date.
//
// The stores themselves live in packages below this one, one for each package
// whose interface they implement; each owns its tables and its migration files.
// All of them share one *DB: Write is a pool of one connection, so writers wait
// in Go and never meet SQLITE_BUSY from their own process, and Read is a pool of
// readers that see the last commit.
//
// Embedded mode is for one machine and some tens of thousands of chunks.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"runtime"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver, with FTS5

	"github.com/parley-im/parley/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the database file, opened twice.
type DB struct {
	Write *sql.DB // one connection; transactions begin IMMEDIATE
	Read  *sql.DB // read-only connections
}

// Open opens or makes the file and sets it up: WAL, every commit synced to disk,
// foreign keys on. It does not migrate.
func Open(ctx context.Context, path string) (*DB, error) {
	write, err := open(ctx, path, "_txlock=immediate")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := open(ctx, path, "_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(max(4, runtime.NumCPU()))
	read.SetMaxIdleConns(max(4, runtime.NumCPU()))
	return &DB{Write: write, Read: read}, nil
}

func open(ctx context.Context, path, extra string) (*sql.DB, error) {
	const pragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=cache_size(-16000)&_pragma=temp_store(MEMORY)&"
	name := (&url.URL{Scheme: "file", Opaque: filepath.ToSlash(path)}).String() + "?" + pragmas + extra
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.Close())
	}
	return db, nil
}

// Close closes both pools. The write-ahead log is folded into the file.
func (db *DB) Close() error { return errors.Join(db.Read.Close(), db.Write.Close()) }

// Migrate brings the tables up to the version this program was built with.
// It returns the versions before and after.
func (db *DB) Migrate(ctx context.Context) (from, to int64, err error) {
	p, err := db.provider()
	if err != nil {
		return 0, 0, err
	}
	if from, err = p.GetDBVersion(ctx); err != nil {
		return 0, 0, fmt.Errorf("read schema version: %w", err)
	}
	if newest := newest(p); from > newest {
		return from, newest, fault.Say(fault.Conflict, "schema_too_new",
			"The database is at schema version %d, this program knows %d at most. Start the newer program that wrote it, or restore a backup made before the upgrade.", from, newest)
	}
	if _, err := p.Up(ctx); err != nil {
		return from, from, fmt.Errorf("migrate database: %w", err)
	}
	if to, err = p.GetDBVersion(ctx); err != nil {
		return from, 0, fmt.Errorf("read schema version: %w", err)
	}
	return from, to, nil
}

// Version returns the schema version of the file and the newest this program knows.
func (db *DB) Version(ctx context.Context) (have, want int64, err error) {
	p, err := db.provider()
	if err != nil {
		return 0, 0, err
	}
	if have, err = p.GetDBVersion(ctx); err != nil {
		return 0, 0, fmt.Errorf("read schema version: %w", err)
	}
	return have, newest(p), nil
}

func (db *DB) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db.Write, files)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

func newest(p *goose.Provider) int64 {
	var n int64
	for _, s := range p.ListSources() {
		n = max(n, s.Version)
	}
	return n
}

// InTx runs f in one immediate transaction on the writing connection.
func (db *DB) InTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(tx); err != nil {
		return errors.Join(err, rollback(tx))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}
