// Package promptversions keeps the saved versions of prompts in SQLite: the tables
// prompt_versions and active_prompts. It implements prompts.Versions.
package promptversions

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/prompts"
)

var _ prompts.Versions = (*Store)(nil)

// Store keeps versions in a database.
type Store struct{ db *sqlite.DB }

// New returns a Store in db, which must be migrated.
func New(db *sqlite.DB) *Store { return &Store{db: db} }

const columns = `v.name, v.version, v.text, v.author, v.note, v.created_at, a.version IS NOT NULL`

// Active returns the version that was activated last.
func (s *Store) Active(ctx context.Context, name string) (prompts.Prompt, error) {
	const query = `SELECT ` + columns + ` FROM active_prompts a
		JOIN prompt_versions v ON v.name = a.name AND v.version = a.version WHERE a.name = ?`
	p, err := scan(s.db.Read.QueryRowContext(ctx, query, name))
	if errors.Is(err, sql.ErrNoRows) {
		return prompts.Prompt{}, fmt.Errorf("active version of %s: %w", name, fault.NotFound)
	}
	if err != nil {
		return prompts.Prompt{}, fmt.Errorf("read active version of %s: %w", name, err)
	}
	return p, nil
}

// List returns the saved versions, newest first.
func (s *Store) List(ctx context.Context, name string) (out []prompts.Prompt, err error) {
	const query = `SELECT ` + columns + ` FROM prompt_versions v
		LEFT JOIN active_prompts a ON a.name = v.name AND a.version = v.version
		WHERE v.name = ? ORDER BY v.version DESC`
	rows, err := s.db.Read.QueryContext(ctx, query, name)
	if err != nil {
		return nil, fmt.Errorf("list versions of %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		p, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list versions of %s: %w", name, err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// Add stores p under the next number.
func (s *Store) Add(ctx context.Context, p prompts.Prompt) (version int, err error) {
	const query = `INSERT INTO prompt_versions (name, version, text, author, note, created_at)
		SELECT ?1, COALESCE(MAX(version), 0) + 1, ?2, ?3, ?4, ?5 FROM prompt_versions WHERE name = ?1
		RETURNING version`
	err = s.db.Write.QueryRowContext(ctx, query, p.Name, p.Text, p.Author, p.Note, p.CreatedAt.UnixMicro()).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("add version of %s: %w", p.Name, err)
	}
	return version, nil
}

// Activate makes a version the one that answers; 0: none.
func (s *Store) Activate(ctx context.Context, name string, version int) error {
	if version == 0 {
		if _, err := s.db.Write.ExecContext(ctx, `DELETE FROM active_prompts WHERE name = ?`, name); err != nil {
			return fmt.Errorf("take back active version of %s: %w", name, err)
		}
		return nil
	}
	const query = `INSERT INTO active_prompts (name, version)
		SELECT name, version FROM prompt_versions WHERE name = ? AND version = ?
		ON CONFLICT (name) DO UPDATE SET version = excluded.version`
	done, err := s.db.Write.ExecContext(ctx, query, name, version)
	if err != nil {
		return fmt.Errorf("activate version %d of %s: %w", version, name, err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return fmt.Errorf("activate version %d of %s: %w", version, name, err)
	}
	if n == 0 {
		return fmt.Errorf("version %d of %s: %w", version, name, fault.NotFound)
	}
	return nil
}

func scan(row interface{ Scan(...any) error }) (prompts.Prompt, error) {
	var p prompts.Prompt
	var created int64
	err := row.Scan(&p.Name, &p.Version, &p.Text, &p.Author, &p.Note, &created, &p.Active)
	p.CreatedAt = time.UnixMicro(created).UTC()
	return p, err
}
