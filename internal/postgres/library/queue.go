package library

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/knowledge"
)

const (
	sqlInsert = `
INSERT INTO documents (id, collection, name, url, labels, added_by, file, hash, size, stage, queued_at, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', clock_timestamp(), clock_timestamp(), clock_timestamp()) ON CONFLICT (collection, name) DO NOTHING`
	sqlSame       = sqlRow + `WHERE d.collection = $1 AND d.name = $2 FOR NO KEY UPDATE OF d`
	sqlNewVersion = `
UPDATE documents SET version = version + 1, file = $2, hash = $3, size = $4, added_by = $5, stage = 'queued', progress = 0,
	code = '', reason = '', attempt = 0, fence = fence + 1, lease_ends_at = 'epoch', queued_at = clock_timestamp(), updated_at = clock_timestamp()
WHERE num = $1`
	sqlTold = `UPDATE documents SET url = $2, labels = $3, updated_at = clock_timestamp() WHERE num = $1`
)

// Enqueue makes an upload the newest version of its document.
func (s *Store) Enqueue(ctx context.Context, v knowledge.NewVersion) (d knowledge.Document, changed bool, err error) {
	v.Name, v.URL, v.AddedBy = postgres.Text(v.Name), postgres.Text(v.URL), postgres.Text(v.AddedBy)
	v.Labels = slices.Sorted(slices.Values(texts(v.Labels)))
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		collection := 0
		if err := tx.QueryRow(ctx, sqlCollection+` FOR KEY SHARE`, postgres.Text(v.Collection)).Scan(&collection); err != nil {
			return one(err, noCollection(v.Collection))
		}
		tag, err := tx.Exec(ctx, sqlInsert, v.ID, collection, v.Name, v.URL, texts(v.Labels), v.AddedBy, v.File, v.Hash, v.Size)
		if err != nil {
			return fmt.Errorf("add document: %w", err)
		}
		changed = tag.RowsAffected() > 0
		var r row
		if err := r.scan(tx.QueryRow(ctx, sqlSame, collection, v.Name)); err != nil {
			return one(err, noCollection(v.Collection))
		}
		if !changed && (r.Hash != v.Hash || r.Stage == knowledge.Failed || r.Stage == knowledge.Cancelled) {
			if err := discard(ctx, tx, r); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, sqlNewVersion, r.num, v.File, v.Hash, v.Size, v.AddedBy)
			if err == nil {
				_, err = tx.Exec(ctx, sqlGarbage, []string{r.file})
			}
			if err != nil {
				return fmt.Errorf("add version: %w", err)
			}
			changed = true
		}
		if len(v.Labels) > 0 {
			r.Labels = v.Labels
		}
		if v.URL != "" {
			r.URL = v.URL
		}
		if _, err := tx.Exec(ctx, sqlTold, r.num, r.URL, texts(r.Labels)); err != nil {
			return fmt.Errorf("add document: %w", err)
		}
		err = r.scan(tx.QueryRow(ctx, sqlSame, collection, v.Name))
		d = r.Document
		return err
	})
	return d, changed, err
}

const working = `('queued', 'extracting', 'chunking', 'indexing')`

// micro makes an interval of a parameter in microseconds.
const micro = `::bigint * interval '1 microsecond'`

const (
	// who else takes work at this moment takes other work
	sqlNext = sqlRow + `
WHERE d.stage IN ` + working + ` AND d.lease_ends_at <= clock_timestamp() AND ($1 = '' OR d.id = $1) ORDER BY d.queued_at, d.num LIMIT 1 FOR NO KEY UPDATE OF d SKIP LOCKED`
	sqlTake = `
UPDATE documents SET stage = CASE WHEN stage IN ` + working + ` THEN 'queued' ELSE stage END,
	attempt = attempt + 1, fence = fence + 1, lease_ends_at = clock_timestamp() + $2` + micro + ` WHERE num = $1`
	sqlFail = `
UPDATE documents SET stage = 'failed', code = $2, reason = $3, fence = fence + 1, lease_ends_at = 'epoch', updated_at = clock_timestamp() WHERE num = $1`
)

// Claim takes the oldest waiting work.
func (s *Store) Claim(ctx context.Context, id string, lease time.Duration, most int) (job knowledge.Job, ok bool, err error) {
	for again := true; again; {
		again = false
		err = s.db.InTx(ctx, func(tx pgx.Tx) error {
			var r row
			if err := r.scan(tx.QueryRow(ctx, sqlNext, postgres.Text(id))); err != nil {
				return one(err, nil)
			}
			if err := discard(ctx, tx, r); err != nil {
				return err
			}
			if r.attempt >= int64(most) {
				again = true
				_, err := tx.Exec(ctx, sqlFail, r.num, "crashed",
					fmt.Sprintf("The server stopped %d times while it worked on this file, so the file was given up. Check the file, or ask the operators.", r.attempt))
				return err
			}
			if _, err := tx.Exec(ctx, sqlTake, r.num, lease.Microseconds()); err != nil {
				return err
			}
			job, ok = r.job(), true
			return nil
		})
		if err != nil {
			return knowledge.Job{}, false, fmt.Errorf("claim document: %w", err)
		}
	}
	return job, ok, nil
}

func (r row) job() knowledge.Job {
	return knowledge.Job{Document: r.Document, File: r.file, Fence: r.fence + 1, Title: r.ownTitle}
}

// held returns the document, locked, if the job still has it.
func held(ctx context.Context, tx pgx.Tx, j knowledge.Job) (row, error) {
	r, err := document(ctx, tx, j.Document.ID)
	if errors.Is(err, fault.NotFound) || err == nil && r.fence != j.Fence {
		return r, fmt.Errorf("document %s is with others, or gone: %w", j.Document.ID, fault.Conflict)
	}
	return r, err
}

// holding runs f in a transaction in which the job has its document.
func (s *Store) holding(ctx context.Context, j knowledge.Job, f func(pgx.Tx, row) error) error {
	return s.db.InTx(ctx, func(tx pgx.Tx) error {
		r, err := held(ctx, tx, j)
		if err != nil {
			return err
		}
		return f(tx, r)
	})
}

const sqlRenew = `
UPDATE documents SET lease_ends_at = clock_timestamp() + $2` + micro + `, stage = CASE WHEN $3 = '' THEN stage ELSE $3 END,
	progress = CASE WHEN $3 = '' THEN progress ELSE $4 END WHERE num = $1`

// Renew makes the lease longer.
func (s *Store) Renew(ctx context.Context, j knowledge.Job, stage knowledge.Stage, progress float64, lease time.Duration) error {
	return s.holding(ctx, j, func(tx pgx.Tx, r row) error {
		_, err := tx.Exec(ctx, sqlRenew, r.num, lease.Microseconds(), string(stage), progress)
		return err
	})
}

// Fail ends the work with a reason.
func (s *Store) Fail(ctx context.Context, j knowledge.Job, code, reason string) error {
	return s.holding(ctx, j, func(tx pgx.Tx, r row) error {
		if err := discard(ctx, tx, r); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlFail, r.num, code, postgres.Text(reason))
		return err
	})
}

const sqlRelease = `
UPDATE documents SET lease_ends_at = 'epoch', fence = fence + 1, attempt = greatest(0, attempt - 1),
	stage = CASE WHEN stage IN ` + working + ` THEN 'queued' ELSE stage END WHERE num = $1`

// Release gives the work back.
func (s *Store) Release(ctx context.Context, j knowledge.Job) error {
	err := s.holding(ctx, j, func(tx pgx.Tx, r row) error {
		if err := discard(ctx, tx, r); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlRelease, r.num)
		return err
	})
	if errors.Is(err, fault.Conflict) {
		return nil // it is with others already
	}
	return err
}

const sqlRetry = `
UPDATE documents SET stage = 'queued', progress = 0, code = '', reason = '', attempt = 0, fence = fence + 1, lease_ends_at = 'epoch',
	queued_at = clock_timestamp(), updated_at = clock_timestamp() WHERE num = $1`

// Retry asks for the work again.
func (s *Store) Retry(ctx context.Context, id string) error {
	return s.db.InTx(ctx, func(tx pgx.Tx) error {
		r, err := document(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.Stage != knowledge.Failed && r.Stage != knowledge.Cancelled {
			return fault.Say(fault.Conflict, "not_failed", "%s neither failed nor was cancelled, so there is nothing to try again.", r.Name)
		}
		_, err = tx.Exec(ctx, sqlRetry, r.num)
		return err
	})
}

const sqlCancel = `
UPDATE documents SET embed_at = CASE WHEN stage = 'embedding' THEN clock_timestamp() + interval '1 hour' ELSE embed_at END,
	stage = CASE WHEN stage = 'embedding' THEN 'ready' ELSE 'cancelled' END, fence = fence + 1, lease_ends_at = 'epoch', updated_at = clock_timestamp() WHERE num = $1`

// Cancel ends the work. Vectors that are being made are put off by an hour: the
// version is live already.
func (s *Store) Cancel(ctx context.Context, id string) error {
	return s.db.InTx(ctx, func(tx pgx.Tx) error {
		r, err := document(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.Stage.Final() {
			return fault.Say(fault.Conflict, "not_running", "There is no work on %s that could be cancelled.", r.Name)
		}
		if r.Stage != knowledge.Embedding {
			if err := discard(ctx, tx, r); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, sqlCancel, r.num)
		return err
	})
}

const sqlWaiting = `
SELECT EXISTS (SELECT 1 FROM documents WHERE stage IN ` + working + ` AND lease_ends_at <= clock_timestamp())
	OR EXISTS (SELECT 1 FROM documents WHERE stage = 'embedding' AND lease_ends_at <= clock_timestamp())
	OR ($1 <> '' AND EXISTS (SELECT 1 FROM documents WHERE live > 0 AND NOT embedded @> ARRAY[$1] AND embed_at <= clock_timestamp() AND lease_ends_at <= clock_timestamp()))`

// Waiting reports whether there is work.
func (s *Store) Waiting(ctx context.Context, model string) (ok bool, err error) {
	err = s.db.Row(ctx, func(r pgx.Row) error { return r.Scan(&ok) }, sqlWaiting, model)
	return ok, err
}
