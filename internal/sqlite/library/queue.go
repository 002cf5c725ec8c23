package library

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

const (
	sqlInsert = `
INSERT INTO documents (id, collection, name, url, added_by, file, hash, size, version, stage, queued_at, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, 'queued', ?9, ?9, ?9)`
	sqlSame       = sqlRow + `WHERE d.collection = ? AND d.name = ?`
	sqlNewVersion = `
UPDATE documents SET version = version + 1, file = ?2, hash = ?3, size = ?4, added_by = ?5, stage = 'queued', progress = 0,
	code = '', reason = '', attempt = 0, fence = fence + 1, lease_ends_at = 0, queued_at = ?6, updated_at = ?6
WHERE num = ?1`
	sqlURL = `UPDATE documents SET url = ?2, updated_at = ?3 WHERE num = ?1`
)

// Enqueue makes an upload the newest version of its document.
func (s *Store) Enqueue(ctx context.Context, v knowledge.NewVersion) (d knowledge.Document, changed bool, err error) {
	err = s.db.InTx(ctx, func(tx *sql.Tx) error {
		collection, t := int64(0), now()
		if err := tx.QueryRowContext(ctx, sqlCollection, v.Collection).Scan(&collection); err != nil {
			return one(err, noCollection(v.Collection))
		}
		var r row
		err := r.scan(tx.QueryRowContext(ctx, sqlSame, collection, v.Name).Scan)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			if _, err := tx.ExecContext(ctx, sqlInsert, v.ID, collection, v.Name, v.URL, v.AddedBy, v.File, v.Hash, v.Size, t); err != nil {
				return fmt.Errorf("add document: %w", err)
			}
			changed = true
		case err != nil:
			return fmt.Errorf("add document: %w", err)
		case r.Hash != v.Hash || r.Stage == knowledge.Failed || r.Stage == knowledge.Cancelled:
			if err := discard(ctx, tx, r); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, sqlNewVersion, r.num, v.File, v.Hash, v.Size, v.AddedBy, t)
			_, err2 := tx.ExecContext(ctx, sqlGarbage, jsonList([]string{r.file}))
			if err := errors.Join(err, err2); err != nil {
				return fmt.Errorf("add version: %w", err)
			}
			changed = true
		}
		if err := r.scan(tx.QueryRowContext(ctx, sqlSame, collection, v.Name).Scan); err != nil {
			return err
		}
		if len(v.Labels) > 0 {
			if err := label(ctx, tx, r.num, v.Labels); err != nil {
				return err
			}
		}
		if v.URL != "" && v.URL != r.URL {
			if _, err := tx.ExecContext(ctx, sqlURL, r.num, v.URL, t); err != nil {
				return fmt.Errorf("add document: %w", err)
			}
		}
		err = r.scan(tx.QueryRowContext(ctx, sqlSame, collection, v.Name).Scan)
		d = r.Document
		return err
	})
	return d, changed, err
}

const working = `('queued', 'extracting', 'chunking', 'indexing')`

const (
	sqlNext = sqlRow + `
WHERE d.stage IN ` + working + ` AND d.lease_ends_at <= ?1 AND (?2 = '' OR d.id = ?2) ORDER BY d.queued_at, d.num LIMIT 1`
	sqlTake = `
UPDATE documents SET stage = CASE stage WHEN 'embedding' THEN 'embedding' WHEN 'ready' THEN 'ready' WHEN 'failed' THEN 'failed'
	WHEN 'cancelled' THEN 'cancelled' ELSE 'queued' END, attempt = attempt + 1, fence = fence + 1, lease_ends_at = ?2 WHERE num = ?1`
	sqlFail = `
UPDATE documents SET stage = 'failed', code = ?2, reason = ?3, fence = fence + 1, lease_ends_at = 0, updated_at = ?4 WHERE num = ?1`
)

// Claim takes the oldest waiting work.
func (s *Store) Claim(ctx context.Context, id string, lease time.Duration, most int) (job knowledge.Job, ok bool, err error) {
	for again := true; again; {
		again = false
		err = s.db.InTx(ctx, func(tx *sql.Tx) error {
			var r row
			if err := r.scan(tx.QueryRowContext(ctx, sqlNext, now(), id).Scan); err != nil {
				return one(err, nil)
			}
			if err := discard(ctx, tx, r); err != nil {
				return err
			}
			if r.attempt >= int64(most) {
				again = true
				_, err := tx.ExecContext(ctx, sqlFail, r.num, "crashed",
					fmt.Sprintf("The server stopped %d times while it worked on this file, so the file was given up. Check the file, or ask the operators.", r.attempt), now())
				return err
			}
			if _, err := tx.ExecContext(ctx, sqlTake, r.num, now()+lease.Microseconds()); err != nil {
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

// held returns the document if the job still has it.
func held(ctx context.Context, tx *sql.Tx, j knowledge.Job) (row, error) {
	r, err := document(ctx, tx, j.Document.ID)
	if errors.Is(err, fault.NotFound) || err == nil && r.fence != j.Fence {
		return r, fmt.Errorf("document %s is with others, or gone: %w", j.Document.ID, fault.Conflict)
	}
	return r, err
}

const sqlRenew = `
UPDATE documents SET lease_ends_at = ?2, stage = iif(?3 = '', stage, ?3), progress = iif(?3 = '', progress, ?4) WHERE num = ?1`

// Renew makes the lease longer.
func (s *Store) Renew(ctx context.Context, j knowledge.Job, stage knowledge.Stage, progress float64, lease time.Duration) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := held(ctx, tx, j)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlRenew, r.num, now()+lease.Microseconds(), string(stage), progress)
		return err
	})
}

// Fail ends the work with a reason.
func (s *Store) Fail(ctx context.Context, j knowledge.Job, code, reason string) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := held(ctx, tx, j)
		if err != nil {
			return err
		}
		if err := discard(ctx, tx, r); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlFail, r.num, code, reason, now())
		return err
	})
}

const sqlRelease = `
UPDATE documents SET lease_ends_at = 0, fence = fence + 1, attempt = max(0, attempt - 1),
	stage = iif(stage IN ` + working + `, 'queued', stage) WHERE num = ?`

// Release gives the work back.
func (s *Store) Release(ctx context.Context, j knowledge.Job) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := held(ctx, tx, j)
		if errors.Is(err, fault.Conflict) {
			return nil // it is with others already
		}
		if err != nil {
			return err
		}
		if err := discard(ctx, tx, r); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlRelease, r.num)
		return err
	})
}

const sqlRetry = `
UPDATE documents SET stage = 'queued', progress = 0, code = '', reason = '', attempt = 0, fence = fence + 1, lease_ends_at = 0,
	queued_at = ?2, updated_at = ?2 WHERE num = ?1`

// Retry asks for the work again.
func (s *Store) Retry(ctx context.Context, id string) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := document(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.Stage != knowledge.Failed && r.Stage != knowledge.Cancelled {
			return fault.Say(fault.Conflict, "not_failed", "%s neither failed nor was cancelled, so there is nothing to try again.", r.Name)
		}
		_, err = tx.ExecContext(ctx, sqlRetry, r.num, now())
		return err
	})
}

const sqlCancel = `
UPDATE documents SET stage = iif(stage = 'embedding', 'ready', 'cancelled'), fence = fence + 1, lease_ends_at = 0, updated_at = ?2,
	embed_at = iif(stage = 'embedding', ?2 + 3600000000, embed_at) WHERE num = ?1`

// Cancel ends the work. Vectors that are being made are put off by an hour: the
// version is live already.
func (s *Store) Cancel(ctx context.Context, id string) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
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
		_, err = tx.ExecContext(ctx, sqlCancel, r.num, now())
		return err
	})
}

var sqlWaiting = `
SELECT EXISTS (SELECT 1 FROM documents WHERE stage IN ` + working + ` AND lease_ends_at <= ?1)
	OR EXISTS (SELECT 1 FROM documents WHERE stage = 'embedding' AND lease_ends_at <= ?1)
	OR (?2 <> '' AND EXISTS (SELECT 1 FROM documents d WHERE live > 0 AND NOT ` + hasVectors("?2") + ` AND embed_at <= ?1 AND lease_ends_at <= ?1))`

// Waiting reports whether there is work.
func (s *Store) Waiting(ctx context.Context, model string) (ok bool, err error) {
	err = s.db.Read.QueryRowContext(ctx, sqlWaiting, now(), model).Scan(&ok)
	return ok, err
}
