package library_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/knowledge/extract"
)

// language makes text whose words follow Zipf's law: two-character Chinese words
// and English ones.
type language struct {
	random *rand.Rand
	zipf   *rand.Zipf
	words  []string
}

func newLanguage(seed uint64) *language {
	r := rand.New(rand.NewPCG(seed, 7))
	l := &language{random: r, zipf: rand.NewZipf(r, 1.1, 8, 19999)}
	known := rand.New(rand.NewPCG(1, 1)) // the same words whatever the seed
	chars := rand.NewZipf(known, 1.2, 40, 3499)
	for i := range 20000 {
		if i%4 == 3 {
			l.words = append(l.words, " "+string(rune('a'+known.IntN(26)))+fmt.Sprintf("%c%cing", 'a'+known.IntN(26), 'a'+known.IntN(26))+" ")
		} else {
			l.words = append(l.words, string(rune(0x4E00+5*chars.Uint64()))+string(rune(0x4E00+5*chars.Uint64())))
		}
	}
	return l
}

// speaker says other things in the same words.
func speaker(words []string, seed uint64) *language {
	r := rand.New(rand.NewPCG(seed, 7))
	return &language{r, rand.NewZipf(r, 1.1, 8, 19999), words}
}

func (l *language) text(words int) string {
	var b strings.Builder
	for i := range words {
		b.WriteString(l.words[l.zipf.Uint64()])
		if i%12 == 11 {
			b.WriteString("。")
		}
	}
	return b.String()
}

// extractor makes documents of about the given number of chunks, by their name.
type extractor struct {
	chunks int
	words  []string
}

func (e extractor) Extract(_ context.Context, name, _ string) (extract.Document, error) {
	seed := uint64(0)
	if _, err := fmt.Sscanf(name, "%d", &seed); err != nil {
		return extract.Document{}, err
	}
	l := speaker(e.words, seed)
	d := extract.Document{Type: "txt", Title: l.text(4)}
	for range e.chunks {
		d.Blocks = append(d.Blocks, extract.Block{Kind: extract.Heading, Level: 1, Text: l.text(3)}, extract.Block{Kind: extract.Paragraph, Text: l.text(130)})
	}
	return d, nil
}

// filled returns a knowledge base with so many chunks, ten to a document.
func filled(b *testing.B, chunks int) (*knowledge.Base, string) {
	b.Helper()
	files, err := disk.New(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	base := knowledge.New(library.New(sqlitetest.Open(b)), files, extractor{10, newLanguage(0).words}, nil, slog.New(slog.DiscardHandler), knowledge.Options{})
	c, err := base.CreateCollection(b.Context(), "bench", "")
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	made := 0
	for i := 0; made < chunks; i++ {
		name := fmt.Sprintf("%d.txt", i)
		d, _, err := base.Add(b.Context(), knowledge.Upload{Collection: c.ID, Name: name, Body: strings.NewReader(name)})
		if err != nil {
			b.Fatal(err)
		}
		if d, err = base.Process(b.Context(), d.ID); err != nil || d.Stage != knowledge.Ready {
			b.Fatalf("document is %s %s: %v", d.Stage, d.Reason, err)
		}
		made += d.Chunks
	}
	b.Logf("%d chunks in %.1f s: %.0f chunks/s", made, time.Since(start).Seconds(), float64(made)/time.Since(start).Seconds())
	return base, c.ID
}

func BenchmarkRetrieve(b *testing.B) {
	for _, chunks := range []int{10_000, 50_000} {
		b.Run(fmt.Sprint(chunks), func(b *testing.B) {
			if chunks > 10_000 && testing.Short() {
				b.Skip("long")
			}
			base, collection := filled(b, chunks)
			l := newLanguage(1 << 40)
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				found, err := base.Retrieve(b.Context(), knowledge.Query{Text: l.text(10), Collections: []string{collection}})
				if err != nil || len(found) == 0 {
					b.Fatalf("%d found: %v", len(found), err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
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
		err := store.Search(b.Context(), knowledge.Selection{Collections: []string{"c"}}, func(v knowledge.View) error {
			_, n, err := v.Nearest(b.Context(), "m", vector, 100)
			if n != 10000 {
				b.Fatalf("%d vectors", n)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
