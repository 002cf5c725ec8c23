package library

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite/library/wordindex"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/tokens"
	"github.com/parley-im/parley/knowledge/words"
)

const (
	sqlReserve  = `UPDATE library_state SET value = value + ?2 WHERE name = ?1 RETURNING value - ?2`
	sqlPrepared = `UPDATE documents SET new_first = ?2, new_length = ?3, stage = 'indexing', progress = ?4, lease_ends_at = ?5 WHERE num = ?1`
	sqlChunk    = `INSERT INTO chunks (num, document, version, seq, id, heading, location, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
)

// Prepare stores a batch of chunks that nobody sees yet.
func (s *Store) Prepare(ctx context.Context, j knowledge.Job, p knowledge.Preparation) error {
	if len(p.Chunks) == 0 {
		return nil
	}
	// the words are counted before the writer is held
	texts := make([]words.Text, len(p.Chunks))
	for i, c := range p.Chunks {
		texts[i] = words.Text{Chunk: int64(c.Seq), Fields: c.Fields}
	}
	part, length := words.Pack(int64(p.Chunks[0].Seq), texts)
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := held(ctx, tx, j)
		if err != nil {
			return err
		}
		if r.newAt == 0 {
			if err := tx.QueryRowContext(ctx, sqlReserve, "next_chunk", p.Total).Scan(&r.newAt); err != nil {
				return fmt.Errorf("number chunks: %w", err)
			}
		}
		insert, err := tx.PrepareContext(ctx, sqlChunk)
		if err != nil {
			return fmt.Errorf("store chunks: %w", err)
		}
		for _, c := range p.Chunks {
			if _, err := insert.ExecContext(ctx, r.newAt+int64(c.Seq), r.num, r.Version, c.Seq, c.ID, c.Heading, c.Location, c.Text); err != nil {
				return errors.Join(fmt.Errorf("store chunks: %w", err), insert.Close())
			}
		}
		first := r.newAt + int64(p.Chunks[0].Seq)
		err = s.index.Add(ctx, tx, wordindex.Version{Collection: r.collection, Document: r.num, Version: r.Version, First: first, Chunks: len(p.Chunks)}, part)
		_, err2 := tx.ExecContext(ctx, sqlPrepared, r.num, r.newAt, r.newLength+int64(length), p.Progress, now()+p.Lease.Microseconds())
		return errors.Join(err, err2, insert.Close())
	})
}

const (
	sqlPreparedChunks = `SELECT count(*), ifnull(max(seq) + 1, 0) FROM chunks WHERE document = ? AND version = ?`
	sqlPublish        = `
UPDATE documents SET live = version, live_file = file, type = ?2, title = iif(own_title = '', ?3, own_title), indexed_title = ?3,
	first_chunk = new_first, chunks = ?4, length = new_length, new_first = 0, new_length = 0, reindex = 0, stage = ?5,
	progress = iif(?5 = 'ready', 1, 0.8), code = '', reason = '', attempt = 0, fence = fence + 1, lease_ends_at = 0, embedded = '',
	embed_at = 0, updated_at = ?6
WHERE num = ?1`
	sqlCounted = `UPDATE collections SET chunks = chunks + ?2, length = length + ?3 WHERE num = ?1`
	sqlRules   = `UPDATE library_state SET value = ?1 WHERE name = 'rules' AND value = ''`
	// a chunk that says the same under the same heading keeps its vectors
	sqlKeepVectors = `
INSERT OR IGNORE INTO vectors (chunk, collection, model, data)
SELECT fresh.num, v.collection, v.model, v.data
FROM chunks fresh JOIN chunks old ON old.document = fresh.document AND old.version = ?2 AND old.id = fresh.id AND old.heading = fresh.heading
	JOIN vectors v ON v.chunk = old.num
WHERE fresh.document = ?1 AND fresh.version = ?3`
)

// Publish shows the prepared version in place of the live one.
func (s *Store) Publish(ctx context.Context, j knowledge.Job, p knowledge.Publication) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := held(ctx, tx, j)
		if err != nil {
			return err
		}
		chunks, places := 0, 0
		if err := tx.QueryRowContext(ctx, sqlPreparedChunks, r.num, r.Version).Scan(&chunks, &places); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if chunks == 0 || chunks != places {
			return fmt.Errorf("publish document %s: %d chunks are prepared for %d places: %w", r.ID, chunks, places, fault.Conflict)
		}
		if r.Live > 0 && p.Title == r.indexed {
			if _, err := tx.ExecContext(ctx, sqlKeepVectors, r.num, r.Live, r.Version); err != nil {
				return fmt.Errorf("keep vectors: %w", err)
			}
		}
		if r.Live > 0 {
			if _, err := tx.ExecContext(ctx, sqlSetState, "scrub", 1); err != nil {
				return fmt.Errorf("publish: %w", err)
			}
		}
		if err := unindex(ctx, tx, s.index, r); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlPublish, r.num, p.Type, p.Title, chunks, string(p.Next), now())
		_, err2 := tx.ExecContext(ctx, sqlCounted, r.collection, chunks, r.newLength)
		_, err3 := tx.ExecContext(ctx, sqlGarbage, jsonList([]string{r.liveFile}))
		_, err4 := tx.ExecContext(ctx, sqlRules, tokens.Version)
		if err := errors.Join(err, err2, err3, err4); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		return nil
	})
}

const (
	sqlDiscardChunks = `DELETE FROM chunks WHERE document = ? AND version <> ?`
	sqlDiscardParts  = `DELETE FROM parts WHERE document = ? AND version <> ?`
	sqlDiscarded     = `UPDATE documents SET new_first = 0, new_length = 0 WHERE num = ?`
)

// discard removes what was prepared and not published.
func discard(ctx context.Context, tx *sql.Tx, r row) error {
	_, err := tx.ExecContext(ctx, sqlDiscardChunks, r.num, r.Live)
	_, err2 := tx.ExecContext(ctx, sqlDiscardParts, r.num, r.Live)
	_, err3 := tx.ExecContext(ctx, sqlDiscarded, r.num)
	if err := errors.Join(err, err2, err3); err != nil {
		return fmt.Errorf("discard prepared chunks: %w", err)
	}
	return nil
}
