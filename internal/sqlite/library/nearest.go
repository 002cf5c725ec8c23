package library

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/words"
)

const (
	sqlVectors = `SELECT chunk, data FROM vectors WHERE collection IN (SELECT value FROM json_each(?1)) AND model = ?2`
	sqlCosines = `SELECT v.chunk, v.data FROM json_each(?1) j CROSS JOIN vectors v ON v.chunk = j.value WHERE v.model = ?2`
)

// nearest compares the vector with all of its model, exactly: fine for some tens
// of thousands.
func (v *view) nearest(ctx context.Context, model string, vector []float32, k int) ([]words.Hit, int, error) {
	allowed, err := v.allow(ctx)
	if err != nil {
		return nil, 0, err
	}
	vector = unit(vector)
	var best []words.Hit
	n, least := 0, -2.0
	err = each(ctx, v.tx, func(rows *sql.Rows) error {
		var chunk int64
		var data sql.RawBytes
		if err := rows.Scan(&chunk, &data); err != nil {
			return err
		}
		n++
		score, ok := dot(vector, data)
		if !ok || score <= least || !allowed(chunk) {
			return nil
		}
		best = append(best, words.Hit{Chunk: chunk, Score: score})
		if len(best) >= 2*k+64 {
			best = words.Best(best, k)
			least = best[len(best)-1].Score
		}
		return nil
	}, sqlVectors, jsonList(v.collections), model)
	if err != nil {
		return nil, 0, fmt.Errorf("compare vectors: %w", err)
	}
	return words.Best(best, k), n, nil
}

// cosines compares the vector with those of what was found.
func (v *view) cosines(ctx context.Context, model string, vector []float32, found []knowledge.Found) error {
	vector = unit(vector)
	at := make(map[int64]int, len(found))
	chunks := make([]int64, len(found))
	for i, f := range found {
		at[f.Chunk], chunks[i] = i, f.Chunk
	}
	err := each(ctx, v.tx, func(rows *sql.Rows) error {
		var chunk int64
		var data sql.RawBytes
		if err := rows.Scan(&chunk, &data); err != nil {
			return err
		}
		f := &found[at[chunk]]
		f.Cosine, f.HasVector = dot(vector, data)
		return nil
	}, sqlCosines, jsonList(chunks), model)
	if err != nil {
		return fmt.Errorf("compare vectors: %w", err)
	}
	return nil
}
