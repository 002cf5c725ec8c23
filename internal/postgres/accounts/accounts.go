// Package accounts keeps the staff in Postgres: the tables users, setup_token,
// sessions, api_keys and audit. Store implements auth.Store, Sessions the store of
// the session library. It is the sister of the package of that name on SQLite.
//
// Rules that two requests on two replicas could break together (the first user spends
// the token, an owner stays) are checked under a lock of the table users: others go
// on reading it and wait to write. Staff change seldom, so that costs nothing.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

var _ auth.Store = (*Store)(nil)

// Store keeps users, keys and the audit.
type Store struct{ db *postgres.DB }

// New returns a Store in db, which must be migrated.
func New(db *postgres.DB) *Store { return &Store{db} }

const userColumns = `SELECT id, username, name, role, disabled, password, epoch, created_at, last_sign_in_at FROM users `

// Users lists the staff by user name.
func (s *Store) Users(ctx context.Context) ([]auth.User, error) {
	users, err := postgres.Rows(ctx, s.db, func(row pgx.CollectableRow) (auth.User, error) { return user(row) },
		userColumns+`ORDER BY username`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return users, nil
}

// User returns one user.
func (s *Store) User(ctx context.Context, id string) (auth.User, error) {
	return s.user(ctx, userColumns+`WHERE id = $1`, id)
}

// UserNamed returns the user with a user name.
func (s *Store) UserNamed(ctx context.Context, username string) (auth.User, error) {
	return s.user(ctx, userColumns+`WHERE username = $1`, username)
}

func (s *Store) user(ctx context.Context, query string, args ...any) (u auth.User, err error) {
	err = s.db.Row(ctx, func(row pgx.Row) (err error) {
		u, err = user(row)
		return err
	}, query, args...)
	return u, err
}

func user(row pgx.Row) (auth.User, error) {
	var u auth.User
	var created int64
	var signedIn *int64
	err := row.Scan(&u.ID, &u.Username, &u.Name, &u.Role, &u.Disabled, &u.Hash, &u.Epoch, &created, &signedIn)
	if errors.Is(err, pgx.ErrNoRows) {
		return u, unknownUser()
	}
	if err != nil {
		return u, fmt.Errorf("read user: %w", err)
	}
	u.CreatedAt, u.LastSignIn = at(created), maybe(signedIn)
	return u, nil
}

func unknownUser() error {
	return fault.Say(fault.NotFound, "unknown_user", "There is no such user.")
}

// AddUser adds a user whose name is not taken.
func (s *Store) AddUser(ctx context.Context, u auth.User) error {
	return added(s.db.Exec(ctx, insertUser, newUser(u)...))
}

const insertUser = `INSERT INTO users (id, username, name, role, disabled, password, epoch, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (username) DO NOTHING`

func newUser(u auth.User) []any {
	return []any{u.ID, postgres.Text(u.Username), postgres.Text(u.Name), string(u.Role), u.Disabled, u.Hash, u.Epoch, u.CreatedAt.UnixMicro()}
}

func added(n int64, err error) error {
	if err != nil {
		return fmt.Errorf("add user: %w", err)
	}
	if n == 0 {
		return fault.Say(fault.Conflict, "username_taken", "There is a user with this user name already.")
	}
	return nil
}

// oneByOne lets one transaction at a time change users; those that read go on.
const oneByOne = `LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE`

// unlessLast is false when $1 is the only owner who is not disabled.
const unlessLast = `(EXISTS (SELECT FROM users WHERE id <> $1 AND role = 'owner' AND NOT disabled)
	OR NOT EXISTS (SELECT FROM users WHERE id = $1 AND role = 'owner' AND NOT disabled))`

// UpdateUser stores all of u but its user name, unless the user is in another epoch by now.
func (s *Store) UpdateUser(ctx context.Context, u auth.User, readIn int) error {
	const query = `UPDATE users SET name = $2, role = $3, disabled = $4, password = $5, epoch = $6
		WHERE id = $1 AND epoch = $7 AND ($3 = 'owner' AND NOT $4 OR ` + unlessLast + `)`
	now, err := s.change(ctx, u.ID, query, u.ID, postgres.Text(u.Name), string(u.Role), u.Disabled, u.Hash, u.Epoch, readIn)
	if err != nil && now.ID != "" && now.Epoch != readIn {
		return fault.Say(fault.Conflict, "user_changed", "Somebody else changed this user meanwhile. Look again, then repeat the change.")
	}
	return err
}

// DeleteUser removes a user with their keys.
func (s *Store) DeleteUser(ctx context.Context, id string) error {
	_, err := s.change(ctx, id, `DELETE FROM users WHERE id = $1 AND `+unlessLast, id)
	return err
}

// change runs a change that the last owner refuses. If it changed nothing, it returns
// the user as it is, and that this is the last owner.
func (s *Store) change(ctx context.Context, id, query string, args ...any) (u auth.User, err error) {
	ctx, done := postgres.Within(ctx)
	defer done()
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, oneByOne); err != nil {
			return fmt.Errorf("change user: %w", err)
		}
		tag, err := tx.Exec(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("change user: %w", err)
		}
		if tag.RowsAffected() > 0 {
			return nil
		}
		if u, err = user(tx.QueryRow(ctx, userColumns+`WHERE id = $1`, id)); err != nil {
			return err
		}
		return fault.Say(fault.Conflict, "last_owner", "This is the last owner. Make somebody else an owner first.")
	})
	return u, err
}

// SignedIn notes when a user signed in.
func (s *Store) SignedIn(ctx context.Context, id string, when time.Time) error {
	if _, err := s.db.Exec(ctx, `UPDATE users SET last_sign_in_at = $1 WHERE id = $2`, when.UnixMicro(), id); err != nil {
		return fmt.Errorf("note sign-in: %w", err)
	}
	return nil
}

func at(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

func maybe(micro *int64) *time.Time {
	if micro == nil {
		return nil
	}
	t := at(*micro)
	return &t
}

func micro(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	m := t.UnixMicro()
	return &m
}
