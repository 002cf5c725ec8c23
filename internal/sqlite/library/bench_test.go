package library_test

import (
	"fmt"
	"testing"

	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/storetest"
)

// BenchmarkRetrieve is by words alone.
func BenchmarkRetrieve(b *testing.B) {
	for _, chunks := range []int{10_000, 50_000} {
		b.Run(fmt.Sprint(chunks), func(b *testing.B) {
			if chunks > 10_000 && testing.Short() {
				b.Skip("long")
			}
			storetest.Fill(b, library.New(sqlitetest.Open(b)), chunks, 0).Bench(b)
		})
	}
}

// BenchmarkNearest compares a question with 10,000 vectors of 1,024 dimensions.
func BenchmarkNearest(b *testing.B) {
	db := sqlitetest.Open(b)
	store := library.New(db)
	if err := store.AddCollection(b.Context(), knowledge.Collection{ID: "c", Name: "c"}); err != nil {
		b.Fatal(err)
	}
	const dims = 1024
	for _, query := range []string{
		`INSERT INTO documents (id, collection, name, file, hash, size, stage, live, version, first_chunk, chunks, queued_at, created_at, updated_at)
			VALUES ('d', 1, 'd', 'f', 'h', 1, 'ready', 1, 1, 1, 10000, 0, 0, 0)`,
		`WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
			INSERT INTO chunks (num, document, version, seq, id, heading, location, text) SELECT i, 1, 1, i, i, '', '', '' FROM n`,
		`INSERT INTO vectors (chunk, collection, model, data) SELECT num, 1, 'm', zeroblob(4096) FROM chunks`,
	} {
		if _, err := db.Write.ExecContext(b.Context(), query); err != nil {
			b.Fatal(err)
		}
	}
	vector := make([]float32, dims)
	vector[0] = 1
	for b.Loop() {
		c, err := store.Search(b.Context(), knowledge.Look{Selection: knowledge.Selection{Collections: []string{"c"}}, Model: "m", Vector: vector, Near: 100, Close: 25})
		if err != nil || c.Vectors != 10000 {
			b.Fatalf("%d vectors, %v", c.Vectors, err)
		}
	}
}
