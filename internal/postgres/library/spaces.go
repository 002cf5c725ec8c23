package library

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/knowledge"
)

// an index of vectors counts once it is whole: one that broke off is made again
const hasIndex = `EXISTS (SELECT 1 FROM pg_index x JOIN pg_class k ON k.oid = x.indexrelid
	WHERE x.indrelid = 'vectors'::regclass AND k.relname = 'vectors_space_' || s.num AND x.indisvalid)`

const sqlSpaces = `
SELECT s.model, s.dimensions, s.serving, s.served, s.created_at, n.vectors, (SELECT coalesce(sum(c.chunks), 0) FROM collections c WHERE NOT c.gone),
	NOT EXISTS (SELECT 1 FROM documents d JOIN collections c ON c.num = d.collection AND NOT c.gone WHERE d.live > 0 AND NOT d.embedded @> ARRAY[s.model]),
	n.vectors < $2 OR s.dimensions > 4000 OR ` + hasIndex + `
FROM spaces s, LATERAL (SELECT coalesce(sum(v.vectors), 0)::bigint AS vectors FROM vector_counts v JOIN collections c ON c.num = v.collection AND NOT c.gone WHERE v.space = s.num) n
WHERE NOT s.gone AND ($1 = '' OR s.model = $1) ORDER BY s.created_at, s.num`

func scanSpace(row pgx.CollectableRow) (s knowledge.Space, err error) {
	err = row.Scan(&s.Model, &s.Dimensions, &s.Serving, &s.Served, &s.CreatedAt, &s.Vectors, &s.Chunks, &s.Complete, &s.Indexed)
	s.CreatedAt = s.CreatedAt.UTC()
	return s, err
}

// Spaces returns the models that have vectors.
func (s *Store) Spaces(ctx context.Context) ([]knowledge.Space, error) {
	all, err := postgres.Rows(ctx, s.db, scanSpace, sqlSpaces, "", s.limits.indexAt)
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	return all, nil
}

func noSpace(model string) error {
	return fmt.Errorf("model %q: %w", model, fault.Say(fault.NotFound, "unknown_model", "There are no vectors of this model."))
}

const (
	sqlLockSpaces = `SELECT pg_advisory_xact_lock(hashtextextended('parley spaces', 0))`
	sqlAddSpace   = `INSERT INTO spaces (model, dimensions) VALUES ($1, $2) ON CONFLICT (model) DO NOTHING`
	sqlSpace      = `SELECT num, dimensions, gone FROM spaces WHERE model = $1`
	sqlKnownSpace = `SELECT s.num, s.dimensions, ` + hasIndex + ` FROM spaces s WHERE s.model = $1 AND NOT s.gone`
	// no model that people name begins with a control character
	sqlRenameSpace = `UPDATE spaces SET gone = true, serving = false, model = chr(1) || num || model WHERE num = $1`
	sqlUnembed     = `UPDATE documents SET embedded = array_remove(embedded, $1) WHERE embedded @> ARRAY[$1]`
	sqlNotServing  = `UPDATE spaces SET serving = false WHERE serving`
	sqlServe       = `UPDATE spaces SET serving = true, served = true WHERE model = $1`
)

// addSpace returns the space of a model. A model that changed its dimensions, or was
// forgotten and is wanted again, starts a new one.
func addSpace(ctx context.Context, tx pgx.Tx, model string, dims int) (num int, err error) {
	for {
		had, gone := 0, false
		err = tx.QueryRow(ctx, sqlSpace, model).Scan(&num, &had, &gone)
		if err == nil && had == dims && !gone {
			return num, nil
		}
		if err = one(err, nil); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, sqlLockSpaces); err != nil {
			return 0, err
		}
		if had > 0 {
			if err := leave(ctx, tx, num, model); err != nil {
				return 0, err
			}
		}
		if _, err := tx.Exec(ctx, sqlAddSpace, model, dims); err != nil {
			return 0, err
		}
	}
}

// leave gives a space up; its name is free at once and Clean removes its vectors.
func leave(ctx context.Context, tx pgx.Tx, num int, model string) error {
	if _, err := tx.Exec(ctx, sqlRenameSpace, num); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlUnembed, model)
	return err
}

// Serve lets a model answer.
func (s *Store) Serve(ctx context.Context, model string) error {
	return s.changeSpace(ctx, model, func(tx pgx.Tx, space knowledge.Space) error {
		if !space.Complete {
			return fault.Say(fault.Conflict, "vectors_incomplete", "The vectors of %s are not complete yet.", model)
		}
		if _, err := tx.Exec(ctx, sqlNotServing); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlServe, model)
		return err
	})
}

// Forget removes a model. Clean removes its vectors.
func (s *Store) Forget(ctx context.Context, model string) error {
	return s.changeSpace(ctx, model, func(tx pgx.Tx, space knowledge.Space) error {
		if space.Serving {
			return fault.Say(fault.Conflict, "model_serves", "%s answers at the moment. Let another model serve first.", model)
		}
		var num, dims int
		var gone bool
		if err := tx.QueryRow(ctx, sqlSpace, model).Scan(&num, &dims, &gone); err != nil {
			return err
		}
		return leave(ctx, tx, num, model)
	})
}

func (s *Store) changeSpace(ctx context.Context, model string, f func(pgx.Tx, knowledge.Space) error) error {
	model = postgres.Text(model)
	return s.db.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockSpaces); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlSpaces, model, s.limits.indexAt)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, scanSpace)
		if err != nil {
			return err
		}
		if len(all) != 1 || model == "" {
			return noSpace(model)
		}
		return f(tx, all[0])
	})
}

const (
	sqlGoneSpace   = `SELECT num FROM spaces WHERE gone LIMIT 1 FOR UPDATE SKIP LOCKED`
	sqlDropVectors = `DELETE FROM vectors WHERE ctid = ANY (ARRAY(SELECT ctid FROM vectors WHERE space = $1 LIMIT 5000))`
)

var sqlDropSpace = []string{`DELETE FROM vector_counts WHERE space = $1`, `DELETE FROM spaces WHERE num = $1`}

// dropVectors removes a piece of what a forgotten model has left.
func (s *Store) dropVectors(ctx context.Context) (more bool, err error) {
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		num := 0
		if err := tx.QueryRow(ctx, sqlGoneSpace).Scan(&num); err != nil {
			return one(err, nil)
		}
		more = true
		if _, err := tx.Exec(ctx, fmt.Sprintf(`DROP INDEX IF EXISTS vectors_space_%d`, num)); err != nil {
			return err
		}
		r, err := tx.Exec(ctx, sqlDropVectors, num)
		if err != nil || r.RowsAffected() > 0 {
			return err
		}
		return run(ctx, tx, sqlDropSpace, num)
	})
	if err != nil {
		return false, fmt.Errorf("remove vectors: %w", err)
	}
	return more, nil
}

// known is a space as searches need it, for a while.
type known struct {
	num, dims int
	indexed   bool
	until     time.Time
}

const spaceFor = 15 * time.Second

// space returns the number and the dimensions of a model's space, 0 if it has none. They
// are parts of a search's text, so that its index can be used.
func (s *Store) space(ctx context.Context, model string) (known, error) {
	s.mu.Lock()
	k, ok := s.spaces[model]
	s.mu.Unlock()
	if ok && time.Now().Before(k.until) {
		return k, nil
	}
	k = known{}
	err := s.db.Row(ctx, func(r pgx.Row) error { return r.Scan(&k.num, &k.dims, &k.indexed) }, sqlKnownSpace, model)
	if err = one(err, nil); err != nil || k.num == 0 {
		return known{}, err
	}
	k.until = time.Now().Add(spaceFor)
	s.mu.Lock()
	s.spaces[model] = k
	s.mu.Unlock()
	return k, nil
}
