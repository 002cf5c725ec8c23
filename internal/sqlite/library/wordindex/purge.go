package wordindex

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-im/parley/knowledge/words"
)

const (
	sqlFoldState = `SELECT ifnull(fold_term, '') FROM collections WHERE num = ?`
	sqlAddPurge  = `INSERT INTO purges (collection, first, last, terms) VALUES (?, ?, ?, ?)`
)

// Cut takes a live version out, or leaves a row in purges that says what is still
// to be taken out; no search returns it meanwhile. terms returns all terms of the
// version, sorted; it is asked only if need be.
func (x *Index) Cut(ctx context.Context, tx *sql.Tx, v Version, terms func() ([]string, error)) error {
	upTo := ""
	if err := tx.QueryRowContext(ctx, sqlFoldState, v.Collection).Scan(&upTo); err != nil {
		return err
	}
	fresh, folding, err := cutParts(ctx, tx, v)
	if err != nil || fresh {
		return err // all of its words were in parts
	}
	folded, err := terms()
	if err != nil {
		return err
	}
	if folding {
		n, _ := slices.BinarySearch(folded, upTo)
		folded = folded[:n]
	}
	n := min(len(folded), x.limits.PurgeTerms)
	if err := purge(ctx, tx, v.Collection, v.First, v.last(), folded[:n]); err != nil || n == len(folded) {
		return err
	}
	_, err = tx.ExecContext(ctx, sqlAddPurge, v.Collection, v.First, v.last(), strings.Join(folded[n:], "\n"))
	return err
}

const (
	sqlTouched    = `SELECT first, last, count, data FROM postings WHERE collection = ?1 AND term = ?2 AND first <= ?4 AND last >= ?3`
	sqlDropBlock  = `DELETE FROM postings WHERE collection = ? AND term = ? AND first = ?`
	sqlAddBlock   = `INSERT INTO postings (collection, term, first, last, count, data) VALUES (?, ?, ?, ?, ?, ?)`
	sqlPurge      = `SELECT num, collection, first, last, terms FROM purges ORDER BY num LIMIT 1`
	sqlPurgeTerms = `UPDATE purges SET terms = ? WHERE num = ?`
	sqlPurged     = `DELETE FROM purges WHERE num = ?`
)

// purge takes the postings of some chunks out of the blocks of some terms.
func purge(ctx context.Context, tx *sql.Tx, collection, first, last int64, terms []string) error {
	if len(terms) == 0 {
		return nil
	}
	touched, err := tx.PrepareContext(ctx, sqlTouched)
	if err != nil {
		return err
	}
	defer func() { _ = touched.Close() }()
	drop, err := tx.PrepareContext(ctx, sqlDropBlock)
	if err != nil {
		return err
	}
	defer func() { _ = drop.Close() }()
	for _, term := range terms {
		rows, err := touched.QueryContext(ctx, collection, term, first, last)
		if err != nil {
			return err
		}
		blocks, err := scanBlocks(rows)
		if err != nil {
			return err
		}
		for _, b := range blocks {
			rest := b.Without(first, last)
			if rest.Count == b.Count {
				continue
			}
			if _, err := drop.ExecContext(ctx, collection, term, b.First); err != nil {
				return err
			}
			if rest.Count == 0 {
				continue
			}
			if _, err := tx.ExecContext(ctx, sqlAddBlock, collection, term, rest.First, rest.Last, rest.Count, rest.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

func scanBlocks(rows *sql.Rows) (out []words.Block, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b words.Block
		if err := rows.Scan(&b.First, &b.Last, &b.Count, &b.Data); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// purgeOne goes on with the oldest purge.
func (x *Index) purgeOne(ctx context.Context) (more bool, err error) {
	err = x.db.InTx(ctx, func(tx *sql.Tx) error {
		var num, collection, first, last int64
		var text string
		if err := tx.QueryRowContext(ctx, sqlPurge).Scan(&num, &collection, &first, &last, &text); err != nil {
			return none(err)
		}
		more = true
		terms := strings.Split(text, "\n")
		n := min(len(terms), x.limits.PurgeTerms)
		if err := purge(ctx, tx, collection, first, last, terms[:n]); err != nil {
			return fmt.Errorf("purge: %w", err)
		}
		if n < len(terms) {
			_, err := tx.ExecContext(ctx, sqlPurgeTerms, strings.Join(terms[n:], "\n"), num)
			return err
		}
		_, err := tx.ExecContext(ctx, sqlPurged, num)
		return err
	})
	return more, err
}
