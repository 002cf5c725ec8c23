package library

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/knowledge"
)

// row is a document with what only the store needs.
type row struct {
	knowledge.Document
	num               int64
	collection        int
	file, liveFile    string
	ownTitle, indexed string
	first, length     int64
	newAt, newLength  int64
	fence, attempt    int64
	reindex           bool
}

const sqlRow = `
SELECT d.num, d.id, d.collection, c.id, d.name, d.title, d.own_title, d.indexed_title, d.url, d.labels, d.added_by, d.version, d.file,
	d.hash, d.size, d.type, d.live, d.live_file, d.first_chunk, d.chunks, d.length, d.new_first, d.new_length, d.reindex,
	d.stage, d.progress, d.code, d.reason, d.attempt, d.fence, d.created_at, d.updated_at
FROM documents d JOIN collections c ON c.num = d.collection AND NOT c.gone `

func (r *row) scan(from pgx.Row) error {
	d := &r.Document
	if err := from.Scan(&r.num, &d.ID, &r.collection, &d.Collection, &d.Name, &d.Title, &r.ownTitle, &r.indexed, &d.URL, &d.Labels, &d.AddedBy, &d.Version, &r.file,
		&d.Hash, &d.Size, &d.Type, &d.Live, &r.liveFile, &r.first, &d.Chunks, &r.length, &r.newAt, &r.newLength, &r.reindex,
		&d.Stage, &d.Progress, &d.Code, &d.Reason, &r.attempt, &r.fence, &d.CreatedAt, &d.UpdatedAt); err != nil {
		return err
	}
	d.CreatedAt, d.UpdatedAt = d.CreatedAt.UTC(), d.UpdatedAt.UTC()
	if d.Title == "" {
		d.Title = d.Name
	}
	return nil
}

func scanRow(from pgx.CollectableRow) (r row, err error) {
	err = r.scan(from)
	return r, err
}

// document reads a document; what writes it locks it first.
func document(ctx context.Context, tx pgx.Tx, id string) (row, error) {
	var r row
	err := r.scan(tx.QueryRow(ctx, sqlRow+`WHERE d.id = $1 FOR NO KEY UPDATE OF d`, postgres.Text(id)))
	return r, one(err, noDocument(id))
}

// read reads a document without a lock.
func (s *Store) read(ctx context.Context, id string) (r row, err error) {
	err = s.db.Row(ctx, r.scan, sqlRow+`WHERE d.id = $1`, id)
	return r, one(err, noDocument(id))
}

// Document returns one document.
func (s *Store) Document(ctx context.Context, id string) (knowledge.Document, error) {
	r, err := s.read(ctx, id)
	return r.Document, err
}

const (
	sqlCount = `SELECT stage, count(*) FROM documents WHERE collection = $1 GROUP BY stage`
	sqlList  = sqlRow + `
WHERE d.collection = $1 AND ($2::bigint = 0 OR d.num < $2) AND ($3 = '' OR d.stage = $3)
	AND ($4 = '' OR strpos(lower(d.name), lower($4)) > 0 OR strpos(lower(d.title), lower($4)) > 0)
	AND ($5 = '' OR $5 = ANY (d.labels))
ORDER BY d.num DESC LIMIT $6`
	sqlCollection = `SELECT num FROM collections WHERE id = $1 AND NOT gone`
)

type stageCount struct {
	Stage knowledge.Stage
	N     int
}

// Documents lists documents, newest first.
func (s *Store) Documents(ctx context.Context, f knowledge.Filter) (knowledge.Page, error) {
	page := knowledge.Page{Documents: []knowledge.Document{}, Counts: map[knowledge.Stage]int{}}
	num, before := 0, int64(0)
	if f.After != "" {
		var err error
		if before, err = strconv.ParseInt(f.After, 10, 64); err != nil || before <= 0 {
			return page, fault.Say(fault.Invalid, "invalid_cursor", "after is not the next of a page before.").Because(err)
		}
	}
	if err := s.db.Row(ctx, func(r pgx.Row) error { return r.Scan(&num) }, sqlCollection, f.Collection); err != nil {
		return page, one(err, noCollection(f.Collection))
	}
	counts, err := postgres.Rows(ctx, s.db, pgx.RowToStructByPos[stageCount], sqlCount, num)
	if err != nil {
		return page, fmt.Errorf("count documents: %w", err)
	}
	for _, c := range counts {
		page.Counts[c.Stage] = c.N
	}
	rows, err := postgres.Rows(ctx, s.db, scanRow, sqlList, num, before, string(f.Stage), strings.TrimSpace(f.Text), f.Label, f.Limit+1)
	if err != nil {
		return page, fmt.Errorf("list documents: %w", err)
	}
	for i, r := range rows {
		if i == f.Limit {
			page.Next = strconv.FormatInt(rows[i-1].num, 10)
			break
		}
		page.Documents = append(page.Documents, r.Document)
	}
	return page, nil
}

const sqlChunks = `
SELECT c.id, c.seq, c.text, c.heading, c.location FROM chunks c JOIN documents d ON d.num = c.document AND d.live = c.version
WHERE d.num = $1 AND c.seq > $2 ORDER BY c.seq LIMIT $3`

// Chunks lists chunks of the live version.
func (s *Store) Chunks(ctx context.Context, id string, after, limit int) ([]knowledge.Chunk, error) {
	r, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	all, err := postgres.Rows(ctx, s.db, func(row pgx.CollectableRow) (c knowledge.Chunk, err error) {
		err = row.Scan(&c.ID, &c.Seq, &c.Text, &c.Heading, &c.Location)
		return c, err
	}, sqlChunks, r.num, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list chunks: %w", err)
	}
	if all == nil {
		all = []knowledge.Chunk{}
	}
	return all, nil
}

// File tells where the bytes of a document are.
func (s *Store) File(ctx context.Context, id string) (string, knowledge.Document, error) {
	r, err := s.read(ctx, id)
	if r.liveFile != "" {
		return r.liveFile, r.Document, err
	}
	return r.file, r.Document, err
}

const (
	sqlChange = `UPDATE documents SET title = $2, own_title = $3, url = $4, labels = $5, updated_at = clock_timestamp() WHERE num = $1`
	// the same file once more, with another title
	sqlAnew = `UPDATE documents SET version = version + 1, stage = 'queued', progress = 0, code = '', reason = '', attempt = 0,
	fence = fence + 1, lease_ends_at = 'epoch', queued_at = clock_timestamp() WHERE num = $1`
)

// Change changes title, labels, address.
func (s *Store) Change(ctx context.Context, id string, c knowledge.Change) (d knowledge.Document, err error) {
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		r, err := document(ctx, tx, id)
		if err != nil {
			return err
		}
		anew := false
		if c.Title != nil {
			anew = *c.Title != r.indexed && *c.Title != r.ownTitle && (r.Stage == knowledge.Ready || !r.Stage.Final())
			r.ownTitle = postgres.Text(*c.Title)
			r.Title = r.ownTitle
		}
		if c.URL != nil {
			r.URL = postgres.Text(*c.URL)
		}
		if c.Labels != nil {
			r.Labels = slices.Sorted(slices.Values(texts(*c.Labels)))
		}
		if _, err := tx.Exec(ctx, sqlChange, r.num, r.Title, r.ownTitle, r.URL, texts(r.Labels)); err != nil {
			return fmt.Errorf("change document: %w", err)
		}
		if anew {
			if err := discard(ctx, tx, r); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, sqlAnew, r.num); err != nil {
				return fmt.Errorf("change document: %w", err)
			}
		}
		r, err = document(ctx, tx, id)
		d = r.Document
		return err
	})
	return d, err
}

const (
	sqlGarbage = `INSERT INTO file_garbage (key) SELECT f FROM unnest($1::text[]) f
WHERE f <> '' AND NOT EXISTS (SELECT 1 FROM documents WHERE file = f OR live_file = f) ON CONFLICT DO NOTHING`
	sqlRemove = `DELETE FROM documents WHERE num = $1`
)

// Remove removes a document and all of its text.
func (s *Store) Remove(ctx context.Context, id string) error {
	return s.db.InTx(ctx, func(tx pgx.Tx) error {
		r, err := document(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := discard(ctx, tx, r); err != nil {
			return err
		}
		if err := s.unindex(ctx, tx, r); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlRemove, r.num); err != nil {
			return fmt.Errorf("remove document: %w", err)
		}
		if _, err := tx.Exec(ctx, sqlGarbage, []string{r.file, r.liveFile}); err != nil {
			return fmt.Errorf("remove document: %w", err)
		}
		return nil
	})
}
