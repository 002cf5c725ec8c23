// Package wordindex keeps the postings of package library.
//
// Fresh chunks come as parts, small indexes of their own: a part belongs to one
// version of a document and counts once that version is live. Small live parts are
// merged (parts.go), and when there are enough of them all are folded into the
// table postings, a few blocks for each term (fold.go). What is removed is cut out
// of the parts at once and purged from the postings (purge.go), in the caller's
// transaction as far as that stays short. A search reads postings and parts
// (read.go), the parts mostly from a cache.
//
// A method that takes a transaction is a piece of the caller's; Clean does the
// upkeep in short ones of its own.
package wordindex

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/parley-im/parley/internal/sqlite"
)

// Index is the word index of all collections.
type Index struct {
	db     *sqlite.DB
	limits Limits
	parts  *cache
}

// Limits say how much is done at once. Small ones make more and shorter
// transactions.
type Limits struct {
	FoldAt     int // chunks: parts are folded when they have so many together
	FoldTerms  int // about so many terms are folded in one transaction
	PurgeTerms int // so many terms are purged in one transaction
}

// Defaults keep transactions to some tens of milliseconds.
func Defaults() Limits { return Limits{FoldAt: 2048, FoldTerms: 2000, PurgeTerms: 1500} }

// New returns the index in db.
func New(db *sqlite.DB, limits Limits) *Index { return &Index{db, limits, newCache(cacheBytes)} }

// Version is the live version of a document.
type Version struct {
	Collection, Document int64
	Version              int
	First                int64 // chunk
	Chunks               int
}

func (v Version) last() int64 { return v.First + int64(v.Chunks) - 1 }

// Clean does a piece of what can wait, and returns false when there is nothing.
func (x *Index) Clean(ctx context.Context) (more bool, err error) {
	for _, step := range []func(context.Context) (bool, error){x.purgeOne, x.fold, x.merge} {
		if more, err := step(ctx); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

const sqlAdd = `INSERT INTO parts (collection, document, version, first, last, chunks, data) VALUES (?1, ?2, ?3, ?4, ?4 + ?5 - 1, ?5, ?6)`

// Add stores a part of a version; v has the chunks of the part.
func (x *Index) Add(ctx context.Context, tx *sql.Tx, v Version, part []byte) error {
	_, err := tx.ExecContext(ctx, sqlAdd, v.Collection, v.Document, v.Version, v.First, v.Chunks, part)
	return err
}

var sqlForget = [...]string{`DELETE FROM postings`, `DELETE FROM purges`, `UPDATE collections SET fold_term = NULL`,
	`DELETE FROM parts WHERE document IS NULL OR EXISTS (SELECT 1 FROM documents d WHERE d.num = parts.document AND d.live = parts.version)`}

// Forget removes everything about live versions.
func (x *Index) Forget(ctx context.Context, tx *sql.Tx) error {
	for _, query := range sqlForget {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// Scrub forgets what is kept in memory: of what was removed nothing stays there.
func (x *Index) Scrub() { x.parts.clear() }

// each runs a query and calls scan for every row.
func each(ctx context.Context, tx *sql.Tx, scan func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// jsonList makes a parameter for json_each.
func jsonList[T int64 | string](values []T) string {
	b, err := json.Marshal(values)
	if err != nil || values == nil {
		return "[]" // strings and numbers always marshal
	}
	return string(b)
}

// none makes nothing of sql.ErrNoRows.
func none(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
