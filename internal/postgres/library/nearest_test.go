package library_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/library"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/words"
)

// shelf is vectors without texts, in clusters, for what only vectors matter to. Of each
// thousand chunks the first is labelled "0.1", the first ten "1", the first hundred "10"
// and so on, by documents of one chunk each.
type shelf struct {
	dims    int
	centres [][]float32
	random  *rand.Rand
}

func newShelf(dims, clusters int) *shelf {
	s := &shelf{dims: dims, random: rand.New(rand.NewPCG(11, 12))}
	for range clusters {
		s.centres = append(s.centres, s.vector(nil))
	}
	return s
}

// vector is one near a cluster's centre, or anywhere.
func (s *shelf) vector(centre []float32) []float32 {
	v := make([]float32, s.dims)
	for i := range v {
		v[i] = float32(s.random.NormFloat64())
		if centre != nil {
			v[i] = centre[i] + 0.7*v[i]
		}
	}
	return v
}

func (s *shelf) question() []float32 { return s.vector(s.centres[s.random.IntN(len(s.centres))]) }

const (
	sqlShelfDocuments = `
INSERT INTO documents (id, collection, name, file, hash, size, stage, live, first_chunk, chunks, embedded, labels, queued_at, created_at, updated_at)
SELECT 'd' || i, 1, 'd' || i, 'f', 'h', 1, 'ready', 1, i, 1, '{test}',
	array_remove(ARRAY[CASE WHEN (i * 7919) % 1000 < 1 THEN '0.1' END, CASE WHEN (i * 7919) % 1000 < 10 THEN '1' END, CASE WHEN (i * 7919) % 1000 < 50 THEN '5' END,
		CASE WHEN (i * 7919) % 1000 < 100 THEN '10' END, CASE WHEN (i * 7919) % 1000 < 300 THEN '30' END, CASE WHEN (i * 7919) % 1000 < 600 THEN '60' END, '100'], NULL), now(), now(), now()
FROM generate_series(1, $1::bigint) i`
	sqlShelfChunks  = `INSERT INTO chunks (num, collection, document, version, seq, id, heading, location, text) SELECT d.first_chunk, 1, d.num, 1, 0, d.id, '', '', '' FROM documents d`
	sqlShelfCount   = `UPDATE collections SET chunks = $1, length = $1`
	sqlShelfSpace   = `INSERT INTO spaces (model, dimensions) VALUES ('test', $1)`
	sqlShelfVectors = `
INSERT INTO vectors (chunk, space, collection, data) SELECT $1 + i, 1, 1, (($2::real[])[(i - 1) * $3 + 1 : i * $3])::halfvec FROM generate_series(1, $4::int) i`
)

// fill puts n vectors into the store.
func (s *shelf) fill(t testing.TB, db *postgres.DB, store *library.Store, n int) {
	t.Helper()
	ctx := t.Context()
	must(t, store.AddCollection(ctx, knowledge.Collection{ID: "c", Name: "c"}))
	for query, arg := range map[string]int{sqlShelfDocuments: n, sqlShelfCount: n, sqlShelfSpace: s.dims} {
		_, err := db.Exec(ctx, query, arg)
		must(t, err)
	}
	_, err := db.Exec(ctx, sqlShelfChunks)
	must(t, err)
	const batch = 1000
	for from := 0; from < n; from += batch {
		m := min(batch, n-from)
		flat := make([]float32, 0, m*s.dims)
		for range m {
			flat = append(flat, library.Unit(s.question())...)
		}
		_, err := db.Exec(ctx, sqlShelfVectors, from, flat, s.dims, m)
		must(t, err)
	}
	_, err = db.Exec(ctx, `ANALYZE`)
	must(t, err)
}

func selectivities() []string { return []string{"0.1", "1", "5", "10", "30", "60", "100", ""} }

func nearestLook(label string, v []float32, k int) knowledge.Look {
	l := knowledge.Look{Selection: knowledge.Selection{Collections: []string{"c"}}, Terms: []string{"x"}, Weights: []float64{1}, Words: 1, Model: "test", Vector: v, Near: k, Close: 10}
	if label != "" {
		l.Labels = []string{label}
	}
	return l
}

// recall asks both stores and returns the share of the ten nearest that got has too.
func recall(want, got []words.Hit) float64 {
	want, n := want[:min(10, len(want))], 0
	for _, w := range want {
		for _, g := range got[:min(10, len(got))] {
			if g.Chunk == w.Chunk || g.Score >= w.Score {
				n++
				break
			}
		}
	}
	return float64(n) / float64(max(1, len(want)))
}

// TestRecall compares a walk through the index with comparing everything, from 0.1 % of
// the chunks to all.
func TestRecall(t *testing.T) {
	db := postgrestest.Open(t)
	exact, walking := library.NewExact(db), library.NewWalking(db)
	s := newShelf(48, 60)
	s.fill(t, db, exact, 4000)
	must(t, walking.Tune(t.Context()))
	for _, label := range selectivities() {
		sum, n := 0.0, 25
		for range n {
			look := nearestLook(label, s.question(), 100)
			want, err := exact.Search(t.Context(), look)
			must(t, err)
			got, err := walking.Search(t.Context(), look)
			must(t, err)
			if len(got.Near) != len(want.Near) || got.Vectors != 4000 {
				t.Fatalf("label %q: %d near, comparing finds %d; %d vectors", label, len(got.Near), len(want.Near), got.Vectors)
			}
			sum += recall(want.Near, got.Near)
		}
		if r := sum / float64(n); r < 0.99 {
			t.Errorf("label %q: recall of the ten nearest is %.3f", label, r)
		}
	}
}

// TestPlans reads how the server finds what is near: through the index of the model where
// that is right, and without it where few chunks may be seen.
func TestPlans(t *testing.T) {
	db := postgrestest.Open(t)
	s, store := newShelf(32, 20), library.New(db)
	s.fill(t, db, store, 3000)
	must(t, store.Tune(t.Context()))
	for _, tt := range []struct {
		store      *library.Store
		label      string
		used, idle string
	}{
		{library.NewWalking(db), "", "Index Scan using vectors_space_1", "vectors v"},
		{library.NewWalking(db), "60", "Index Scan using vectors_space_1", "vectors v"},
		{library.NewExact(db), "", "vectors v", "vectors_space_1"},
		{library.NewExact(db), "1", "vectors v", "vectors_space_1"},
	} {
		plan := library.Plan(t, tt.store, nearestLook(tt.label, s.question(), 20))
		for _, line := range strings.Split(plan, "\n") {
			if strings.Contains(line, tt.used) && strings.Contains(line, "never executed") && !strings.Contains(line, "v_1") {
				t.Errorf("label %q: %s is not used:\n%s", tt.label, tt.used, plan)
			}
			if strings.Contains(line, tt.idle) && !strings.Contains(line, "never executed") && strings.Contains(tt.idle, "space_1") {
				t.Errorf("label %q: %s is used:\n%s", tt.label, tt.idle, plan)
			}
		}
		if !strings.Contains(plan, tt.used) {
			t.Errorf("label %q: no %s in\n%s", tt.label, tt.used, plan)
		}
	}
}

// BenchmarkNearest is the search of vectors alone: its time and its recall against
// comparing everything, 50,000 vectors of 768 dimensions.
func BenchmarkNearest(b *testing.B) {
	db := postgrestest.Open(b)
	exact, store := library.NewExact(db), library.New(db)
	s := newShelf(768, 500)
	n := 50_000
	if testing.Short() {
		n = 10_000
	}
	s.fill(b, db, store, n)
	must(b, store.Tune(b.Context()))
	_, err := db.Exec(b.Context(), `VACUUM ANALYZE`)
	must(b, err)
	for _, label := range selectivities() {
		b.Run(fmt.Sprintf("label=%s", label), func(b *testing.B) {
			sum := 0.0
			for b.Loop() {
				look := nearestLook(label, s.question(), 100)
				got, err := store.Search(b.Context(), look)
				must(b, err)
				b.StopTimer()
				want, err := exact.Search(b.Context(), look)
				must(b, err)
				sum += recall(want.Near, got.Near)
				b.StartTimer()
			}
			b.ReportMetric(sum/float64(b.N), "recall@10")
		})
	}
}
