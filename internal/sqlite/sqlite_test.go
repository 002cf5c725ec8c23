package sqlite_test

import (
	"testing"

	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

func TestMigrateIsComplete(t *testing.T) {
	db := sqlitetest.Open(t)
	have, want, err := db.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if have != want {
		t.Errorf("schema version %d after Migrate, want %d", have, want)
	}
}
