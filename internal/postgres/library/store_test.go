package library_test

import (
	"testing"

	"github.com/parley-im/parley/internal/postgres/library"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) knowledge.Store { return library.New(postgrestest.Open(t)) })
}

// TestBitByBit meets every state of the index: folded, half folded, purged.
func TestBitByBit(t *testing.T) {
	storetest.RunIndex(t, func(t *testing.T) knowledge.Store { return library.NewBitByBit(postgrestest.Open(t)) })
}
