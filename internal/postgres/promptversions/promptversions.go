// Package promptversions keeps the saved versions of prompts in Postgres: the tables
// prompt_versions and active_prompts. It implements prompts.Versions and is the sister
// of the package of that name on SQLite. Replicas ask for the active version with each
// question, so a version that was activated on one answers on all at once.
package promptversions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/prompts"
)

var _ prompts.Versions = (*Store)(nil)

// Store keeps versions in a database.
type Store struct{ db *postgres.DB }

// New returns a Store in db, which must be migrated.
func New(db *postgres.DB) *Store { return &Store{db: db} }

const columns = `v.name, v.version, v.text, v.author, v.note, v.created_at, a.version IS NOT NULL`

// Active returns the version that was activated last.
func (s *Store) Active(ctx context.Context, name string) (p prompts.Prompt, err error) {
	const query = `SELECT ` + columns + ` FROM active_prompts a
		JOIN prompt_versions v ON v.name = a.name AND v.version = a.version WHERE a.name = $1`
	err = s.db.Row(ctx, func(row pgx.Row) (err error) {
		p, err = scan(row)
		return err
	}, query, name)
	if errors.Is(err, pgx.ErrNoRows) {
		return prompts.Prompt{}, fmt.Errorf("active version of %s: %w", name, fault.NotFound)
	}
	if err != nil {
		return prompts.Prompt{}, fmt.Errorf("read active version of %s: %w", name, err)
	}
	return p, nil
}

// List returns the saved versions, newest first.
func (s *Store) List(ctx context.Context, name string) ([]prompts.Prompt, error) {
	const query = `SELECT ` + columns + ` FROM prompt_versions v
		LEFT JOIN active_prompts a ON a.name = v.name AND a.version = v.version
		WHERE v.name = $1 ORDER BY v.version DESC`
	all, err := postgres.Rows(ctx, s.db, func(row pgx.CollectableRow) (prompts.Prompt, error) { return scan(row) }, query, name)
	if err != nil {
		return nil, fmt.Errorf("list versions of %s: %w", name, err)
	}
	return all, nil
}

// Add stores p under the next number. A lock makes those that save at once wait for
// each other.
func (s *Store) Add(ctx context.Context, p prompts.Prompt) (version int, err error) {
	const query = `INSERT INTO prompt_versions (name, version, text, author, note, created_at)
		SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5 FROM prompt_versions WHERE name = $1
		RETURNING version`
	b := &pgx.Batch{}
	postgres.Queue(b, postgres.Lock, "prompt", p.Name)
	postgres.Queue(b, query, p.Name, p.Text, p.Author, p.Note, p.CreatedAt.UnixMicro()).
		QueryRow(func(row pgx.Row) error { return row.Scan(&version) })
	if err := s.db.Batch(ctx, b); err != nil {
		return 0, fmt.Errorf("add version of %s: %w", p.Name, err)
	}
	return version, nil
}

// Activate makes a version the one that answers; 0: none.
func (s *Store) Activate(ctx context.Context, name string, version int) error {
	if version == 0 {
		if _, err := s.db.Exec(ctx, `DELETE FROM active_prompts WHERE name = $1`, name); err != nil {
			return fmt.Errorf("take back active version of %s: %w", name, err)
		}
		return nil
	}
	const query = `INSERT INTO active_prompts (name, version)
		SELECT name, version FROM prompt_versions WHERE name = $1 AND version = $2
		ON CONFLICT (name) DO UPDATE SET version = excluded.version`
	n, err := s.db.Exec(ctx, query, name, version)
	if err != nil {
		return fmt.Errorf("activate version %d of %s: %w", version, name, err)
	}
	if n == 0 {
		return fmt.Errorf("version %d of %s: %w", version, name, fault.NotFound)
	}
	return nil
}

func scan(row pgx.Row) (prompts.Prompt, error) {
	var p prompts.Prompt
	var created int64
	err := row.Scan(&p.Name, &p.Version, &p.Text, &p.Author, &p.Note, &created, &p.Active)
	p.CreatedAt = time.UnixMicro(created).UTC()
	return p, err
}
