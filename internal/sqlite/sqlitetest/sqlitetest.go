// Package sqlitetest makes a fresh, migrated database for a test.
package sqlitetest

import (
	"path/filepath"
	"testing"

	"github.com/parley-im/parley/internal/sqlite"
)

// Open returns a new database in a folder of its own; the test's end closes it.
func Open(t testing.TB) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "parley.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}
