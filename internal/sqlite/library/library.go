// Package library is the knowledge base's Store on SQLite.
//
// Rows of documents and chunks are plain; the words are in package wordindex below.
// No transaction is long, because the messages of the chats wait for the same one
// writer: a new version is prepared in batches that nobody sees, and Publish only
// flips the row of the document and takes the old version out. What can wait, Clean
// does bit by bit.
//
// collections.go and documents.go hold what people see, queue.go and publish.go
// the work, unindex.go and clean.go what goes, vectors.go the embeddings, view.go
// and nearest.go the search.
package library

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/library/wordindex"
	"github.com/parley-im/parley/knowledge"
)

// Store is a knowledge.Store.
type Store struct {
	db    *sqlite.DB
	index *wordindex.Index
}

var _ knowledge.Store = (*Store)(nil)

// New returns the store in db, which must be migrated.
func New(db *sqlite.DB) *Store { return &Store{db, wordindex.New(db, wordindex.Defaults())} }

func now() int64 { return time.Now().UnixMicro() }

func at(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each runs a query and calls scan for every row.
func each(ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
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

// jsonList makes a parameter for json_each out of a slice.
func jsonList[T any](values []T) string {
	if values == nil {
		return "[]"
	}
	b, err := json.Marshal(values)
	if err != nil {
		return "[]" // strings and numbers always marshal
	}
	return string(b)
}

func noDocument(id string) error {
	return fmt.Errorf("document %q: %w", id, fault.Say(fault.NotFound, "unknown_document", "There is no such document. It may have been removed."))
}

func noCollection(id string) error {
	return fmt.Errorf("collection %q: %w", id, fault.Say(fault.NotFound, "unknown_collection", "There is no such collection. It may have been removed."))
}

// one turns sql.ErrNoRows into missing.
func one(err, missing error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return missing
	}
	return err
}

const sqlState = `SELECT value FROM library_state WHERE name = ?`

const sqlSetState = `UPDATE library_state SET value = ?2 WHERE name = ?1`
