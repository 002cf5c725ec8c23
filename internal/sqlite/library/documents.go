package library

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

// row is a document with what only the store needs.
type row struct {
	knowledge.Document
	num, collection       int64
	file, liveFile        string
	ownTitle, indexed     string
	first, length, newAt  int64
	newLength, fence      int64
	attempt, leaseEndsAt  int64
	reindex               bool
	labels                string
	createdAt, updatedAt_ int64
}

const sqlRow = `
SELECT d.num, d.id, d.collection, c.id, d.name, d.title, d.own_title, d.indexed_title, d.url, d.added_by, d.version, d.file,
	d.hash, d.size, d.type, d.live, d.live_file, d.first_chunk, d.chunks, d.length, d.new_first, d.new_length, d.reindex,
	d.stage, d.progress, d.code, d.reason, d.attempt, d.fence, d.lease_ends_at, d.created_at, d.updated_at,
	(SELECT json_group_array(label) FROM document_labels l WHERE l.document = d.num)
FROM documents d JOIN collections c ON c.num = d.collection AND c.gone = 0 `

func (r *row) scan(scan func(...any) error) error {
	d := &r.Document
	if err := scan(&r.num, &d.ID, &r.collection, &d.Collection, &d.Name, &d.Title, &r.ownTitle, &r.indexed, &d.URL, &d.AddedBy, &d.Version, &r.file,
		&d.Hash, &d.Size, &d.Type, &d.Live, &r.liveFile, &r.first, &d.Chunks, &r.length, &r.newAt, &r.newLength, &r.reindex,
		&d.Stage, &d.Progress, &d.Code, &d.Reason, &r.attempt, &r.fence, &r.leaseEndsAt, &r.createdAt, &r.updatedAt_, &r.labels); err != nil {
		return err
	}
	d.CreatedAt, d.UpdatedAt = at(r.createdAt), at(r.updatedAt_)
	if err := json.Unmarshal([]byte(r.labels), &d.Labels); err != nil {
		return fmt.Errorf("read labels: %w", err)
	}
	slices.Sort(d.Labels)
	if d.Title == "" {
		d.Title = d.Name
	}
	return nil
}

func document(ctx context.Context, q querier, id string) (row, error) {
	var r row
	err := r.scan(q.QueryRowContext(ctx, sqlRow+`WHERE d.id = ?`, id).Scan)
	return r, one(err, noDocument(id))
}

// Document returns one document.
func (s *Store) Document(ctx context.Context, id string) (knowledge.Document, error) {
	r, err := document(ctx, s.db.Read, id)
	return r.Document, err
}

const (
	sqlCount = `SELECT stage, count(*) FROM documents WHERE collection = ? GROUP BY stage`
	sqlList  = sqlRow + `
WHERE d.collection = ?1 AND (?2 = 0 OR d.num < ?2) AND (?3 = '' OR d.stage = ?3)
	AND (?4 = '' OR instr(lower(d.name), lower(?4)) OR instr(lower(d.title), lower(?4)))
	AND (?5 = '' OR EXISTS (SELECT 1 FROM document_labels l WHERE l.document = d.num AND l.label = ?5))
ORDER BY d.num DESC LIMIT ?6`
	sqlCollection = `SELECT num FROM collections WHERE id = ? AND gone = 0`
)

// Documents lists documents, newest first.
func (s *Store) Documents(ctx context.Context, f knowledge.Filter) (knowledge.Page, error) {
	page := knowledge.Page{Documents: []knowledge.Document{}, Counts: map[knowledge.Stage]int{}}
	num, before := int64(0), int64(0)
	if f.After != "" {
		var err error
		if before, err = strconv.ParseInt(f.After, 10, 64); err != nil || before <= 0 {
			return page, fault.Say(fault.Invalid, "invalid_cursor", "after is not the next of a page before.").Because(err)
		}
	}
	if err := s.db.Read.QueryRowContext(ctx, sqlCollection, f.Collection).Scan(&num); err != nil {
		return page, one(err, noCollection(f.Collection))
	}
	err := each(ctx, s.db.Read, func(rows *sql.Rows) error {
		var stage knowledge.Stage
		n := 0
		err := rows.Scan(&stage, &n)
		page.Counts[stage] = n
		return err
	}, sqlCount, num)
	if err != nil {
		return page, fmt.Errorf("count documents: %w", err)
	}
	last := int64(0)
	err = each(ctx, s.db.Read, func(rows *sql.Rows) error {
		var r row
		if err := r.scan(rows.Scan); err != nil {
			return err
		}
		if len(page.Documents) == f.Limit {
			page.Next = strconv.FormatInt(last, 10)
			return nil
		}
		page.Documents, last = append(page.Documents, r.Document), r.num
		return nil
	}, sqlList, num, before, string(f.Stage), strings.TrimSpace(f.Text), f.Label, f.Limit+1)
	if err != nil {
		return page, fmt.Errorf("list documents: %w", err)
	}
	return page, nil
}

const sqlChunks = `
SELECT c.id, c.seq, c.text, c.heading, c.location FROM chunks c JOIN documents d ON d.num = c.document AND d.live = c.version
WHERE d.num = ? AND c.seq > ? ORDER BY c.seq LIMIT ?`

// Chunks lists chunks of the live version.
func (s *Store) Chunks(ctx context.Context, id string, after, limit int) ([]knowledge.Chunk, error) {
	r, err := document(ctx, s.db.Read, id)
	if err != nil {
		return nil, err
	}
	out := []knowledge.Chunk{}
	err = each(ctx, s.db.Read, func(rows *sql.Rows) error {
		var c knowledge.Chunk
		err := rows.Scan(&c.ID, &c.Seq, &c.Text, &c.Heading, &c.Location)
		out = append(out, c)
		return err
	}, sqlChunks, r.num, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list chunks: %w", err)
	}
	return out, nil
}

// File tells where the bytes of a document are.
func (s *Store) File(ctx context.Context, id string) (string, knowledge.Document, error) {
	r, err := document(ctx, s.db.Read, id)
	if r.liveFile != "" {
		return r.liveFile, r.Document, err
	}
	return r.file, r.Document, err
}

const (
	sqlChange = `UPDATE documents SET title = ?2, own_title = ?3, url = ?4, updated_at = ?5 WHERE num = ?1`
	// the same file once more, with another title
	sqlAnew = `UPDATE documents SET version = version + 1, stage = 'queued', progress = 0, code = '', reason = '', attempt = 0,
	fence = fence + 1, lease_ends_at = 0, queued_at = ?2 WHERE num = ?1`
	sqlDropLabels = `DELETE FROM document_labels WHERE document = ?`
	sqlAddLabels  = `INSERT INTO document_labels (document, label) SELECT ?1, value FROM json_each(?2)`
)

// Change changes title, labels, address.
func (s *Store) Change(ctx context.Context, id string, c knowledge.Change) (d knowledge.Document, err error) {
	err = s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := document(ctx, tx, id)
		if err != nil {
			return err
		}
		anew := false
		if c.Title != nil {
			anew = *c.Title != r.indexed && *c.Title != r.ownTitle && (r.Stage == knowledge.Ready || !r.Stage.Final())
			r.Title, r.ownTitle = *c.Title, *c.Title
		}
		if c.URL != nil {
			r.URL = *c.URL
		}
		if _, err := tx.ExecContext(ctx, sqlChange, r.num, r.Title, r.ownTitle, r.URL, now()); err != nil {
			return fmt.Errorf("change document: %w", err)
		}
		if c.Labels != nil {
			if err := label(ctx, tx, r.num, *c.Labels); err != nil {
				return err
			}
		}
		if anew {
			if err := discard(ctx, tx, r); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, sqlAnew, r.num, now()); err != nil {
				return fmt.Errorf("change document: %w", err)
			}
		}
		r, err = document(ctx, tx, id)
		d = r.Document
		return err
	})
	return d, err
}

func label(ctx context.Context, tx *sql.Tx, num int64, labels []string) error {
	if _, err := tx.ExecContext(ctx, sqlDropLabels, num); err != nil {
		return fmt.Errorf("label document: %w", err)
	}
	if _, err := tx.ExecContext(ctx, sqlAddLabels, num, jsonList(labels)); err != nil {
		return fmt.Errorf("label document: %w", err)
	}
	return nil
}

const (
	sqlGarbage = `INSERT OR IGNORE INTO file_garbage (key) SELECT value FROM json_each(?1)
WHERE value <> '' AND NOT EXISTS (SELECT 1 FROM documents WHERE file = value OR live_file = value)`
	sqlRemove = `DELETE FROM documents WHERE num = ?`
)

// Remove removes a document and all of its text.
func (s *Store) Remove(ctx context.Context, id string) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := document(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := discard(ctx, tx, r); err != nil {
			return err
		}
		if err := unindex(ctx, tx, s.index, r); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlRemove, r.num)
		_, err2 := tx.ExecContext(ctx, sqlGarbage, jsonList([]string{r.file, r.liveFile}))
		_, err3 := tx.ExecContext(ctx, sqlSetState, "scrub", 1)
		if err := errors.Join(err, err2, err3); err != nil {
			return fmt.Errorf("remove document: %w", err)
		}
		return nil
	})
}
