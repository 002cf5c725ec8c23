// Package wordindex keeps the postings of package library.
//
// Postings are packed into arrays of integers that the server itself can add up, a few
// rows for each term (pack.go), so that one statement finds the chunks and reads them.
// A published version adds one short row for each of its terms; when enough of these
// have come together they are folded into longer ones (fold.go). What is removed is
// named in purges, which searches leave out, until it has been cut out of the rows
// (purge.go).
//
// A method that takes a transaction is a piece of the caller's; Clean does the upkeep
// in transactions of its own, one at a time for each collection.
package wordindex

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
)

// Index is the word index of all collections.
type Index struct {
	db     *postgres.DB
	limits Limits
}

// Limits say how much is done at once.
type Limits struct {
	FoldAt     int // chunks: postings are folded when so many are fresh
	FoldRows   int // of a term with fewer fresh rows nothing is folded
	FoldTerms  int // so many terms are folded in one transaction
	FullRow    int // a row with so many postings is not made longer
	PurgeTerms int // so many terms are purged in one transaction
}

// Defaults keep the short rows of a common term to a hundred.
func Defaults() Limits {
	return Limits{FoldAt: 1024, FoldRows: 8, FoldTerms: 3000, FullRow: 1000, PurgeTerms: 2000}
}

// New returns the index in db.
func New(db *postgres.DB, limits Limits) *Index { return &Index{db, limits} }

// Version is the live version of a document.
type Version struct {
	Collection int
	First      int64 // chunk
	Chunks     int
}

// Last is its last chunk.
func (v Version) Last() int64 { return v.First + int64(v.Chunks) - 1 }

// Clean does a piece of what can wait, and returns false when there is nothing.
func (x *Index) Clean(ctx context.Context) (more bool, err error) {
	if more, err := x.purgeOne(ctx); more || err != nil {
		return more, err
	}
	return x.fold(ctx)
}

// sqlLock keeps others from rewriting rows of a collection until the transaction ends.
const sqlLock = `SELECT pg_advisory_xact_lock(hashtextextended('parley words', $1))`

var sqlForget = [...]string{`DELETE FROM postings`, `DELETE FROM purges`, `UPDATE collections SET fresh = 0, fold_term = ''`}

// Forget removes everything.
func (x *Index) Forget(ctx context.Context, tx pgx.Tx) error {
	for _, query := range sqlForget {
		if _, err := tx.Exec(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// FoldAt is how many fresh chunks a collection has when Clean has something to fold.
func (x *Index) FoldAt() int { return x.limits.FoldAt }
