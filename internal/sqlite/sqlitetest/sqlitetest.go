// Package sqlitetest makes a fresh, migrated database for a test. The migrations run
// once in a process; each database is a copy of what they made.
package sqlitetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/parley-im/parley/internal/sqlite"
)

// Open returns a new database in a folder of its own; the test's end closes it.
func Open(t testing.TB) *sqlite.DB {
	t.Helper()
	file, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "parley.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

// migrated is the file of a migrated, empty database.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	folder, err := os.MkdirTemp("", "parley-sqlitetest-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path, ctx := filepath.Join(folder, "parley.db"), context.Background()
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	_, _, err = db.Migrate(ctx)
	if err := errors.Join(err, db.Close()); err != nil { // closed, all of it is in the one file
		return nil, err
	}
	return os.ReadFile(path)
})

// Again opens the file of db once more, as a second process would.
func Again(t testing.TB, db *sqlite.DB) *sqlite.DB {
	t.Helper()
	var path string
	if err := db.Read.QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func open(t testing.TB, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
