package library

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/library/wordindex"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/tokens"
	"github.com/parley-im/parley/knowledge/words"
)

const (
	sqlReserve  = `UPDATE library_state SET value = (value::bigint + $1)::text WHERE name = 'next_chunk' RETURNING value::bigint - $1`
	sqlPrepared = `UPDATE documents SET new_first = $2, new_length = $3, stage = 'indexing', progress = $4, lease_ends_at = clock_timestamp() + $5` + micro + ` WHERE num = $1`
	sqlNewChunk = `
INSERT INTO chunks (num, collection, document, version, seq, id, heading, location, text)
SELECT $1 + c.seq, $2, $3, $4, c.seq, c.id, c.heading, c.location, c.text
FROM unnest($5::int[], $6::text[], $7::text[], $8::text[], $9::text[]) AS c (seq, id, heading, location, text)`
	sqlNewPart = `INSERT INTO parts (document, version, seq, data) VALUES ($1, $2, $3, $4)`
)

// Prepare stores a batch of chunks that nobody sees yet.
func (s *Store) Prepare(ctx context.Context, j knowledge.Job, p knowledge.Preparation) error {
	if len(p.Chunks) == 0 {
		return nil
	}
	counted := make([]words.Text, len(p.Chunks))
	seqs := make([]int32, len(p.Chunks))
	var cols [4][]string
	for i, c := range p.Chunks {
		counted[i] = words.Text{Chunk: int64(c.Seq), Fields: texts(c.Fields)} // as they are stored
		seqs[i] = int32(c.Seq)
		for k, v := range []string{c.ID, c.Heading, c.Location, c.Text} {
			cols[k] = append(cols[k], postgres.Text(v))
		}
	}
	part, length := words.Pack(int64(p.Chunks[0].Seq), counted)
	return s.holding(ctx, j, func(tx pgx.Tx, r row) error {
		if r.newAt == 0 {
			// not in the transaction: others must not wait for its end, and a gap does no harm
			if err := s.db.Row(ctx, func(row pgx.Row) error { return row.Scan(&r.newAt) }, sqlReserve, p.Total); err != nil {
				return fmt.Errorf("number chunks: %w", err)
			}
		}
		if _, err := tx.Exec(ctx, sqlNewChunk, r.newAt, r.collection, r.num, r.Version, seqs, cols[0], cols[1], cols[2], cols[3]); err != nil {
			return fmt.Errorf("store chunks: %w", err)
		}
		if _, err := tx.Exec(ctx, sqlNewPart, r.num, r.Version, p.Chunks[0].Seq, part); err != nil {
			return fmt.Errorf("store words: %w", err)
		}
		_, err := tx.Exec(ctx, sqlPrepared, r.num, r.newAt, r.newLength+int64(length), p.Progress, p.Lease.Microseconds())
		return err
	})
}

const (
	sqlPreparedChunks = `SELECT count(*), coalesce(max(seq) + 1, 0) FROM chunks WHERE document = $1 AND version = $2`
	sqlParts          = `DELETE FROM parts WHERE document = $1 AND version = $2 RETURNING seq, data`
	sqlPublish        = `
UPDATE documents SET live = version, live_file = file, type = $2, title = CASE WHEN own_title = '' THEN $3 ELSE own_title END, indexed_title = $3,
	first_chunk = new_first, chunks = $4, length = new_length, new_first = 0, new_length = 0, reindex = false, stage = $5,
	progress = CASE WHEN $5 = 'ready' THEN 1 ELSE 0.8 END, code = '', reason = '', attempt = 0, fence = fence + 1, lease_ends_at = 'epoch',
	embedded = '{}', embed_at = 'epoch', updated_at = clock_timestamp()
WHERE num = $1`
	sqlCounted = `UPDATE collections SET chunks = chunks + $2, length = length + $3, fresh = fresh + $4 WHERE num = $1`
	sqlRules   = `UPDATE library_state SET value = $1 WHERE name = 'rules' AND value = ''`
	// a chunk that says the same under the same heading keeps its vectors
	sqlKeepVectors = `
INSERT INTO vectors (chunk, space, collection, data)
SELECT f.num, v.space, v.collection, v.data
FROM chunks f JOIN chunks old ON old.document = f.document AND old.version = $2 AND old.id = f.id AND old.heading = f.heading
	JOIN vectors v ON v.chunk = old.num
WHERE f.document = $1 AND f.version = $3 ON CONFLICT DO NOTHING`
)

// Publish shows the prepared version in place of the live one.
func (s *Store) Publish(ctx context.Context, j knowledge.Job, p knowledge.Publication) error {
	p.Title = postgres.Text(p.Title)
	return s.holding(ctx, j, func(tx pgx.Tx, r row) error {
		chunks, places := 0, 0
		if err := tx.QueryRow(ctx, sqlPreparedChunks, r.num, r.Version).Scan(&chunks, &places); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if chunks == 0 || chunks != places {
			return fmt.Errorf("publish document %s: %d chunks are prepared for %d places: %w", r.ID, chunks, places, fault.Conflict)
		}
		if r.Live > 0 && p.Title == r.indexed {
			if _, err := tx.Exec(ctx, sqlKeepVectors, r.num, r.Live, r.Version); err != nil {
				return fmt.Errorf("keep vectors: %w", err)
			}
		}
		if err := s.unindex(ctx, tx, r); err != nil {
			return err
		}
		var parts []words.Part
		err := each(ctx, tx, func(rows pgx.Rows) error {
			seq, data := 0, []byte(nil)
			err := rows.Scan(&seq, &data)
			parts = append(parts, words.Open(r.newAt+int64(seq), data))
			return err
		}, sqlParts, r.num, r.Version)
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if err := s.index.Add(ctx, tx, r.collection, parts); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if _, err := tx.Exec(ctx, sqlPublish, r.num, postgres.Text(p.Type), p.Title, chunks, string(p.Next)); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if _, err := tx.Exec(ctx, sqlGarbage, []string{r.liveFile}); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if _, err := tx.Exec(ctx, sqlRules, tokens.Version); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		// last, since all publications in the collection meet at this row
		_, err = tx.Exec(ctx, sqlCounted, r.collection, chunks, r.newLength, chunks)
		return err
	})
}

var sqlDiscard = []string{
	`DELETE FROM chunks WHERE document = $1 AND version <> $2`,
	`DELETE FROM parts WHERE document = $1 AND version <> $2`,
	`UPDATE documents SET new_first = 0, new_length = 0 WHERE num = $1 AND $2 = live`,
}

// discard removes what was prepared and not published.
func discard(ctx context.Context, tx pgx.Tx, r row) error {
	if r.newAt == 0 {
		return nil
	}
	if err := run(ctx, tx, sqlDiscard, r.num, r.Live); err != nil {
		return fmt.Errorf("discard prepared chunks: %w", err)
	}
	return nil
}

const (
	sqlLiveTexts  = `DELETE FROM chunks WHERE document = $1 AND version = $2 RETURNING heading, text`
	sqlDropOfLive = `DELETE FROM vectors WHERE chunk BETWEEN $1 AND $2`
)

// unindex removes the chunks of the live version, their words and vectors. The caller
// changes the document's own row.
func (s *Store) unindex(ctx context.Context, tx pgx.Tx, r row) error {
	if r.Live == 0 {
		return nil
	}
	set := map[string]bool{}
	add := func(text string) {
		for _, t := range tokens.Of(text) {
			set[t.Text] = true
		}
	}
	add(r.indexed)
	err := each(ctx, tx, func(rows pgx.Rows) error {
		var heading, text string
		if err := rows.Scan(&heading, &text); err != nil {
			return err
		}
		add(heading)
		add(text)
		return nil
	}, sqlLiveTexts, r.num, r.Live)
	if err != nil {
		return fmt.Errorf("unindex: %w", err)
	}
	length := r.length
	if r.reindex { // its words are neither there nor counted yet
		clear(set)
		length = 0
	}
	v := wordindex.Version{Collection: r.collection, First: r.first, Chunks: r.Chunks}
	if err := s.index.Cut(ctx, tx, v, slices.Sorted(maps.Keys(set))); err != nil {
		return fmt.Errorf("unindex: %w", err)
	}
	if _, err := tx.Exec(ctx, sqlDropOfLive, v.First, v.Last()); err != nil {
		return fmt.Errorf("unindex: %w", err)
	}
	if _, err := tx.Exec(ctx, sqlCounted, r.collection, -r.Chunks, -length, 0); err != nil {
		return fmt.Errorf("unindex: %w", err)
	}
	return nil
}
