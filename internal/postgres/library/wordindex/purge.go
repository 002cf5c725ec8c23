package wordindex

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const sqlAddPurge = `INSERT INTO purges (collection, first, last, terms) VALUES ($1, $2, $3, $4)`

// Cut takes a live version out: at once for searches, and bit by bit for the rows. terms
// are all terms of the version.
func (x *Index) Cut(ctx context.Context, tx pgx.Tx, v Version, terms []string) error {
	if len(terms) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, sqlAddPurge, v.Collection, v.First, v.Last(), terms)
	return err
}

const (
	sqlPurge = `
SELECT num, collection, first, last, terms[1:$1], cardinality(terms) FROM purges ORDER BY num LIMIT 1 FOR UPDATE SKIP LOCKED`
	sqlCutRows = `DELETE FROM postings WHERE collection = $1 AND term = ANY ($2) AND first >= $3 AND last <= $4`
	// rows that have something of it between other chunks
	sqlCutOut = `
UPDATE postings p SET first = r.first, last = r.last, count = r.count, data = r.data
FROM (
	SELECT h.term, h.first AS was, h.count AS had, min(x.chunk) AS first, max(x.chunk) AS last, count(*) AS count, array_agg(x.e ORDER BY x.e) AS data
	FROM postings h, LATERAL (SELECT e, (h.first >> 16 << 16) + (e >> 15) AS chunk FROM unnest(h.data) e) x
	WHERE h.collection = $1 AND h.term = ANY ($2) AND h.first <= $4 AND h.last >= $3 AND x.chunk NOT BETWEEN $3 AND $4
	GROUP BY h.term, h.first, h.count
) r
WHERE p.collection = $1 AND p.term = r.term AND p.first = r.was AND r.count < r.had`
	sqlPurgeRest = `UPDATE purges SET terms = terms[$2 + 1:] WHERE num = $1`
	sqlPurged    = `DELETE FROM purges WHERE num = $1`
)

// purgeOne goes on with the oldest purge that nobody else works on.
func (x *Index) purgeOne(ctx context.Context) (more bool, err error) {
	err = x.db.InTx(ctx, func(tx pgx.Tx) error {
		var num, first, last int64
		var collection, all int
		var terms []string
		if err := tx.QueryRow(ctx, sqlPurge, x.limits.PurgeTerms).Scan(&num, &collection, &first, &last, &terms, &all); err != nil {
			return none(err)
		}
		more = true
		if _, err := tx.Exec(ctx, sqlLock, collection); err != nil {
			return err
		}
		for _, query := range []string{sqlCutRows, sqlCutOut} {
			if _, err := tx.Exec(ctx, query, collection, terms, first, last); err != nil {
				return err
			}
		}
		if all > len(terms) {
			_, err := tx.Exec(ctx, sqlPurgeRest, num, len(terms))
			return err
		}
		_, err := tx.Exec(ctx, sqlPurged, num)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("purge index: %w", err)
	}
	return more, nil
}

// none makes nothing of pgx.ErrNoRows.
func none(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}
