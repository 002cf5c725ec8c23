package library

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/knowledge"
)

const sqlAddCollection = `INSERT INTO collections (id, name, note, created_at) VALUES ($1, $2, $3, $4)`

// AddCollection stores c.
func (s *Store) AddCollection(ctx context.Context, c knowledge.Collection) error {
	_, err := s.db.Exec(ctx, sqlAddCollection, c.ID, c.Name, c.Note, c.CreatedAt)
	return taken(err, c.Name)
}

// taken explains a violation of the unique name.
func taken(err error, name string) error {
	if errors.Is(err, fault.Conflict) {
		return fault.Say(fault.Conflict, "name_taken", "There is a collection called %q already.", name).Because(err)
	}
	if err != nil {
		return fmt.Errorf("store collection: %w", err)
	}
	return nil
}

const sqlCollections = `
SELECT c.id, c.name, c.note, c.created_at, c.chunks, (SELECT count(*) FROM documents d WHERE d.collection = c.num)
FROM collections c WHERE NOT c.gone AND ($1 = '' OR c.id = $1) ORDER BY c.name COLLATE "C"`

func scanCollection(row pgx.CollectableRow) (c knowledge.Collection, err error) {
	err = row.Scan(&c.ID, &c.Name, &c.Note, &c.CreatedAt, &c.Chunks, &c.Documents)
	c.CreatedAt = c.CreatedAt.UTC()
	return c, err
}

// Collections returns all.
func (s *Store) Collections(ctx context.Context) ([]knowledge.Collection, error) {
	all, err := postgres.Rows(ctx, s.db, scanCollection, sqlCollections, "")
	if err != nil {
		return nil, fmt.Errorf("list collections: %w", err)
	}
	if all == nil {
		all = []knowledge.Collection{}
	}
	return all, nil
}

const sqlRenameCollection = `UPDATE collections SET name = $2, note = $3 WHERE id = $1 AND NOT gone`

// RenameCollection changes name and note.
func (s *Store) RenameCollection(ctx context.Context, id, name, note string) (knowledge.Collection, error) {
	n, err := s.db.Exec(ctx, sqlRenameCollection, id, name, note)
	if err != nil {
		return knowledge.Collection{}, taken(err, name)
	}
	if n == 0 {
		return knowledge.Collection{}, noCollection(id)
	}
	all, err := postgres.Rows(ctx, s.db, scanCollection, sqlCollections, id)
	if err == nil && len(all) == 0 {
		err = noCollection(id)
	}
	if err != nil {
		return knowledge.Collection{}, err
	}
	return all[0], nil
}

// a dropped collection gives its name free: no name that people give begins with a control character
const (
	sqlDropCollection = `UPDATE collections SET gone = true, name = chr(1) || id, note = '' WHERE id = $1 AND NOT gone RETURNING num`
	sqlDropWork       = `UPDATE documents SET stage = 'cancelled', fence = fence + 1, lease_ends_at = 'epoch' WHERE collection = $1`
)

// DropCollection makes a collection invisible.
func (s *Store) DropCollection(ctx context.Context, id string) error {
	return s.db.InTx(ctx, func(tx pgx.Tx) error {
		num := 0
		if err := tx.QueryRow(ctx, sqlDropCollection, postgres.Text(id)).Scan(&num); err != nil {
			return one(err, noCollection(id))
		}
		if _, err := tx.Exec(ctx, sqlDropWork, num); err != nil {
			return fmt.Errorf("drop collection: %w", err)
		}
		return nil
	})
}

// the rows of a dropped collection go in this order, some at a time
var sqlEmpty = [...]string{
	`INSERT INTO file_garbage SELECT f FROM (
		SELECT file f FROM documents WHERE collection = $1 UNION SELECT live_file FROM documents WHERE collection = $1) x WHERE f <> '' ON CONFLICT DO NOTHING`,
	`DELETE FROM vectors WHERE ctid = ANY (ARRAY(SELECT v.ctid FROM spaces s, vectors v WHERE v.space = s.num AND v.collection = $1 LIMIT 5000))`,
	`DELETE FROM chunks WHERE num IN (SELECT c.num FROM chunks c JOIN documents d ON d.num = c.document WHERE d.collection = $1 LIMIT 5000)`,
	`DELETE FROM postings WHERE ctid = ANY (ARRAY(SELECT ctid FROM postings WHERE collection = $1 LIMIT 50000))`,
	`DELETE FROM documents WHERE num IN (SELECT num FROM documents WHERE collection = $1 LIMIT 1000)`,
	`DELETE FROM purges WHERE collection = $1`,
	`DELETE FROM vector_counts WHERE collection = $1`,
	`DELETE FROM collections WHERE num = $1`,
}

const sqlGone = `SELECT num FROM collections WHERE gone LIMIT 1 FOR UPDATE SKIP LOCKED`

// empty removes a piece of a dropped collection.
func (s *Store) empty(ctx context.Context) (more bool, err error) {
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		num := 0
		if err := tx.QueryRow(ctx, sqlGone).Scan(&num); err != nil {
			return one(err, nil)
		}
		more = true
		for i, query := range sqlEmpty {
			r, err := tx.Exec(ctx, query, num)
			if err != nil {
				return fmt.Errorf("empty dropped collection: %w", err)
			}
			if i > 0 && i < len(sqlEmpty)-3 && r.RowsAffected() > 0 {
				return nil // the rest in the next transaction
			}
		}
		return nil
	})
	return more, err
}
