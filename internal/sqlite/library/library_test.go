package library_test

import (
	"testing"

	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) knowledge.Store { return library.New(sqlitetest.Open(t)) })
}

// TestFolding meets every state of the index: folded, half folded, purged.
func TestFolding(t *testing.T) {
	storetest.RunIndex(t, func(t *testing.T) knowledge.Store { return library.NewBitByBit(sqlitetest.Open(t)) })
}
