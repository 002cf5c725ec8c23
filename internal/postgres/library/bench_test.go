package library_test

import (
	"fmt"
	"testing"

	"github.com/parley-im/parley/internal/postgres/library"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/knowledge/storetest"
)

// BenchmarkRetrieve is by words and by meaning, 768 dimensions.
func BenchmarkRetrieve(b *testing.B) {
	for _, chunks := range []int{10_000, 50_000} {
		b.Run(fmt.Sprint(chunks), func(b *testing.B) {
			if chunks > 10_000 && testing.Short() {
				b.Skip("long")
			}
			db := postgrestest.Open(b)
			f := storetest.Fill(b, library.New(db), chunks, 768)
			if _, err := db.Exec(b.Context(), `VACUUM ANALYZE`); err != nil {
				b.Fatal(err)
			}
			f.Bench(b)
		})
	}
}
