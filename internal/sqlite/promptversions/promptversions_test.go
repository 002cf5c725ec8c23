package promptversions_test

import (
	"testing"

	"github.com/parley-im/parley/internal/sqlite/promptversions"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/prompts"
	"github.com/parley-im/parley/prompts/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (one, other prompts.Versions) {
		db := sqlitetest.Open(t)
		return promptversions.New(db), promptversions.New(sqlitetest.Again(t, db))
	})
}
