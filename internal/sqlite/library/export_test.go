package library

import (
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/library/wordindex"
)

// NewBitByBit returns a store that folds and purges early, in many small pieces.
func NewBitByBit(db *sqlite.DB) *Store {
	return &Store{db, wordindex.New(db, wordindex.Limits{FoldAt: 20, FoldTerms: 60, PurgeTerms: 25})}
}
