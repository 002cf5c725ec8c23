package library

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/words"
)

// view is the live chunks of some collections as they were at one moment: one read
// transaction.
type view struct {
	store       *Store
	tx          *sql.Tx
	labels      []string
	collections []int64
	size        words.Size
	allowed     func(int64) bool // made when asked for
}

const sqlSelected = `SELECT num, chunks, length FROM collections WHERE id = ? AND gone = 0`

// look calls f with a view.
func (s *Store) look(ctx context.Context, sel knowledge.Selection, f func(*view) error) (err error) {
	tx, err := s.db.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	defer func() {
		if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) {
			err = errors.Join(err, e)
		}
	}()
	v := &view{store: s, tx: tx, labels: sel.Labels}
	for _, id := range sel.Collections {
		var num int64
		var chunks, length int
		if err := tx.QueryRowContext(ctx, sqlSelected, id).Scan(&num, &chunks, &length); err != nil {
			return one(err, noCollection(id))
		}
		if !slices.Contains(v.collections, num) {
			v.collections = append(v.collections, num)
			v.size.Chunks += chunks
			v.size.Length += length
		}
	}
	return f(v)
}

// Search scores all postings of the question, and compares all vectors.
func (s *Store) Search(ctx context.Context, l knowledge.Look) (c knowledge.Catch, err error) {
	err = s.look(ctx, l.Selection, func(v *view) error {
		allowed, err := v.allow(ctx)
		if err != nil {
			return err
		}
		c = knowledge.Catch{Size: v.size, Counts: make([]int, len(l.Terms))}
		scorer := words.NewScorer(v.size)
		err = s.index.Postings(ctx, v.tx, v.collections, l.Terms, func(term int, blocks []words.Block) {
			for _, b := range blocks {
				c.Counts[term] += b.Count
			}
			scorer.Add(l.Weights[term], blocks)
		})
		if err != nil {
			return err
		}
		var chunks []int64
		for _, h := range scorer.Top(l.Words, allowed) {
			chunks = append(chunks, h.Chunk)
		}
		if l.Model != "" {
			if c.Near, c.Vectors, err = v.nearest(ctx, l.Model, l.Vector, l.Near); err != nil {
				return err
			}
			for _, h := range c.Near[:min(l.Close, len(c.Near))] {
				if !slices.Contains(chunks, h.Chunk) {
					chunks = append(chunks, h.Chunk)
				}
			}
		}
		if c.Found, err = v.load(ctx, chunks); err != nil || l.Model == "" {
			return err
		}
		return v.cosines(ctx, l.Model, l.Vector, c.Found)
	})
	return c, err
}

const sqlLabeled = `
SELECT d.first_chunk, d.first_chunk + d.chunks - 1 FROM documents d
WHERE d.collection IN (SELECT value FROM json_each(?1)) AND d.live > 0 AND d.chunks > 0
	AND EXISTS (SELECT 1 FROM document_labels l WHERE l.document = d.num AND l.label IN (SELECT value FROM json_each(?2)))
ORDER BY 1`

// ranges are runs of chunk numbers, in order.
type ranges struct{ first, last []int64 }

func (r *ranges) has(chunk int64) bool {
	i, found := slices.BinarySearch(r.first, chunk)
	if !found {
		i--
	}
	return i >= 0 && chunk <= r.last[i]
}

func (r *ranges) add(first, last int64) {
	r.first, r.last = append(r.first, first), append(r.last, last)
}

// allow returns a test for labels, which leaves out what is being purged too.
func (v *view) allow(ctx context.Context) (func(int64) bool, error) {
	if v.allowed != nil {
		return v.allowed, nil
	}
	if len(v.labels) > 0 {
		var r ranges
		err := each(ctx, v.tx, func(rows *sql.Rows) error {
			var first, last int64
			err := rows.Scan(&first, &last)
			r.add(first, last)
			return err
		}, sqlLabeled, jsonList(v.collections), jsonList(v.labels))
		if err != nil {
			return nil, fmt.Errorf("read labels: %w", err)
		}
		v.allowed = r.has
		return v.allowed, nil
	}
	var r ranges
	err := v.store.index.Purging(ctx, v.tx, v.collections, r.add)
	if err != nil {
		return nil, fmt.Errorf("read purges: %w", err)
	}
	v.allowed = func(chunk int64) bool { return !r.has(chunk) }
	if len(r.first) == 0 {
		v.allowed = func(int64) bool { return true }
	}
	return v.allowed, nil
}

const sqlLoad = `
SELECT c.num, c.id, c.seq, c.text, c.heading, c.location, d.id, d.live, d.title, d.name, d.indexed_title, d.url
FROM json_each(?1) j CROSS JOIN chunks c ON c.num = j.value JOIN documents d ON d.num = c.document AND d.live = c.version`

// load reads chunks with their documents; those that are gone are left out.
func (v *view) load(ctx context.Context, chunks []int64) ([]knowledge.Found, error) {
	out := make([]knowledge.Found, 0, len(chunks))
	err := each(ctx, v.tx, func(rows *sql.Rows) error {
		var f knowledge.Found
		p := &f.Passage
		name, indexed := "", ""
		if err := rows.Scan(&f.Chunk, &p.ChunkID, &p.Seq, &p.Text, &p.Heading, &p.Location,
			&p.DocumentID, &p.Version, &p.Document, &name, &indexed, &p.URL); err != nil {
			return err
		}
		if p.Document == "" {
			p.Document = name
		}
		f.Fields = knowledge.Fields(indexed, p.Heading, p.Text)
		out = append(out, f)
		return nil
	}, sqlLoad, jsonList(chunks))
	if err != nil {
		return nil, fmt.Errorf("read chunks: %w", err)
	}
	return out, nil
}
