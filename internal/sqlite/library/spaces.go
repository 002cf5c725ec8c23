package library

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

var sqlSpaces = `
SELECT s.model, s.dimensions, s.serving, s.served, s.created_at,
	(SELECT count(*) FROM vectors v WHERE v.model = s.model),
	(SELECT ifnull(sum(c.chunks), 0) FROM collections c WHERE c.gone = 0),
	NOT EXISTS (SELECT 1 FROM documents d JOIN collections c ON c.num = d.collection AND c.gone = 0 WHERE d.live > 0 AND NOT ` + hasVectors("s.model") + `)
FROM spaces s WHERE s.gone = 0 AND (?1 = '' OR s.model = ?1) ORDER BY s.created_at, s.model`

func spaces(ctx context.Context, q querier, model string) ([]knowledge.Space, error) {
	out := []knowledge.Space{}
	err := each(ctx, q, func(rows *sql.Rows) error {
		s, created := knowledge.Space{Indexed: true}, int64(0) // everything is compared, there is no index
		err := rows.Scan(&s.Model, &s.Dimensions, &s.Serving, &s.Served, &created, &s.Vectors, &s.Chunks, &s.Complete)
		s.CreatedAt = at(created)
		out = append(out, s)
		return err
	}, sqlSpaces, model)
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	return out, nil
}

// Spaces returns the models that have vectors.
func (s *Store) Spaces(ctx context.Context) ([]knowledge.Space, error) {
	return spaces(ctx, s.db.Read, "")
}

func noSpace(model string) error {
	return fmt.Errorf("model %q: %w", model, fault.Say(fault.NotFound, "unknown_model", "There are no vectors of this model."))
}

const (
	sqlServe       = `UPDATE spaces SET serving = (model = ?1), served = served OR model = ?1`
	sqlForgetSpace = `UPDATE spaces SET gone = 1, served = 0 WHERE model = ?`
)

// Serve lets a model answer.
func (s *Store) Serve(ctx context.Context, model string) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		all, err := spaces(ctx, tx, model)
		switch {
		case err != nil:
			return err
		case len(all) != 1:
			return noSpace(model)
		case !all[0].Complete:
			return fault.Say(fault.Conflict, "vectors_incomplete", "The vectors of %s are not complete yet.", model)
		}
		_, err = tx.ExecContext(ctx, sqlServe, model)
		return err
	})
}

// Forget removes a model. Clean removes its vectors.
func (s *Store) Forget(ctx context.Context, model string) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		all, err := spaces(ctx, tx, model)
		switch {
		case err != nil:
			return err
		case len(all) != 1:
			return noSpace(model)
		case all[0].Serving:
			return fault.Say(fault.Conflict, "model_serves", "%s answers at the moment. Let another model serve first.", model)
		}
		_, err = tx.ExecContext(ctx, sqlForgetSpace, model)
		return err
	})
}

const (
	sqlGoneSpace   = `SELECT model FROM spaces WHERE gone = 1 LIMIT 1`
	sqlUnembed     = `UPDATE documents SET embedded = replace(embedded, char(10) || ?1 || char(10), '') WHERE instr(embedded, char(10) || ?1 || char(10))`
	sqlDropVectors = `DELETE FROM vectors WHERE (chunk, model) IN (SELECT chunk, model FROM vectors WHERE model = ?1 LIMIT 2000)`
	sqlDropSpace   = `DELETE FROM spaces WHERE model = ?`
)

// dropVectors removes a piece of what a forgotten model has left.
func (s *Store) dropVectors(ctx context.Context) (more bool, err error) {
	model := ""
	if err := s.db.Read.QueryRowContext(ctx, sqlGoneSpace).Scan(&model); err != nil {
		return false, one(err, nil)
	}
	err = s.db.InTx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, sqlGoneSpace).Scan(&model); err != nil {
			return one(err, nil) // it is wanted again
		}
		more = true
		_, err := tx.ExecContext(ctx, sqlUnembed, model)
		r, err2 := tx.ExecContext(ctx, sqlDropVectors, model)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlDropSpace, model)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("remove vectors: %w", err)
	}
	return more, nil
}

// Tune has nothing to do: there is no index of vectors.
func (s *Store) Tune(context.Context) error { return nil }
