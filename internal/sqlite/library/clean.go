package library

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/parley-im/parley/internal/sqlite/library/wordindex"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/tokens"
	"github.com/parley-im/parley/knowledge/words"
)

// rulesBatch is how many chunks are indexed anew in one part.
const rulesBatch = 256

// Clean does one bounded piece of what can wait.
func (s *Store) Clean(ctx context.Context) (bool, error) {
	for _, step := range []func(context.Context) (bool, error){s.empty, s.dropVectors, s.rules, s.reindexOne, s.index.Clean} {
		if more, err := step(ctx); more || err != nil {
			return more, err
		}
	}
	return false, s.scrub(ctx)
}

const (
	sqlOldRules    = `SELECT value FROM library_state WHERE name = 'rules' AND value NOT IN ('', ?)`
	sqlNoLength    = `UPDATE collections SET length = 0`
	sqlReindexAll  = `UPDATE documents SET reindex = 1 WHERE live > 0`
	sqlReindexNext = sqlRow + `WHERE d.reindex = 1 ORDER BY d.num LIMIT 1`
	sqlReindexed   = `UPDATE documents SET reindex = 0, length = ?2 WHERE num = ?1`
	sqlAllTexts    = `SELECT num, heading, text FROM chunks WHERE document = ? AND version = ? ORDER BY seq`
)

// rules starts the index afresh if it was made by another version of the tokens.
func (s *Store) rules(ctx context.Context) (bool, error) {
	value := ""
	err := s.db.Read.QueryRowContext(ctx, sqlOldRules, tokens.Version).Scan(&value)
	if err != nil {
		return false, one(err, nil)
	}
	err = s.db.InTx(ctx, func(tx *sql.Tx) error {
		err := s.index.Forget(ctx, tx)
		_, err2 := tx.ExecContext(ctx, sqlNoLength)
		_, err3 := tx.ExecContext(ctx, sqlReindexAll)
		_, err4 := tx.ExecContext(ctx, sqlSetState, "rules", tokens.Version)
		if err := errors.Join(err, err2, err3, err4); err != nil {
			return fmt.Errorf("start index afresh: %w", err)
		}
		return nil
	})
	return true, err
}

// reindexOne indexes one document by the rules of today.
func (s *Store) reindexOne(ctx context.Context) (more bool, err error) {
	var probe row
	if err := probe.scan(s.db.Read.QueryRowContext(ctx, sqlReindexNext).Scan); err != nil {
		return false, one(err, nil)
	}
	err = s.db.InTx(ctx, func(tx *sql.Tx) error {
		var r row
		if err := r.scan(tx.QueryRowContext(ctx, sqlReindexNext).Scan); err != nil {
			return one(err, nil)
		}
		more = true
		var texts []words.Text
		err := each(ctx, tx, func(rows *sql.Rows) error {
			num, heading, text := int64(0), "", ""
			err := rows.Scan(&num, &heading, &text)
			texts = append(texts, words.Text{Chunk: num, Fields: knowledge.Fields(r.indexed, heading, text)})
			return err
		}, sqlAllTexts, r.num, r.Live)
		if err != nil {
			return err
		}
		total := 0
		for some := range slices.Chunk(texts, rulesBatch) {
			part, length := words.Pack(some[0].Chunk, some)
			total += length
			if err := s.index.Add(ctx, tx, wordindex.Version{Collection: r.collection, Document: r.num, Version: r.Live, First: some[0].Chunk, Chunks: len(some)}, part); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, sqlReindexed, r.num, total)
		_, err2 := tx.ExecContext(ctx, sqlCounted, r.collection, 0, total)
		return errors.Join(err, err2)
	})
	if err != nil {
		return false, fmt.Errorf("index anew: %w", err)
	}
	return more, nil
}

// scrub empties the write-ahead log after something was removed, so that no copy
// of the text stays in it. If readers keep the log busy, the next time does it.
func (s *Store) scrub(ctx context.Context) error {
	due := 0
	if err := s.db.Read.QueryRowContext(ctx, sqlState, "scrub").Scan(&due); err != nil || due == 0 {
		return err
	}
	if _, err := s.db.Write.ExecContext(ctx, sqlSetState, "scrub", 0); err != nil {
		return err
	}
	done, err := s.truncate(ctx)
	if err != nil || !done {
		_, err2 := s.db.Write.ExecContext(ctx, sqlSetState, "scrub", 1)
		return errors.Join(err, err2)
	}
	return nil
}

// truncate empties the log file, but does not wait long for readers: the chats
// wait for this connection.
func (s *Store) truncate(ctx context.Context) (done bool, err error) {
	conn, err := s.db.Write.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	patience := 0
	if err := conn.QueryRowContext(ctx, `PRAGMA busy_timeout`).Scan(&patience); err != nil {
		return false, err
	}
	if _, err := conn.ExecContext(ctx, `PRAGMA busy_timeout = 200`); err != nil {
		return false, err
	}
	var busy, pages, moved int
	err = conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved)
	_, err2 := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf(`PRAGMA busy_timeout = %d`, patience))
	return busy == 0, errors.Join(err, err2)
}
