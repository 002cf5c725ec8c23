package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

// HasUsers reports whether there is a user.
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	return s.yes(ctx, "look for users", `SELECT EXISTS (SELECT FROM users)`)
}

// SetSetupToken stores the hash of the token for the first user.
func (s *Store) SetSetupToken(ctx context.Context, hash []byte) error {
	const query = `INSERT INTO setup_token (one, hash, made_at) VALUES (true, $1, $2)
		ON CONFLICT (one) DO UPDATE SET hash = excluded.hash, made_at = excluded.made_at`
	if _, err := s.db.Exec(ctx, query, hash, time.Now().UnixMicro()); err != nil {
		return fmt.Errorf("store set-up token: %w", err)
	}
	return nil
}

const tokenIs = `EXISTS (SELECT FROM setup_token WHERE hash = $1) AND NOT EXISTS (SELECT FROM users)`

// SetupTokenIs reports whether the token is the one, and still of use.
func (s *Store) SetupTokenIs(ctx context.Context, hash []byte) (bool, error) {
	return s.yes(ctx, "check set-up token", `SELECT `+tokenIs, hash)
}

func (s *Store) yes(ctx context.Context, doing, query string, args ...any) (yes bool, err error) {
	if err := s.db.Row(ctx, func(row pgx.Row) error { return row.Scan(&yes) }, query, args...); err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	return yes, nil
}

// FirstUser spends the token and adds the first user.
func (s *Store) FirstUser(ctx context.Context, hash []byte, u auth.User) error {
	ctx, done := postgres.Within(ctx)
	defer done()
	return s.db.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, oneByOne); err != nil {
			return fmt.Errorf("make first user: %w", err)
		}
		var ok, late bool
		if err := tx.QueryRow(ctx, `SELECT `+tokenIs+`, EXISTS (SELECT FROM users)`, hash).Scan(&ok, &late); err != nil {
			return fmt.Errorf("make first user: %w", err)
		}
		if late {
			return fault.Say(fault.Conflict, "setup_done", "The first user was made already. Sign in.")
		}
		if !ok {
			return fault.Say(fault.Denied, "setup_token", "The set-up link is not valid, or was used already. Start the server again to get a new one.")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM setup_token`); err != nil {
			return fmt.Errorf("spend set-up token: %w", err)
		}
		tag, err := tx.Exec(ctx, insertUser, newUser(u)...)
		return added(tag.RowsAffected(), err)
	})
}

// Record adds a line to the audit.
func (s *Store) Record(ctx context.Context, e auth.Entry) error {
	const query = `INSERT INTO audit (at, user_id, username, key_id, action, target, request) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	if _, err := s.db.Exec(ctx, query, e.At.UnixMicro(), e.UserID, e.User, e.KeyID, e.Action, e.Target, e.Request); err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}
