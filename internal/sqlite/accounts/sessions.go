package accounts

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/parley-im/parley/internal/sqlite"
)

var _ scs.CtxStore = (*Sessions)(nil)

// Sessions keeps the sessions of the staff. It is given hashes of tokens.
type Sessions struct{ db *sqlite.DB }

// NewSessions returns a store in db, which must be migrated.
func NewSessions(db *sqlite.DB) *Sessions { return &Sessions{db} }

// slack is how late the end of an idle session may be written: without it each
// request would write to the database.
const slack = 5 * time.Minute

// FindCtx returns the data of a session that is neither over nor ended.
func (s *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	const query = `SELECT data FROM sessions WHERE token = ? AND expires_at > ? AND ended = 0`
	err = s.db.Read.QueryRowContext(ctx, query, token, time.Now().UnixMicro()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
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
	err := s.db.Read.QueryRowContext(ctx, `SELECT data, expires_at FROM sessions WHERE token = ?`, token).Scan(&stored, &until)
	if err == nil && bytes.Equal(stored, data) && expires.Sub(time.UnixMicro(until)).Abs() < slack {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read session: %w", err)
	}
	const query = `INSERT INTO sessions (token, data, expires_at) VALUES (?, ?, ?)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at WHERE ended = 0`
	if _, err := s.db.Write.ExecContext(ctx, query, token, data, expires.UnixMicro()); err != nil {
		return fmt.Errorf("store session: %w", err)
	}
	return nil
}

// DeleteCtx ends a session, and drops those that are long over.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	if _, err := s.db.Write.ExecContext(ctx, `UPDATE sessions SET ended = 1, data = x'' WHERE token = ?`, token); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if _, err := s.db.Write.ExecContext(ctx, `DELETE FROM sessions WHERE expires_at < ?`, time.Now().UnixMicro()); err != nil {
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
