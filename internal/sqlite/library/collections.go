package library

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

const sqlAddCollection = `INSERT INTO collections (id, name, note, created_at) VALUES (?, ?, ?, ?)`

// AddCollection stores c.
func (s *Store) AddCollection(ctx context.Context, c knowledge.Collection) error {
	_, err := s.db.Write.ExecContext(ctx, sqlAddCollection, c.ID, c.Name, c.Note, c.CreatedAt.UnixMicro())
	return taken(err, c.Name)
}

// taken explains a violation of the unique name.
func taken(err error, name string) error {
	if err != nil && strings.Contains(err.Error(), "UNIQUE constraint failed: collections.name") {
		return fault.Say(fault.Conflict, "name_taken", "There is a collection called %q already.", name).Because(err)
	}
	if err != nil {
		return fmt.Errorf("store collection: %w", err)
	}
	return nil
}

const sqlCollections = `
SELECT id, name, note, created_at, chunks,
	(SELECT count(*) FROM documents WHERE documents.collection = collections.num)
FROM collections WHERE gone = 0 AND (?1 = '' OR id = ?1) ORDER BY name`

func collections(ctx context.Context, q querier, id string) ([]knowledge.Collection, error) {
	out := []knowledge.Collection{}
	err := each(ctx, q, func(rows *sql.Rows) error {
		var c knowledge.Collection
		var created int64
		if err := rows.Scan(&c.ID, &c.Name, &c.Note, &created, &c.Chunks, &c.Documents); err != nil {
			return err
		}
		c.CreatedAt = at(created)
		out = append(out, c)
		return nil
	}, sqlCollections, id)
	if err != nil {
		return nil, fmt.Errorf("list collections: %w", err)
	}
	return out, nil
}

// Collections returns all.
func (s *Store) Collections(ctx context.Context) ([]knowledge.Collection, error) {
	return collections(ctx, s.db.Read, "")
}

const sqlRenameCollection = `UPDATE collections SET name = ?2, note = ?3 WHERE id = ?1 AND gone = 0`

// RenameCollection changes name and note.
func (s *Store) RenameCollection(ctx context.Context, id, name, note string) (c knowledge.Collection, err error) {
	err = s.db.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlRenameCollection, id, name, note); err != nil {
			return taken(err, name)
		}
		all, err := collections(ctx, tx, id)
		if err == nil && (len(all) == 0 || id == "") {
			return noCollection(id)
		}
		if err == nil {
			c = all[0]
		}
		return err
	})
	return c, err
}

// a dropped collection gives its name free: no name that people give begins with a control character
const (
	sqlDropCollection = `UPDATE collections SET gone = 1, name = char(1) || id, note = '' WHERE id = ? AND gone = 0 RETURNING num`
	sqlDropWork       = `UPDATE documents SET stage = 'cancelled', fence = fence + 1, lease_ends_at = 0 WHERE collection = ?`
)

// DropCollection makes a collection invisible.
func (s *Store) DropCollection(ctx context.Context, id string) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		num := int64(0)
		if err := tx.QueryRowContext(ctx, sqlDropCollection, id).Scan(&num); err != nil {
			return one(err, noCollection(id))
		}
		_, err := tx.ExecContext(ctx, sqlDropWork, num)
		_, err2 := tx.ExecContext(ctx, sqlSetState, "scrub", 1)
		if err := errors.Join(err, err2); err != nil {
			return fmt.Errorf("drop collection: %w", err)
		}
		return nil
	})
}

// the rows of a dropped collection go in this order, some at a time
var sqlEmpty = [...]string{
	`INSERT OR IGNORE INTO file_garbage SELECT f FROM (
		SELECT file f FROM documents WHERE collection = ?1 UNION SELECT live_file FROM documents WHERE collection = ?1) WHERE f <> ''`,
	`DELETE FROM chunks WHERE num IN (SELECT c.num FROM chunks c JOIN documents d ON d.num = c.document WHERE d.collection = ?1 LIMIT 2000)`,
	`DELETE FROM parts WHERE num IN (SELECT num FROM parts WHERE collection = ?1 LIMIT 50)`,
	`DELETE FROM postings WHERE (collection, term, first) IN (SELECT collection, term, first FROM postings WHERE collection = ?1 LIMIT 5000)`,
	`DELETE FROM documents WHERE num IN (SELECT num FROM documents WHERE collection = ?1 LIMIT 500)`,
	`DELETE FROM purges WHERE collection = ?1`,
	`DELETE FROM collections WHERE num = ?1`,
}

const sqlGone = `SELECT num FROM collections WHERE gone = 1 LIMIT 1`

// empty removes a piece of a dropped collection.
func (s *Store) empty(ctx context.Context) (more bool, err error) {
	err = s.db.InTx(ctx, func(tx *sql.Tx) error {
		num := int64(0)
		if err := tx.QueryRowContext(ctx, sqlGone).Scan(&num); err != nil {
			return one(err, nil)
		}
		more = true
		for i, query := range sqlEmpty {
			r, err := tx.ExecContext(ctx, query, num)
			if err != nil {
				return fmt.Errorf("empty dropped collection: %w", err)
			}
			if n, err := r.RowsAffected(); err != nil || i > 0 && n > 0 {
				return err // the rest in the next transaction
			}
		}
		return nil
	})
	return more, err
}
