// Package library is the knowledge base's Store on PostgreSQL with pgvector.
//
// Rows of documents and chunks are plain, and any number of processes works on them: a
// document's row is its job, taken with SKIP LOCKED, guarded by a lease and a fence. A
// new version is prepared in batches that nobody sees; Publish shows it and takes the
// old one out in one transaction. The words are in package wordindex below, the vectors
// of each embedding model in a space with an index of its own (spaces.go, tune.go).
//
// A search is one round trip (search.go): what the asker may see is set in its
// transaction, which goes on as a role that sees nothing else (the second lock), and one
// statement finds chunks by words and by meaning and reads their texts. It proposes
// candidates; package knowledge decides.
//
// collections.go and documents.go hold what people see, queue.go and publish.go the
// work, clean.go what goes, vectors.go the embeddings.
package library

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/library/wordindex"
	"github.com/parley-im/parley/knowledge"
)

// Store is a knowledge.Store.
type Store struct {
	db     *postgres.DB
	index  *wordindex.Index
	limits limits

	mu      sync.Mutex
	spaces  map[string]known // by model
	average float64          // terms of a chunk, of the collections searched last
	table   []float32        // wordindex.Gains for it
}

// limits say when a search does what.
type limits struct {
	postings int // so many are added up in one search, those of the rarest terms; a fortieth of the chunks if that is more
	indexAt  int // vectors of a model from which they have an index
	walkCost int // of a step through that index, against comparing one vector
}

func defaults() limits { return limits{postings: 1_200, indexAt: 2000, walkCost: 17} }

var _ knowledge.Store = (*Store)(nil)

// New returns the store in db, which must be migrated.
func New(db *postgres.DB) *Store {
	const usual = 300 // terms of a chunk
	return &Store{db: db, index: wordindex.New(db, wordindex.Defaults()), limits: defaults(), spaces: map[string]known{},
		average: usual, table: wordindex.Gains(usual)}
}

// querier is a transaction or a pool.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// each runs a query and calls scan for every row.
func each(ctx context.Context, q querier, scan func(pgx.Rows) error, query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// run executes statements that share their arguments.
func run(ctx context.Context, tx pgx.Tx, statements []string, args ...any) error {
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s, args...); err != nil {
			return err
		}
	}
	return nil
}

func texts(in []string) []string {
	out := make([]string, len(in)) // never nil: the columns take no NULL
	for i, s := range in {
		out[i] = postgres.Text(s)
	}
	return out
}

func noDocument(id string) error {
	return fmt.Errorf("document %q: %w", id, fault.Say(fault.NotFound, "unknown_document", "There is no such document. It may have been removed."))
}

func noCollection(id string) error {
	return fmt.Errorf("collection %q: %w", id, fault.Say(fault.NotFound, "unknown_collection", "There is no such collection. It may have been removed."))
}

// one turns pgx.ErrNoRows into missing.
func one(err, missing error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return missing
	}
	return err
}
