package wordindex

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Full is how many fresh chunks are worth folding, if $1 are in a large collection. In a
// small one fewer are: there is little to write again.
const Full = `least($1::bigint, greatest($1::bigint / 16, chunks / 4))`

const (
	sqlFull = `SELECT num FROM collections WHERE NOT gone AND fresh >= ` + Full + ` LIMIT 1`
	sqlStay = `SELECT fold_term FROM collections WHERE num = $2 AND NOT gone AND fresh >= ` + Full
	// of some terms, the fresh rows and the last one that is not full become one row; a
	// term with a few fresh rows waits for more: most terms are rare, and writing all of
	// them again each time would cost more than everything else
	sqlFold = `
WITH terms AS MATERIALIZED (
	SELECT term FROM postings WHERE collection = $1 AND fresh AND term > $4 GROUP BY term HAVING count(*) >= $5 ORDER BY term LIMIT $3),
short AS (
	DELETE FROM postings p USING terms t WHERE p.collection = $1 AND p.term = t.term AND (p.fresh OR p.count < $2)
	RETURNING p.term, p.first, p.last, p.data),
long AS (
	INSERT INTO postings (collection, term, first, last, count, fresh, data)
	SELECT $1, p.term, min(p.first), max(p.last), count(*), false, array_agg(e ORDER BY e)
	FROM short p, unnest(p.data) e GROUP BY p.term, p.first >> 16)
SELECT count(*), coalesce(max(term), '') FROM terms`
	sqlSofar = `UPDATE collections SET fold_term = $2 WHERE num = $1`
	// what is published meanwhile keeps its fresh rows for the next time
	sqlFolded = `UPDATE collections SET fold_term = '', fresh = 0 WHERE num = $1`
)

// fold joins rows of a collection that has many fresh ones: a piece of them.
func (x *Index) fold(ctx context.Context) (more bool, err error) {
	err = x.db.InTx(ctx, func(tx pgx.Tx) error {
		collection, terms, last := 0, 0, ""
		if err := tx.QueryRow(ctx, sqlFull, x.limits.FoldAt).Scan(&collection); err != nil {
			return none(err)
		}
		if _, err := tx.Exec(ctx, sqlLock, collection); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlStay, x.limits.FoldAt, collection).Scan(&last); err != nil {
			return none(err) // somebody else was quicker
		}
		more = true
		for _, set := range []string{`SET LOCAL work_mem = '64MB'`, `SET LOCAL jit = off`} {
			if _, err := tx.Exec(ctx, set); err != nil {
				return err
			}
		}
		if err := tx.QueryRow(ctx, sqlFold, collection, x.limits.FullRow, x.limits.FoldTerms, last, x.limits.FoldRows).Scan(&terms, &last); err != nil {
			return err
		}
		var err error
		if terms == x.limits.FoldTerms {
			_, err = tx.Exec(ctx, sqlSofar, collection, last)
		} else {
			_, err = tx.Exec(ctx, sqlFolded, collection)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("fold index: %w", err)
	}
	return more, nil
}
