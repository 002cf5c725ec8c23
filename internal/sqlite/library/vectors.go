package library

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/parley-im/parley/knowledge"
)

// hasVectors is true of a document d whose vectors of a model are complete.
func hasVectors(model string) string {
	return `instr(d.embedded, char(10) || ` + model + ` || char(10))`
}

var sqlNextVectors = sqlRow + `
WHERE d.live > 0 AND d.stage NOT IN ` + working + ` AND d.lease_ends_at <= ?2 AND (?3 = '' OR d.id = ?3)
	AND (d.stage = 'embedding' OR ?1 <> '' AND NOT ` + hasVectors("?1") + ` AND d.embed_at <= ?2)
ORDER BY d.stage <> 'embedding', d.num LIMIT 1`

// ClaimVectors takes a document whose vectors are not complete; with no model, only
// what stopped in the middle.
func (s *Store) ClaimVectors(ctx context.Context, id, model string, lease time.Duration) (job knowledge.Job, ok bool, err error) {
	err = s.db.InTx(ctx, func(tx *sql.Tx) error {
		var r row
		if err := r.scan(tx.QueryRowContext(ctx, sqlNextVectors, model, now(), id).Scan); err != nil {
			return one(err, nil)
		}
		if _, err := tx.ExecContext(ctx, sqlTake, r.num, now()+lease.Microseconds()); err != nil {
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
WHERE d.id = ?1 AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.chunk = c.num AND v.model = ?2)
ORDER BY c.seq LIMIT ?3`

// Missing returns chunks without a vector.
func (s *Store) Missing(ctx context.Context, j knowledge.Job, model string, limit int) ([]knowledge.Indexed, error) {
	var out []knowledge.Indexed
	err := each(ctx, s.db.Read, func(rows *sql.Rows) error {
		var c knowledge.Indexed
		title := ""
		if err := rows.Scan(&c.Number, &c.ID, &c.Seq, &c.Text, &c.Heading, &c.Location, &title); err != nil {
			return err
		}
		c.Fields = knowledge.Fields(title, c.Heading, c.Text)
		out = append(out, c)
		return nil
	}, sqlMissing, j.Document.ID, model, limit)
	return out, err
}

const sqlSaveVector = `
INSERT INTO vectors (chunk, collection, model, data) SELECT num, ?2, ?3, ?4 FROM chunks WHERE num = ?1
ON CONFLICT (chunk, model) DO UPDATE SET data = excluded.data`

const sqlAddSpace = `INSERT INTO spaces (model, dimensions, created_at) VALUES (?1, ?2, ?3)
ON CONFLICT (model) DO UPDATE SET gone = 0, dimensions = excluded.dimensions WHERE gone = 1 OR dimensions <> excluded.dimensions`

// SaveVectors stores vectors, brought to length 1.
func (s *Store) SaveVectors(ctx context.Context, j knowledge.Job, model string, chunks []int64, vectors [][]float32) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := held(ctx, tx, j)
		if err != nil {
			return err
		}
		if len(vectors) > 0 {
			if _, err := tx.ExecContext(ctx, sqlAddSpace, model, len(vectors[0]), now()); err != nil {
				return fmt.Errorf("store vectors: %w", err)
			}
		}
		insert, err := tx.PrepareContext(ctx, sqlSaveVector)
		if err != nil {
			return err
		}
		for i, c := range chunks {
			if _, err := insert.ExecContext(ctx, c, r.collection, model, pack(vectors[i])); err != nil {
				return errors.Join(fmt.Errorf("store vectors: %w", err), insert.Close())
			}
		}
		return insert.Close()
	})
}

var sqlEndVectors = `
UPDATE documents AS d SET embedded = iif(?3 = 0 AND ?2 <> '' AND NOT ` + hasVectors("?2") + `, embedded || char(10) || ?2 || char(10), embedded), embed_at = ?3, lease_ends_at = 0, fence = fence + 1, attempt = 0,
	progress = iif(stage = 'embedding', 1, progress), stage = iif(stage = 'embedding', 'ready', stage) WHERE num = ?1`

// EndVectors ends the work on vectors, for good or for now.
func (s *Store) EndVectors(ctx context.Context, j knowledge.Job, model string, again time.Time) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := held(ctx, tx, j)
		if err != nil {
			return err
		}
		due := int64(0)
		if !again.IsZero() {
			due = again.UnixMicro()
		}
		_, err = tx.ExecContext(ctx, sqlEndVectors, r.num, model, due)
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

func pack(v []float32) []byte {
	out := make([]byte, 0, 4*len(v))
	for _, x := range unit(v) {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

// dot multiplies a unit vector with a packed one; ok is false if they differ in
// dimension.
func dot(v []float32, packed []byte) (sum float64, ok bool) {
	if len(packed) != 4*len(v) {
		return 0, false
	}
	var a, b, c, d float32
	i := 0
	for ; i+4 <= len(v); i += 4 {
		p := packed[4*i : 4*i+16]
		a += v[i] * math.Float32frombits(binary.LittleEndian.Uint32(p))
		b += v[i+1] * math.Float32frombits(binary.LittleEndian.Uint32(p[4:]))
		c += v[i+2] * math.Float32frombits(binary.LittleEndian.Uint32(p[8:]))
		d += v[i+3] * math.Float32frombits(binary.LittleEndian.Uint32(p[12:]))
	}
	for ; i < len(v); i++ {
		a += v[i] * math.Float32frombits(binary.LittleEndian.Uint32(packed[4*i:]))
	}
	return float64(a) + float64(b) + float64(c) + float64(d), true
}
