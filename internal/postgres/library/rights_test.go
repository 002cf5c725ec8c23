package library_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/library"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/knowledge"
)

const (
	wings  = 12 // collections
	dims   = 16
	model  = "test"
	labels = "abcde"
)

// wing is a collection with its documents' labels.
type wing struct {
	id     string
	labels map[string][]string // by document
}

// stocked fills some collections with words and vectors that they all share, past the
// size from which vectors have an index.
func stocked(t testing.TB, db *postgres.DB, store *library.Store) []wing {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var all []wing
	for w := range wings {
		c := wing{fmt.Sprint("wing-", w), map[string][]string{}}
		must(t, store.AddCollection(t.Context(), knowledge.Collection{ID: c.id, Name: c.id}))
		for d := range 4 + 3*w {
			var has []string
			for _, l := range strings.Split(labels, "") {
				if random.IntN(3) == 0 {
					has = append(has, l)
				}
			}
			id := fmt.Sprintf("%s-%d", c.id, d)
			c.labels[id] = has
			publish(t, store, knowledge.NewVersion{ID: id, Collection: c.id, Name: id, Labels: has, File: id, Hash: id, Size: 1}, 3, random)
		}
		all = append(all, c)
	}
	return all
}

// publish adds a document whose chunks have words and vectors by chance.
func publish(t testing.TB, store *library.Store, v knowledge.NewVersion, chunks int, random *rand.Rand) {
	t.Helper()
	ctx := t.Context()
	_, _, err := store.Enqueue(ctx, v)
	must(t, err)
	job, ok, err := store.Claim(ctx, v.ID, time.Minute, 3)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	p := knowledge.Preparation{Total: chunks, Lease: time.Minute}
	for i := range chunks {
		text := sentence(random, 12)
		p.Chunks = append(p.Chunks, knowledge.Indexed{Chunk: knowledge.Chunk{ID: fmt.Sprint(v.ID, i), Seq: i, Text: text}, Fields: knowledge.Fields(v.Name, "", text)})
	}
	must(t, store.Prepare(ctx, job, p))
	must(t, store.Publish(ctx, job, knowledge.Publication{Type: "txt", Title: v.Name, Next: knowledge.Embedding}))
	job, ok, err = store.ClaimVectors(ctx, v.ID, model, time.Minute)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	missing, err := store.Missing(ctx, job, model, chunks)
	must(t, err)
	var nums []int64
	var vectors [][]float32
	for _, c := range missing {
		nums, vectors = append(nums, c.Number), append(vectors, direction(random))
	}
	must(t, store.SaveVectors(ctx, job, model, nums, vectors))
	must(t, store.EndVectors(ctx, job, model, time.Time{}))
}

var vocabulary = strings.Fields("red green blue house garden price order 退货 运费 会员 积分 发票 保修 delivery ABC-123")

func sentence(random *rand.Rand, words int) string {
	var b strings.Builder
	for range words {
		b.WriteString(vocabulary[random.IntN(len(vocabulary))] + " ")
	}
	return b.String()
}

func direction(random *rand.Rand) []float32 {
	v := make([]float32, dims)
	for i := range v {
		v[i] = float32(random.NormFloat64())
	}
	return v
}

// TestNobodySeesMore asks at random, as somebody with some collections and labels, and
// finds nothing else. PARLEY_TEST_QUERIES sets how often: 1000000 takes about an hour;
// PARLEY_TEST_SEED makes other queries.
func TestNobodySeesMore(t *testing.T) {
	queries := 1500
	if n, err := strconv.Atoi(os.Getenv("PARLEY_TEST_QUERIES")); err == nil {
		queries = n
	}
	seed, _ := strconv.ParseUint(os.Getenv("PARLEY_TEST_SEED"), 10, 32)
	db := postgrestest.Open(t)
	store := library.NewWalking(db)
	all := stocked(t, db, store)
	must(t, store.Tune(t.Context()))
	for worker := range 2 {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(worker)+2*seed, 9))
			found := 0
			for range queries / 2 {
				found += askOnce(t, store, all, random)
			}
			t.Logf("%d chunks found, all of them allowed", found)
			if found < queries {
				t.Errorf("only %d chunks found: the test asks for the wrong things", found)
			}
		})
	}
}

func askOnce(t *testing.T, store *library.Store, all []wing, random *rand.Rand) int {
	look := knowledge.Look{Words: 5 + 10*random.IntN(2)}
	allowed := map[string]bool{}
	for range random.IntN(4) + 1 {
		w := all[random.IntN(len(all))]
		look.Collections = append(look.Collections, w.id)
	}
	for range random.IntN(3) {
		look.Labels = append(look.Labels, string(labels[random.IntN(len(labels))]))
	}
	for _, w := range all {
		for id, has := range w.labels {
			allowed[id] = slices.Contains(look.Collections, w.id) && (len(look.Labels) == 0 || slices.ContainsFunc(has, func(l string) bool { return slices.Contains(look.Labels, l) }))
		}
	}
	for range random.IntN(5) {
		look.Terms, look.Weights = append(look.Terms, []string{"red", "hous", "退货", "退", "货", "price", "abc123", "order"}[random.IntN(8)]), append(look.Weights, 1)
	}
	if random.IntN(3) > 0 {
		look.Model, look.Vector, look.Near, look.Close = model, direction(random), 1+30*random.IntN(2), 1+15*random.IntN(2)
	}
	c, err := store.Search(t.Context(), look)
	must(t, err)
	for _, f := range c.Found {
		if !allowed[f.Passage.DocumentID] {
			t.Fatalf("%+v finds a chunk of %s", look, f.Passage.DocumentID)
		}
	}
	named := map[int64]bool{}
	for _, f := range c.Found {
		named[f.Chunk] = true
	}
	for _, h := range c.Near[:min(look.Close, len(c.Near))] {
		if !named[h.Chunk] {
			t.Fatalf("%+v names chunk %d as near, which it may not see", look, h.Chunk)
		}
	}
	return len(c.Found)
}

// TestForgottenFilter asks without any WHERE, as searches ask: what is not of the asker's
// collections is not there, and nothing is where no collections are set.
func TestForgottenFilter(t *testing.T) {
	db := postgrestest.Open(t)
	store := library.New(db)
	stocked(t, db, store)
	server, err := store.Server(t.Context())
	must(t, err)
	if !server.SecondLock {
		t.Fatalf("no second lock: %+v", server)
	}
	tables := []string{"collections", "documents", "chunks", "postings", "vectors", "vector_counts"}
	for _, scope := range []string{"", "{}", "{1}", "{3,5}"} {
		must(t, db.InTx(t.Context(), func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `SELECT set_config('parley.collections', $1, true)`, scope); err != nil {
				return err
			}
			if _, err := tx.Exec(t.Context(), `SET LOCAL ROLE parley_search`); err != nil {
				return err
			}
			for _, table := range tables {
				column := "collection"
				if table == "collections" {
					column = "num"
				}
				rows, err := tx.Query(t.Context(), fmt.Sprintf(`SELECT DISTINCT %s FROM %s`, column, table))
				if err != nil {
					return err
				}
				got, err := pgx.CollectRows(rows, pgx.RowTo[int])
				if err != nil {
					return err
				}
				slices.Sort(got)
				if text := strings.ReplaceAll(fmt.Sprint(got), " ", ","); scope == "" && len(got) > 0 || scope != "" && strings.Trim(text, "[]") != strings.Trim(scope, "{}") {
					t.Errorf("with the scope %q %s shows collections %v", scope, table, got)
				}
			}
			return nil
		}))
	}
	// and it can write nothing, and read nothing else
	for _, query := range []string{`DELETE FROM chunks`, `UPDATE documents SET labels = '{}'`, `SELECT * FROM parts`, `SELECT * FROM messages`} {
		err := db.InTx(t.Context(), func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `SET LOCAL ROLE parley_search`); err != nil {
				return err
			}
			_, err := tx.Exec(context.WithoutCancel(t.Context()), query)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v, want permission denied", query, err)
		}
	}
	// the search itself goes on as that role
	if got := library.RoleOfSearch(t, store, []string{"wing-0"}); got != "parley_search" {
		t.Errorf("a search runs as %q", got)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
