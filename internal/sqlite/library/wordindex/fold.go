package wordindex

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/parley-im/parley/knowledge/words"
)

// blockBytes is how large a block is that is not made larger still.
const blockBytes = 4000

const (
	sqlFolding = `SELECT num, fold_term FROM collections WHERE fold_term IS NOT NULL AND gone = 0 LIMIT 1`
	sqlFull    = `
SELECT p.collection FROM parts p LEFT JOIN documents d ON d.num = p.document JOIN collections c ON c.num = p.collection AND c.gone = 0
WHERE p.document IS NULL OR d.live = p.version GROUP BY p.collection HAVING sum(p.chunks) >= ? LIMIT 1`
	sqlStartFold = `
UPDATE parts SET folding = 1 WHERE collection = ?1
	AND (document IS NULL OR EXISTS (SELECT 1 FROM documents d WHERE d.num = parts.document AND d.live = parts.version))`
	sqlFoldTerm   = `UPDATE collections SET fold_term = ?2 WHERE num = ?1`
	sqlFoldParts  = `SELECT first, data FROM parts WHERE collection = ? AND folding = 1 ORDER BY first`
	sqlEndFold    = `DELETE FROM parts WHERE collection = ? AND folding = 1`
	sqlLastBlocks = `
SELECT p.term, p.first, p.last, p.count, p.data FROM json_each(?2) j CROSS JOIN postings p ON p.collection = ?1 AND p.term = j.value
	AND p.first = (SELECT max(first) FROM postings WHERE collection = ?1 AND term = j.value)`
	sqlSaveBlock = `INSERT OR REPLACE INTO postings (collection, term, first, last, count, data) VALUES (?, ?, ?, ?, ?, ?)`
)

// idle reports whether there is nothing to fold, without taking the writer.
func (x *Index) idle(ctx context.Context) (bool, error) {
	num, term := int64(0), ""
	err := x.db.Read.QueryRowContext(ctx, sqlFolding).Scan(&num, &term)
	if errors.Is(err, sql.ErrNoRows) {
		err = x.db.Read.QueryRowContext(ctx, sqlFull, x.limits.FoldAt).Scan(&num)
	}
	return errors.Is(err, sql.ErrNoRows), none(err)
}

// fold moves the next terms of the parts of a collection into its postings.
func (x *Index) fold(ctx context.Context) (more bool, err error) {
	if idle, err := x.idle(ctx); idle || err != nil {
		return false, err
	}
	err = x.db.InTx(ctx, func(tx *sql.Tx) error {
		collection, from := int64(0), ""
		err := tx.QueryRowContext(ctx, sqlFolding).Scan(&collection, &from)
		if errors.Is(err, sql.ErrNoRows) {
			if err := tx.QueryRowContext(ctx, sqlFull, x.limits.FoldAt).Scan(&collection); err != nil {
				return none(err)
			}
			_, err = tx.ExecContext(ctx, sqlStartFold, collection)
		}
		if err != nil {
			return err
		}
		more = true
		var parts []words.Part
		err = each(ctx, tx, func(rows *sql.Rows) error {
			first, data := int64(0), []byte(nil)
			err := rows.Scan(&first, &data)
			parts = append(parts, words.Open(first, data))
			return err
		}, sqlFoldParts, collection)
		if err != nil {
			return err
		}
		terms, next := some(parts, from, x.limits.FoldTerms)
		if err := addTerms(ctx, tx, collection, terms); err != nil {
			return err
		}
		if next != "" {
			_, err = tx.ExecContext(ctx, sqlFoldTerm, collection, next)
			return err
		}
		_, err = tx.ExecContext(ctx, sqlEndFold, collection)
		_, err2 := tx.ExecContext(ctx, sqlFoldTerm, collection, nil)
		return errors.Join(err, err2)
	})
	if err != nil {
		return false, fmt.Errorf("fold index: %w", err)
	}
	return more, nil
}

// some collects the postings of the next terms, and tells where to go on: "" at
// the end.
func some(parts []words.Part, from string, about int) (terms map[string][]words.Block, next string) {
	most := max(5, about/max(1, len(parts)))
	terms = map[string][]words.Block{}
	limit := "" // the last term that no part was cut off before
	for _, p := range parts {
		n, last := 0, ""
		p.From(from, func(term string, b words.Block) bool {
			terms[term] = append(terms[term], b)
			n, last = n+1, term
			return n < most
		})
		if n == most && (limit == "" || last < limit) {
			limit = last
		}
	}
	if limit == "" {
		return terms, ""
	}
	for t := range terms {
		if t > limit {
			delete(terms, t)
		}
	}
	return terms, limit + "\x00"
}

// addTerms appends blocks to the postings of their terms.
func addTerms(ctx context.Context, tx *sql.Tx, collection int64, terms map[string][]words.Block) error {
	sorted := slices.Sorted(maps.Keys(terms))
	last := make(map[string]words.Block, len(terms))
	err := each(ctx, tx, func(rows *sql.Rows) error {
		term, b := "", words.Block{}
		err := rows.Scan(&term, &b.First, &b.Last, &b.Count, &b.Data)
		last[term] = b
		return err
	}, sqlLastBlocks, collection, jsonList(sorted))
	if err != nil {
		return err
	}
	save, err := tx.PrepareContext(ctx, sqlSaveBlock)
	if err != nil {
		return err
	}
	defer func() { _ = save.Close() }()
	for _, term := range sorted {
		b, add := last[term], words.Sorted(terms[term])
		if b.Count > 0 && add.First > b.Last && len(b.Data) < blockBytes {
			b.Join(&add)
		} else {
			b = add
		}
		if _, err := save.ExecContext(ctx, collection, term, b.First, b.Last, b.Count, b.Data); err != nil {
			return err
		}
	}
	return nil
}
