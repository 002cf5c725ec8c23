package library

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/parley-im/parley/internal/postgres/library/wordindex"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/words"
)

// Search asks once: both statements go out together and are one transaction.
func (s *Store) Search(ctx context.Context, l knowledge.Look) (knowledge.Catch, error) {
	c := knowledge.Catch{Counts: make([]int, len(l.Terms))}
	space := known{}
	if l.Model != "" {
		var err error
		if space, err = s.space(ctx, l.Model); err != nil {
			return c, fmt.Errorf("search: %w", err)
		}
		if space.dims != len(l.Vector) {
			space = known{} // nothing to compare with
		}
	}
	args := s.args(l, space)
	batch := &pgx.Batch{}
	batch.Queue(scopeText(l, space), args).QueryRow(func(row pgx.Row) error {
		var found []string
		if err := row.Scan(&found, &c.Size.Chunks, &c.Size.Length, &c.Vectors, nil); err != nil {
			return err
		}
		return missing(l.Collections, found)
	})
	batch.Queue(searchText(l, space), args).Query(func(rows pgx.Rows) error { return collect(rows, &c) })
	if err := s.db.Batch(ctx, batch); err != nil {
		return c, fmt.Errorf("search: %w", err)
	}
	s.remember(c.Size)
	return c, nil
}

func (s *Store) args(l knowledge.Look, space known) pgx.NamedArgs {
	_, _, power := words.Constants()
	args := pgx.NamedArgs{
		"collections": texts(l.Collections), "labels": texts(l.Labels), "postings": s.limits.postings, "walk": s.limits.walkCost,
		"terms": l.Terms, "weights": singles(l.Weights), "power": power, "gains": s.gains(),
	}
	if space.num > 0 {
		args["vector"] = pgvector.NewHalfVector(unit(l.Vector))
	}
	return args
}

func singles(in []float64) []float32 {
	out := make([]float32, len(in))
	for i, v := range in {
		out[i] = float32(v)
	}
	return out
}

// missing is fault.NotFound for the first of ids that was not found.
func missing(ids, found []string) error {
	have := map[string]bool{}
	for _, id := range found {
		have[id] = true
	}
	for _, id := range ids {
		if !have[id] {
			return noCollection(id)
		}
	}
	return nil
}

// collect reads the rows of a search. The first says how often terms occur and what is
// near; the others are chunks.
func collect(rows pgx.Rows, c *knowledge.Catch) error {
	for rows.Next() {
		var terms, counts []int32
		var near []int64
		var cosines []float32
		var chunk, seq, version *int64
		var cosine *float64
		var id, text, heading, location, document, title, name, indexed, url *string
		if err := rows.Scan(&terms, &counts, &near, &cosines, &chunk, &id, &seq, &text, &heading, &location, &document, &version, &title, &name, &indexed, &url, &cosine); err != nil {
			return err
		}
		if chunk == nil {
			for i, t := range terms {
				c.Counts[t-1] = int(counts[i])
			}
			for i, n := range near {
				c.Near = append(c.Near, words.Hit{Chunk: n, Score: float64(cosines[i])})
			}
			continue
		}
		f := knowledge.Found{Chunk: *chunk, Fields: knowledge.Fields(*indexed, *heading, *text), HasVector: cosine != nil}
		f.Passage = knowledge.Passage{DocumentID: *document, Version: int(*version), Document: *title, URL: *url,
			ChunkID: *id, Seq: int(*seq), Text: *text, Heading: *heading, Location: *location}
		if *title == "" {
			f.Passage.Document = *name
		}
		if cosine != nil {
			f.Cosine = *cosine
		}
		c.Found = append(c.Found, f)
	}
	return rows.Err()
}

// gains is for chunks as long as those of the search before, which are mostly as long as
// those of this one. What it makes of the order is put right where the texts are read.
func (s *Store) gains() []float32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.table
}

// remember makes the table for the collections just searched, if their chunks are of
// another length.
func (s *Store) remember(size words.Size) {
	average := float64(size.Length) / float64(max(1, size.Chunks))
	s.mu.Lock()
	defer s.mu.Unlock()
	if size.Chunks > 0 && math.Abs(average-s.average) > 0.1*s.average {
		s.average, s.table = average, wordindex.Gains(average)
	}
}
