package library

import (
	"context"

	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/library/wordindex"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/words"
)

// NewBitByBit returns a store that folds and purges early, in many small pieces.
func NewBitByBit(db *sqlite.DB) *Store {
	return &Store{db, wordindex.New(db, wordindex.Limits{FoldAt: 20, FoldTerms: 60, PurgeTerms: 25})}
}

// Told makes Store a storetest.Teller.
func (s *Store) Told(ctx context.Context, collection string, terms []string, visible bool) (size words.Size, said map[string]map[int64]uint32, err error) {
	said = map[string]map[int64]uint32{}
	err = s.look(ctx, knowledge.Selection{Collections: []string{collection}}, func(v *view) error {
		size = v.size
		allowed, err := v.allow(ctx)
		if err != nil {
			return err
		}
		return s.index.Postings(ctx, v.tx, v.collections, terms, func(i int, blocks []words.Block) {
			has := map[int64]uint32{}
			for _, b := range blocks {
				b.Each(func(p words.Posting) {
					if !visible || allowed(p.Chunk) {
						has[p.Chunk] = p.Count
					}
				})
			}
			if len(has) > 0 {
				said[terms[i]] = has
			}
		})
	})
	return size, said, err
}

// Find makes Store a storetest.Teller.
func (s *Store) Find(ctx context.Context, collection string, chunks []int64) (found int, err error) {
	err = s.look(ctx, knowledge.Selection{Collections: []string{collection}}, func(v *view) error {
		f, err := v.load(ctx, chunks)
		found = len(f)
		return err
	})
	return found, err
}
