package library_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/library"
	"github.com/parley-im/parley/internal/postgres/library/wordindex"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/storetest"
	"github.com/parley-im/parley/knowledge/words"
)

// rival is the chunks of a store, indexed in the ways that were not taken.
type rival struct {
	db     *postgres.DB
	store  *library.Store
	scope  []string
	number map[string]int32              // of a term
	index  map[string]map[int64]posting1 // exact
	size   words.Size
	gains  []float32
}

type posting1 struct {
	count  uint32
	length uint8
}

const sqlRivals = `
CREATE TABLE rival_rows (term text COLLATE "C", chunk bigint, weight real, PRIMARY KEY (term, chunk) INCLUDE (weight));
CREATE TABLE rival_sparse (chunk bigint PRIMARY KEY, terms integer[], weights sparsevec);
ALTER TABLE rival_sparse ALTER COLUMN weights SET STORAGE EXTERNAL;
CREATE TABLE rival_text (chunk bigint PRIMARY KEY, words tsvector)`

// newRival fills the other tables from the chunks of a filled store.
func newRival(b *testing.B, db *postgres.DB, store *library.Store, f *storetest.Filled) *rival {
	b.Helper()
	ctx := b.Context()
	r := &rival{db: db, store: store, scope: f.Collections, number: map[string]int32{}, index: map[string]map[int64]posting1{}}
	counts, lengths := map[int64]map[string]uint32{}, map[int64]int{}
	rows, err := db.Pool.Query(ctx, `SELECT c.num, d.indexed_title, c.heading, c.text FROM chunks c JOIN documents d ON d.num = c.document`)
	must(b, err)
	for rows.Next() {
		num, title, heading, text := int64(0), "", "", ""
		must(b, rows.Scan(&num, &title, &heading, &text))
		counts[num], lengths[num] = words.Text{Fields: knowledge.Fields(title, heading, text)}.Count()
		r.size.Chunks++
		r.size.Length += lengths[num]
	}
	must(b, rows.Err())
	_, err = db.Pool.Exec(ctx, sqlRivals)
	must(b, err)
	r.gains = wordindex.Gains(float64(r.size.Length) / float64(r.size.Chunks))
	var flat [][]any
	for num, terms := range counts {
		for term, n := range terms {
			if r.index[term] == nil {
				r.index[term] = map[int64]posting1{}
				r.number[term] = int32(len(r.number) + 1)
			}
			p := posting1{n, words.Quantize(lengths[num])}
			r.index[term][num] = p
			flat = append(flat, []any{term, num, float32(r.weight(p))})
		}
	}
	_, err = db.Pool.CopyFrom(ctx, pgx.Identifier{"rival_rows"}, []string{"term", "chunk", "weight"}, pgx.CopyFromRows(flat))
	must(b, err)
	batch := &pgx.Batch{}
	for num, terms := range counts {
		var ids []int32
		var sparse, text []string
		for term, n := range terms {
			ids = append(ids, r.number[term])
			sparse = append(sparse, fmt.Sprintf("%d:%.4f", r.number[term], r.weight(posting1{n, words.Quantize(lengths[num])})))
			var places []string
			for i := range min(n, 200) {
				places = append(places, fmt.Sprint(i+1))
			}
			text = append(text, "'"+strings.ReplaceAll(term, "'", "''")+"':"+strings.Join(places, ","))
		}
		batch.Queue(`INSERT INTO rival_sparse VALUES ($1, $2, $3::text::sparsevec)`, num, ids, "{"+strings.Join(sparse, ",")+"}/1000000")
		batch.Queue(`INSERT INTO rival_text VALUES ($1, $2::text::tsvector)`, num, strings.Join(text, " "))
	}
	must(b, db.Pool.SendBatch(ctx, batch).Close())
	for _, query := range []string{`CREATE INDEX ON rival_sparse USING gin (terms)`, `CREATE INDEX ON rival_text USING gin (words)`, `VACUUM ANALYZE`} {
		_, err := db.Pool.Exec(ctx, query)
		must(b, err)
	}
	return r
}

// weight is what a posting adds, as a share of what its term can.
func (r *rival) weight(p posting1) float64 {
	return float64(r.gains[(min(p.count, 4)-1)<<8|uint32(p.length)])
}

// query is a question with what each term tells; rare are those of the rarest terms that
// have so many postings together.
type query struct {
	words.Query
	gains []float32
	rare  []int
}

func (r *rival) parse(question string, budget int) query {
	q := query{Query: words.Parse(question)}
	order := make([]int, len(q.Terms))
	for i, t := range q.Terms {
		q.gains = append(q.gains, float32(q.Weights[i]*words.Idf(len(r.index[t]), r.size.Chunks)))
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(q.gains[b], q.gains[a]) })
	sum := 0
	for _, i := range order {
		if sum += len(r.index[q.Terms[i]]); sum > budget && len(q.rare) > 0 {
			break
		}
		if len(r.index[q.Terms[i]]) > 0 {
			q.rare = append(q.rare, i)
		}
	}
	return q
}

// exact returns the ten best of all by BM25.
func (r *rival) exact(q query) (best []int64) {
	scores := map[int64]float64{}
	k1, b, _ := words.Constants()
	average := float64(r.size.Length) / float64(r.size.Chunks)
	for i, t := range q.Terms {
		for chunk, p := range r.index[t] {
			tf := float64(p.count)
			scores[chunk] += float64(q.gains[i]) * tf / (tf + k1*(1-b+b*words.Length(p.length)/average))
		}
	}
	var hits []words.Hit
	for _, chunk := range slices.Sorted(maps.Keys(scores)) {
		hits = append(hits, words.Hit{Chunk: chunk, Score: scores[chunk]})
	}
	for _, h := range words.Best(hits, 10) {
		best = append(best, h.Chunk)
	}
	return best
}

// ask runs a query that returns chunks.
func (r *rival) ask(b *testing.B, sql string, args ...any) []int64 {
	rows, err := r.db.Pool.Query(b.Context(), sql, args...)
	must(b, err)
	chunks, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	must(b, err)
	return chunks
}

func pick[T any](from []T, at []int) (out []T) {
	for _, i := range at {
		out = append(out, from[i])
	}
	return out
}

const (
	sqlRows = `SELECT p.chunk FROM unnest($1::text[], $2::real[]) t (term, gain) JOIN rival_rows p ON p.term = t.term GROUP BY p.chunk ORDER BY sum(p.weight * t.gain) DESC LIMIT 37`
	sqlBlob = `SELECT term, first, data FROM postings WHERE term = ANY ($1) AND collection = ANY (ARRAY(SELECT num FROM collections))`
	sqlLoad = `SELECT c.num FROM chunks c JOIN documents d ON d.num = c.document AND d.live = c.version WHERE c.num = ANY ($1) AND c.text <> ''`
)

// BenchmarkDesigns compares ways of finding by words. agreement is the share of the ten
// best by exact BM25 over all terms that are among the 37 found, as many as a search proposes.
func BenchmarkDesigns(b *testing.B) {
	db := postgrestest.Open(b)
	store := library.New(db)
	f := storetest.Fill(b, store, 10_000, 0)
	r := newRival(b, db, store, f)
	for _, table := range []string{"postings", "rival_rows", "rival_sparse", "rival_text"} {
		var size string
		must(b, db.Pool.QueryRow(b.Context(), `SELECT pg_size_pretty(pg_total_relation_size($1::regclass))`, table).Scan(&size))
		b.Logf("%s: %s", table, size)
	}
	for _, d := range []struct {
		name string
		find func(b *testing.B, q query) []int64
	}{
		{"packed, rarest first", r.packed},
		{"packed, all sent to Go", r.blobs},
		{"rows, rarest first", func(b *testing.B, q query) []int64 {
			return r.ask(b, sqlRows, pick(q.Terms, q.rare), pick(q.gains, q.rare))
		}},
		{"rows, all", func(b *testing.B, q query) []int64 { return r.ask(b, sqlRows, q.Terms, q.gains) }},
		{"sparsevec behind GIN", r.sparse},
		{"tsvector, ts_rank", r.text},
	} {
		b.Run(d.name, func(b *testing.B) {
			agreed, n := 0.0, 0
			var took []time.Duration
			for b.Loop() {
				q := r.parse(f.Question(), 3000)
				start := time.Now()
				got := d.find(b, q)
				took = append(took, time.Since(start))
				want := r.exact(q)
				for _, chunk := range want {
					if slices.Contains(got, chunk) {
						agreed += 1 / float64(len(want))
					}
				}
				n++
			}
			slices.Sort(took)
			b.ReportMetric(agreed/float64(n), "agreement")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}

// packed is the way that was taken; its texts are read too.
func (r *rival) packed(b *testing.B, q query) (found []int64) {
	c, err := r.store.Search(b.Context(), knowledge.Look{Selection: knowledge.Selection{Collections: r.scope}, Terms: q.Terms, Weights: q.Weights, Words: 25})
	must(b, err)
	for _, f := range c.Found {
		found = append(found, f.Chunk)
	}
	return found
}

// blobs is what the SQLite store does: postings are added up here, texts are read after.
func (r *rival) blobs(b *testing.B, q query) []int64 {
	gain := map[string]float32{}
	for i, t := range q.Terms {
		gain[t] = q.gains[i]
	}
	scores := map[int64]float32{}
	rows, err := r.db.Pool.Query(b.Context(), sqlBlob, q.Terms)
	must(b, err)
	var term string
	var first int64
	var data []int32
	_, err = pgx.ForEachRow(rows, []any{&term, &first, &data}, func() error {
		base := first >> wordindex.SegmentBits << wordindex.SegmentBits
		for _, e := range data {
			scores[base|int64(uint32(e)>>15)] += gain[term] * r.gains[e&1023]
		}
		return nil
	})
	must(b, err)
	hits := make([]words.Hit, 0, len(scores))
	for chunk, score := range scores {
		hits = append(hits, words.Hit{Chunk: chunk, Score: float64(score)})
	}
	var best []int64
	for _, h := range words.Best(hits, 37) {
		best = append(best, h.Chunk)
	}
	return r.ask(b, sqlLoad, best)
}

// sparse has weights of BM25 as a vector, and a GIN index that finds the rarest terms.
func (r *rival) sparse(b *testing.B, q query) []int64 {
	var rare []int32
	for _, i := range q.rare {
		rare = append(rare, r.number[q.Terms[i]])
	}
	asked := map[int32]float32{}
	for i, t := range q.Terms {
		if n := r.number[t]; n > 0 {
			asked[n] = q.gains[i]
		}
	}
	var parts []string
	for _, n := range slices.Sorted(maps.Keys(asked)) {
		parts = append(parts, fmt.Sprintf("%d:%g", n, math.Max(1e-6, float64(asked[n]))))
	}
	return r.ask(b, `SELECT chunk FROM rival_sparse WHERE terms && $1 ORDER BY weights <#> $2::text::sparsevec LIMIT 37`, rare, "{"+strings.Join(parts, ",")+"}/1000000")
}

// text is full-text search as the server has it.
func (r *rival) text(b *testing.B, q query) []int64 {
	var parts []string
	for _, t := range q.Terms {
		parts = append(parts, "'"+strings.ReplaceAll(t, "'", "''")+"'")
	}
	return r.ask(b, `SELECT chunk FROM rival_text WHERE words @@ $1::text::tsquery ORDER BY ts_rank(words, $1::text::tsquery) DESC LIMIT 37`, strings.Join(parts, " | "))
}
