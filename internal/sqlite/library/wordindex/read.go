package wordindex

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/parley-im/parley/knowledge/words"
)

const sqlPostings = `
SELECT term, first, last, count, data FROM postings
WHERE collection IN (SELECT value FROM json_each(?1)) AND term IN (SELECT value FROM json_each(?2))`

// Postings calls visit with the postings of each term that occurs in the collections.
func (x *Index) Postings(ctx context.Context, tx *sql.Tx, collections []int64, terms []string, visit func(int, []words.Block)) error {
	index := make(map[string]int, len(terms))
	for i, t := range terms {
		index[t] = i
	}
	blocks := make([][]words.Block, len(terms))
	var kept []byte // the data of all blocks; what an earlier array holds stays valid
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var term, data sql.RawBytes
		var b words.Block
		if err := rows.Scan(&term, &b.First, &b.Last, &b.Count, &data); err != nil {
			return err
		}
		from := len(kept)
		kept = append(kept, data...)
		b.Data = kept[from:len(kept):len(kept)]
		i := index[string(term)]
		blocks[i] = append(blocks[i], b)
		return nil
	}, sqlPostings, jsonList(collections), jsonList(terms))
	if err != nil {
		return fmt.Errorf("read postings: %w", err)
	}
	parts, err := x.liveParts(ctx, tx, collections)
	if err != nil {
		return fmt.Errorf("read parts: %w", err)
	}
	for _, p := range parts {
		for i, t := range terms {
			if p.folding && t < p.folded {
				continue // these are in the postings already
			}
			if b, ok := p.Find(t); ok {
				blocks[i] = append(blocks[i], b)
			}
		}
	}
	for i := range terms {
		if len(blocks[i]) > 0 {
			visit(i, blocks[i])
		}
	}
	return nil
}

const sqlPurging = `SELECT first, last FROM purges WHERE collection IN (SELECT value FROM json_each(?1)) ORDER BY first`

// Purging calls visit with the runs of chunks that are not to be seen any more.
func (x *Index) Purging(ctx context.Context, tx *sql.Tx, collections []int64, visit func(first, last int64)) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var first, last int64
		if err := rows.Scan(&first, &last); err != nil {
			return err
		}
		visit(first, last)
		return nil
	}, sqlPurging, jsonList(collections))
}
