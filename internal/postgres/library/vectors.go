package library

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/knowledge"
)

const sqlNextVectors = sqlRow + `
WHERE d.live > 0 AND d.stage NOT IN ` + working + ` AND d.lease_ends_at <= clock_timestamp() AND ($2 = '' OR d.id = $2)
	AND (d.stage = 'embedding' OR $1 <> '' AND NOT d.embedded @> ARRAY[$1] AND d.embed_at <= clock_timestamp())
ORDER BY d.stage <> 'embedding', d.num LIMIT 1 FOR NO KEY UPDATE OF d SKIP LOCKED`

// ClaimVectors takes a document whose vectors are not complete; with no model, only
// what stopped in the middle.
func (s *Store) ClaimVectors(ctx context.Context, id, model string, lease time.Duration) (job knowledge.Job, ok bool, err error) {
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		var r row
		if err := r.scan(tx.QueryRow(ctx, sqlNextVectors, model, postgres.Text(id))); err != nil {
			return one(err, nil)
		}
		if _, err := tx.Exec(ctx, sqlTake, r.num, lease.Microseconds()); err != nil {
			return err
		}
		job, ok = r.job(), true
		return nil
	})
	if err != nil {
		return knowledge.Job{}, false, fmt.Errorf("claim vectors: %w", err)
	}
	return job, ok, nil
}

const sqlMissing = `
SELECT c.num, c.id, c.seq, c.text, c.heading, c.location, d.indexed_title
FROM documents d JOIN chunks c ON c.document = d.num AND c.version = d.live
WHERE d.id = $1 AND NOT EXISTS (SELECT 1 FROM vectors v JOIN spaces s ON s.num = v.space WHERE v.chunk = c.num AND s.model = $2)
ORDER BY c.seq LIMIT $3`

// Missing returns chunks without a vector.
func (s *Store) Missing(ctx context.Context, j knowledge.Job, model string, limit int) ([]knowledge.Indexed, error) {
	return postgres.Rows(ctx, s.db, func(row pgx.CollectableRow) (c knowledge.Indexed, err error) {
		title := ""
		err = row.Scan(&c.Number, &c.ID, &c.Seq, &c.Text, &c.Heading, &c.Location, &title)
		c.Fields = knowledge.Fields(title, c.Heading, c.Text)
		return c, err
	}, sqlMissing, j.Document.ID, model, limit)
}

const sqlSaveVectors = `
INSERT INTO vectors (chunk, space, collection, data)
SELECT c.num, $1, c.collection, (($3::real[])[(n.i - 1) * $4 + 1 : n.i * $4])::halfvec
FROM unnest($2::bigint[]) WITH ORDINALITY AS n (chunk, i) JOIN chunks c ON c.num = n.chunk
ON CONFLICT (chunk, space) DO UPDATE SET data = excluded.data`

// SaveVectors stores vectors, brought to length 1.
func (s *Store) SaveVectors(ctx context.Context, j knowledge.Job, model string, chunks []int64, vectors [][]float32) error {
	if len(vectors) == 0 {
		return nil
	}
	dims := len(vectors[0])
	flat := make([]float32, 0, dims*len(vectors))
	for _, v := range vectors {
		flat = append(flat, unit(v)...)
	}
	return s.holding(ctx, j, func(tx pgx.Tx, _ row) error {
		space, err := addSpace(ctx, tx, model, dims)
		if err == nil {
			_, err = tx.Exec(ctx, sqlSaveVectors, space, chunks, flat, dims)
		}
		if err != nil {
			return fmt.Errorf("store vectors: %w", err)
		}
		return nil
	})
}

const sqlEndVectors = `
UPDATE documents SET embedded = CASE WHEN $3::bigint = 0 AND $2 <> '' AND NOT embedded @> ARRAY[$2] THEN embedded || $2::text ELSE embedded END,
	embed_at = CASE WHEN $3 = 0 THEN 'epoch' ELSE clock_timestamp() + $3` + micro + ` END, lease_ends_at = 'epoch', fence = fence + 1, attempt = 0,
	progress = CASE WHEN stage = 'embedding' THEN 1 ELSE progress END, stage = CASE WHEN stage = 'embedding' THEN 'ready' ELSE stage END WHERE num = $1`

// EndVectors ends the work on vectors, for good or for now.
func (s *Store) EndVectors(ctx context.Context, j knowledge.Job, model string, again time.Time) error {
	wait := int64(0)
	if !again.IsZero() {
		wait = max(1, time.Until(again).Microseconds()) // the server's clock may be another
	}
	return s.holding(ctx, j, func(tx pgx.Tx, r row) error {
		_, err := tx.Exec(ctx, sqlEndVectors, r.num, model, wait)
		return err
	})
}

// unit returns v with length 1.
func unit(v []float32) []float32 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	out := make([]float32, len(v))
	if sum > 0 {
		scale := 1 / math.Sqrt(sum)
		for i, x := range v {
			out[i] = float32(float64(x) * scale)
		}
	}
	return out
}
