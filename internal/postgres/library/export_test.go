package library

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/library/wordindex"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/words"
)

// NewBitByBit returns a store that folds and purges early, in small pieces, and indexes
// vectors from the first on.
func NewBitByBit(db *postgres.DB) *Store {
	s := New(db)
	s.index = wordindex.New(db, wordindex.Limits{FoldAt: 20, FoldRows: 2, FoldTerms: 60, FullRow: 8, PurgeTerms: 25})
	s.limits.indexAt = 1
	return s
}

// NewWalking returns a store that walks through the index of vectors always.
func NewWalking(db *postgres.DB) *Store {
	s := New(db)
	s.limits.indexAt, s.limits.walkCost = 1, 0
	return s
}

// NewExact returns a store that compares all vectors always.
func NewExact(db *postgres.DB) *Store {
	s := New(db)
	s.limits.walkCost = 1 << 40
	return s
}

// Unit is unit.
func Unit(v []float32) []float32 { return unit(v) }

// Plan returns how the server went about a search.
func Plan(t interface {
	Context() context.Context
	Fatal(...any)
}, s *Store, l knowledge.Look) string {
	space, err := s.space(t.Context(), l.Model)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	args := s.args(l, space)
	b := &pgx.Batch{}
	b.Queue(scopeText(l, space), args)
	b.Queue("EXPLAIN (ANALYZE, COSTS OFF) "+searchText(l, space), args).Query(func(rows pgx.Rows) (err error) {
		lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err := s.db.Batch(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// RoleOfSearch tells who the server takes a search for.
func RoleOfSearch(t interface {
	Context() context.Context
	Fatal(...any)
}, s *Store, collections []string) (role string) {
	b := &pgx.Batch{}
	b.Queue(scopeText(knowledge.Look{Near: 1}, known{}), pgx.NamedArgs{"collections": collections, "walk": 1})
	b.Queue(`SELECT current_user`).QueryRow(func(r pgx.Row) error { return r.Scan(&role) })
	if err := s.db.Batch(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return role
}

// Told makes Store a storetest.Teller.
func (s *Store) Told(ctx context.Context, collection string, terms []string, visible bool) (size words.Size, said map[string]map[int64]uint32, err error) {
	num := 0
	err = s.db.Pool.QueryRow(ctx, `SELECT num, chunks, length FROM collections WHERE id = $1`, collection).Scan(&num, &size.Chunks, &size.Length)
	if err != nil {
		return size, nil, err
	}
	said = map[string]map[int64]uint32{}
	gone := func(int64) bool { return false }
	if visible {
		var first, last []int64
		if err := s.db.Pool.QueryRow(ctx, `SELECT array_agg(first), array_agg(last) FROM purges`).Scan(&first, &last); err != nil {
			return size, nil, err
		}
		gone = func(chunk int64) bool {
			for i := range first {
				if chunk >= first[i] && chunk <= last[i] {
					return true
				}
			}
			return false
		}
	}
	err = each(ctx, s.db.Pool, func(rows pgx.Rows) error {
		var term string
		var first int64
		var data []int32
		if err := rows.Scan(&term, &first, &data); err != nil {
			return err
		}
		for _, e := range data {
			p := wordindex.Unpack(first, e)
			if gone(p.Chunk) {
				continue
			}
			if said[term] == nil {
				said[term] = map[int64]uint32{}
			}
			said[term][p.Chunk] = p.Count
		}
		return nil
	}, `SELECT term, first, data FROM postings WHERE collection = $1 AND term = ANY ($2)`, num, terms)
	return size, said, err
}

// Find makes Store a storetest.Teller.
func (s *Store) Find(ctx context.Context, collection string, chunks []int64) (found int, err error) {
	err = s.db.Pool.QueryRow(ctx, `SELECT count(*) FROM chunks c JOIN documents d ON d.num = c.document AND d.live = c.version JOIN collections l ON l.num = d.collection
		WHERE l.id = $1 AND c.num = ANY ($2)`, collection, chunks).Scan(&found)
	return found, err
}
