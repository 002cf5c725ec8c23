package library

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/parley-im/parley/internal/sqlite/library/wordindex"
	"github.com/parley-im/parley/knowledge/tokens"
)

const (
	sqlLiveTexts  = `SELECT heading, text FROM chunks WHERE document = ? AND version = ?`
	sqlDropChunks = `DELETE FROM chunks WHERE document = ? AND version = ?`
)

// unindex removes the chunks of the live version and their words. The caller
// changes the document's own row.
func unindex(ctx context.Context, tx *sql.Tx, index *wordindex.Index, r row) error {
	if r.Live == 0 {
		return nil
	}
	v := wordindex.Version{Collection: r.collection, Document: r.num, Version: r.Live, First: r.first, Chunks: r.Chunks}
	err := index.Cut(ctx, tx, v, func() ([]string, error) {
		if r.reindex {
			return nil, nil // its words are not there yet
		}
		return liveTerms(ctx, tx, r)
	})
	length := r.length
	if r.reindex {
		length = 0 // not counted yet
	}
	_, err2 := tx.ExecContext(ctx, sqlDropChunks, r.num, r.Live)
	_, err3 := tx.ExecContext(ctx, sqlCounted, r.collection, -r.Chunks, -length)
	if err := errors.Join(err, err2, err3); err != nil {
		return fmt.Errorf("unindex: %w", err)
	}
	return nil
}

// liveTerms returns all terms of the live chunks, sorted.
func liveTerms(ctx context.Context, tx *sql.Tx, r row) ([]string, error) {
	set := map[string]bool{}
	add := func(text string) {
		for _, t := range tokens.Of(text) {
			set[t.Text] = true
		}
	}
	add(r.indexed)
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var heading, text string
		if err := rows.Scan(&heading, &text); err != nil {
			return err
		}
		add(heading)
		add(text)
		return nil
	}, sqlLiveTexts, r.num, r.Live)
	return slices.Sorted(maps.Keys(set)), err
}

const (
	sqlGarbageKeys = `SELECT key FROM file_garbage LIMIT ?`
	sqlCollected   = `DELETE FROM file_garbage WHERE key = ?`
	sqlKnown       = `SELECT EXISTS (SELECT 1 FROM documents WHERE file = ?1 OR live_file = ?1) OR EXISTS (SELECT 1 FROM file_garbage WHERE key = ?1)`
)

// Garbage returns files to be removed.
func (s *Store) Garbage(ctx context.Context, limit int) ([]string, error) {
	var keys []string
	err := each(ctx, s.db.Read, func(rows *sql.Rows) error {
		key := ""
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	}, sqlGarbageKeys, limit)
	return keys, err
}

// Collected says that a file is gone.
func (s *Store) Collected(ctx context.Context, key string) error {
	_, err := s.db.Write.ExecContext(ctx, sqlCollected, key)
	return err
}

// Known reports whether somebody has the file.
func (s *Store) Known(ctx context.Context, key string) (known bool, err error) {
	err = s.db.Read.QueryRowContext(ctx, sqlKnown, key).Scan(&known)
	return known, err
}
