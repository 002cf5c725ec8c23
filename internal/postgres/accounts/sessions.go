package accounts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
)

var _ scs.CtxStore = (*Sessions)(nil)

// Sessions keeps the sessions of the staff, for all replicas. It is given hashes of
// tokens.
type Sessions struct{ db *postgres.DB }

// NewSessions returns a store in db, which must be migrated.
func NewSessions(db *postgres.DB) *Sessions { return &Sessions{db} }

// slack is how late the end of an idle session may be written: without it each
// request would write to the database.
const slack = 5 * time.Minute

// FindCtx returns the data of a session that is neither over nor ended.
func (s *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	const query = `SELECT data FROM sessions WHERE token = $1 AND expires_at > $2 AND NOT ended`
	err = s.db.Row(ctx, func(row pgx.Row) error { return row.Scan(&data) }, query, token, time.Now().UnixMicro())
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read session: %w", err)
	}
	return data, true, nil
}

// CommitCtx stores a session, unless it was ended.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	var stored []byte
	var until int64
	err := s.db.Row(ctx, func(row pgx.Row) error { return row.Scan(&stored, &until) }, `SELECT data, expires_at FROM sessions WHERE token = $1`, token)
	if err == nil && bytes.Equal(stored, data) && expires.Sub(time.UnixMicro(until)).Abs() < slack {
		return nil
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read session: %w", err)
	}
	const query = `INSERT INTO sessions AS s (token, data, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at WHERE NOT s.ended`
	if _, err := s.db.Exec(ctx, query, token, data, expires.UnixMicro()); err != nil {
		return fmt.Errorf("store session: %w", err)
	}
	return nil
}

// dropOld leaves alone what another replica drops at this moment, and does not wait for it.
const dropOld = `DELETE FROM sessions WHERE token IN
	(SELECT token FROM sessions WHERE expires_at < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`

// DeleteCtx ends a session, and drops those that are long over.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	if _, err := s.db.Exec(ctx, `UPDATE sessions SET ended = true, data = '' WHERE token = $1`, token); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if _, err := s.db.Exec(ctx, dropOld, time.Now().UnixMicro()); err != nil {
		return fmt.Errorf("drop old sessions: %w", err)
	}
	return nil
}

// Find, Commit and Delete are the same without a context, for the library's older interface.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit stores a session.
func (s *Sessions) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

// Delete ends a session.
func (s *Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
