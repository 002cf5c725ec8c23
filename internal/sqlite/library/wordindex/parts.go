package wordindex

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/parley-im/parley/knowledge/words"
)

const (
	smallPart  = 256      // chunks; parts with fewer are merged
	manyParts  = 16       // small parts in a collection until they are
	cacheBytes = 12 << 20 // of parts that searches keep at hand
)

// part is a row of parts.
type part struct {
	words.Part
	num         int64
	first, last int64
	chunks      int
	own         bool
	folding     bool
	folded      string // up to this term, exclusive, a folding part is in the postings
}

const (
	sqlLiveParts = `
SELECT p.num, p.first, p.folding, ifnull(c.fold_term, '') FROM parts p JOIN collections c ON c.num = p.collection LEFT JOIN documents d ON d.num = p.document
WHERE p.collection IN (SELECT value FROM json_each(?)) AND (p.document IS NULL OR d.live = p.version)`
	sqlPartData = `SELECT data FROM parts WHERE num = ?`
)

// liveParts opens the parts that a search reads.
func (x *Index) liveParts(ctx context.Context, tx *sql.Tx, collections []int64) ([]part, error) {
	var parts []part
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var p part
		err := rows.Scan(&p.num, &p.first, &p.folding, &p.folded)
		parts = append(parts, p)
		return err
	}, sqlLiveParts, jsonList(collections))
	if err != nil {
		return nil, err
	}
	for i := range parts {
		p := &parts[i]
		data, ok := x.parts.get(p.num)
		if !ok {
			if err := tx.QueryRowContext(ctx, sqlPartData, p.num).Scan(&data); err != nil {
				return nil, err
			}
			x.parts.put(p.num, data)
		}
		p.Part = words.Open(p.first, data)
	}
	return parts, nil
}

const (
	sqlTouchedParts = `
SELECT num, first, last, chunks, folding, document IS NOT NULL, data FROM parts
WHERE collection = ?1 AND (document = ?2 AND version = ?3 OR document IS NULL AND first <= ?5 AND last >= ?4)`
	sqlDropPart  = `DELETE FROM parts WHERE num = ?`
	sqlMergePart = `
INSERT INTO parts (collection, document, version, first, last, chunks, folding, data) VALUES (?, NULL, 0, ?, ?, ?, ?, ?)`
)

// cutParts takes the live version of a document out of the parts. fresh: all of
// its words were there; folding: those that are not in the postings yet.
func cutParts(ctx context.Context, tx *sql.Tx, v Version) (fresh, folding bool, err error) {
	var touched []part
	first, last := v.First, v.last()
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var p part
		var data []byte
		err := rows.Scan(&p.num, &p.first, &p.last, &p.chunks, &p.folding, &p.own, &data)
		p.Part = words.Open(p.first, data)
		touched = append(touched, p)
		return err
	}, sqlTouchedParts, v.Collection, v.Document, v.Version, first, last)
	if err != nil {
		return false, false, err
	}
	for _, p := range touched {
		var rest []byte
		removed := p.chunks
		if !p.own {
			if rest, removed = p.Without(first, last); removed == 0 {
				continue
			}
		}
		fresh, folding = fresh || !p.folding, folding || p.folding
		if _, err := tx.ExecContext(ctx, sqlDropPart, p.num); err != nil {
			return fresh, folding, err
		}
		if removed < p.chunks { // a new row: searches of older views may have cached the other
			if _, err := tx.ExecContext(ctx, sqlMergePart, v.Collection, p.first, p.last, p.chunks-removed, p.folding, rest); err != nil {
				return fresh, folding, err
			}
		}
	}
	return fresh, folding, nil
}

const (
	sqlManySmall = `
SELECT p.collection FROM parts p LEFT JOIN documents d ON d.num = p.document JOIN collections c ON c.num = p.collection AND c.gone = 0
WHERE p.chunks < ?1 AND p.folding = 0 AND (p.document IS NULL OR d.live = p.version)
GROUP BY p.collection HAVING count(*) >= ?2 LIMIT 1`
	sqlSmall = `
SELECT p.num, p.first, p.last, p.chunks, p.data FROM parts p LEFT JOIN documents d ON d.num = p.document
WHERE p.collection = ?2 AND p.chunks < ?1 AND p.folding = 0 AND (p.document IS NULL OR d.live = p.version) LIMIT 64`
)

// merge makes one part of the small parts of a collection.
func (x *Index) merge(ctx context.Context) (more bool, err error) {
	collection := int64(0)
	if err := x.db.Read.QueryRowContext(ctx, sqlManySmall, smallPart, manyParts).Scan(&collection); err != nil {
		return false, none(err)
	}
	err = x.db.InTx(ctx, func(tx *sql.Tx) error {
		var small []words.Part
		var nums []int64
		var all part
		err := each(ctx, tx, func(rows *sql.Rows) error {
			var p part
			var data []byte
			if err := rows.Scan(&p.num, &p.first, &p.last, &p.chunks, &data); err != nil {
				return err
			}
			if len(nums) == 0 || p.first < all.first {
				all.first = p.first
			}
			all.last = max(all.last, p.last)
			all.chunks += p.chunks
			nums, small = append(nums, p.num), append(small, words.Open(p.first, data))
			return nil
		}, sqlSmall, smallPart, collection)
		if err != nil || len(small) < 2 {
			return err
		}
		more = true
		_, err = tx.ExecContext(ctx, sqlMergePart, collection, all.first, all.last, all.chunks, 0, words.Merge(all.first, small))
		for _, num := range nums {
			_, err2 := tx.ExecContext(ctx, sqlDropPart, num)
			err = errors.Join(err, err2)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("merge parts: %w", err)
	}
	return more, nil
}
