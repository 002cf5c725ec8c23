package library

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/library/wordindex"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/tokens"
	"github.com/parley-im/parley/knowledge/words"
)

// rulesBatch is how many chunks are indexed anew in one part.
const rulesBatch = 256

const sqlIdle = `
SELECT NOT (EXISTS (SELECT 1 FROM collections WHERE gone OR fresh >= ` + wordindex.Full + `) OR EXISTS (SELECT 1 FROM purges) OR EXISTS (SELECT 1 FROM spaces WHERE gone)
	OR EXISTS (SELECT 1 FROM documents WHERE reindex) OR EXISTS (SELECT 1 FROM library_state WHERE name = 'rules' AND value NOT IN ('', $2)))`

// Clean does one bounded piece of what can wait.
func (s *Store) Clean(ctx context.Context) (bool, error) {
	idle := false
	err := s.db.Row(ctx, func(r pgx.Row) error { return r.Scan(&idle) }, sqlIdle, s.index.FoldAt(), tokens.Version)
	if err != nil || idle {
		return false, err
	}
	for _, step := range []func(context.Context) (bool, error){s.empty, s.dropVectors, s.rules, s.reindexOne, s.index.Clean} {
		if more, err := step(ctx); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

const (
	sqlOldRules = `SELECT true FROM library_state WHERE name = 'rules' AND value NOT IN ('', $1) FOR UPDATE`
	sqlNewRules = `UPDATE library_state SET value = $1 WHERE name = 'rules'`

	sqlReindexNext = sqlRow + `WHERE d.reindex ORDER BY d.num LIMIT 1 FOR NO KEY UPDATE OF d SKIP LOCKED`
	sqlReindexed   = `UPDATE documents SET reindex = false, length = $2 WHERE num = $1`
	sqlAllTexts    = `SELECT num, heading, text FROM chunks WHERE document = $1 AND version = $2 ORDER BY seq`
)

var sqlAfresh = []string{`UPDATE collections SET length = 0`, `UPDATE documents SET reindex = true WHERE live > 0`}

// rules starts the index afresh if it was made by another version of the tokens.
func (s *Store) rules(ctx context.Context) (more bool, err error) {
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, sqlOldRules, tokens.Version).Scan(&more); err != nil {
			return one(err, nil)
		}
		if err := s.index.Forget(ctx, tx); err != nil {
			return err
		}
		if err := run(ctx, tx, sqlAfresh); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlNewRules, tokens.Version)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("start index afresh: %w", err)
	}
	return more, nil
}

// reindexOne indexes one document by the rules of today.
func (s *Store) reindexOne(ctx context.Context) (more bool, err error) {
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		var r row
		if err := r.scan(tx.QueryRow(ctx, sqlReindexNext)); err != nil {
			return one(err, nil)
		}
		more = true
		var all []words.Text
		err := each(ctx, tx, func(rows pgx.Rows) error {
			num, heading, text := int64(0), "", ""
			err := rows.Scan(&num, &heading, &text)
			all = append(all, words.Text{Chunk: num, Fields: knowledge.Fields(r.indexed, heading, text)})
			return err
		}, sqlAllTexts, r.num, r.Live)
		if err != nil {
			return err
		}
		total := 0
		var parts []words.Part
		for some := range slices.Chunk(all, rulesBatch) {
			part, length := words.Pack(some[0].Chunk, some)
			parts = append(parts, words.Open(some[0].Chunk, part))
			total += length
		}
		if err := s.index.Add(ctx, tx, r.collection, parts); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlReindexed, r.num, total); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlCounted, r.collection, 0, total, len(all))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("index anew: %w", err)
	}
	return more, nil
}

const (
	sqlGarbageKeys = `SELECT key FROM file_garbage LIMIT $1`
	sqlCollected   = `DELETE FROM file_garbage WHERE key = $1`
	sqlKnown       = `SELECT EXISTS (SELECT 1 FROM documents WHERE file = $1) OR EXISTS (SELECT 1 FROM documents WHERE live_file = $1) OR EXISTS (SELECT 1 FROM file_garbage WHERE key = $1)`
)

// Garbage returns files to be removed.
func (s *Store) Garbage(ctx context.Context, limit int) ([]string, error) {
	return postgres.Rows(ctx, s.db, pgx.RowTo[string], sqlGarbageKeys, limit)
}

// Collected says that a file is gone.
func (s *Store) Collected(ctx context.Context, key string) error {
	_, err := s.db.Exec(ctx, sqlCollected, key)
	return err
}

// Known reports whether somebody has the file.
func (s *Store) Known(ctx context.Context, key string) (known bool, err error) {
	err = s.db.Row(ctx, func(r pgx.Row) error { return r.Scan(&known) }, sqlKnown, key)
	return known, err
}
