// Package accounts keeps the staff in SQLite: the tables users, setup_token,
// sessions, api_keys and audit. Store implements auth.Store, Sessions the store of
// the session library.
//
// Rules that two requests could break together are kept inside one statement or
// transaction: the first user spends the token, and the last owner stays.
package accounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite"
)

var _ auth.Store = (*Store)(nil)

// Store keeps users, keys and the audit.
type Store struct{ db *sqlite.DB }

// New returns a Store in db, which must be migrated.
func New(db *sqlite.DB) *Store { return &Store{db} }

const userColumns = `SELECT id, username, name, role, disabled, password, epoch, created_at, last_sign_in_at FROM users `

// Users lists the staff by user name.
func (s *Store) Users(ctx context.Context) (users []auth.User, err error) {
	rows, err := s.db.Read.QueryContext(ctx, userColumns+`ORDER BY username`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		u, err := user(rows)
		if err != nil {
			return nil, err
		}
		users = append(users, u)
	}
	return users, rows.Err()
}

// User returns one user.
func (s *Store) User(ctx context.Context, id string) (auth.User, error) {
	return user(s.db.Read.QueryRowContext(ctx, userColumns+`WHERE id = ?`, id))
}

// UserNamed returns the user with a user name.
func (s *Store) UserNamed(ctx context.Context, username string) (auth.User, error) {
	return user(s.db.Read.QueryRowContext(ctx, userColumns+`WHERE username = ?`, username))
}

func user(row interface{ Scan(...any) error }) (auth.User, error) {
	var u auth.User
	var created int64
	var signedIn sql.NullInt64
	err := row.Scan(&u.ID, &u.Username, &u.Name, &u.Role, &u.Disabled, &u.Hash, &u.Epoch, &created, &signedIn)
	if errors.Is(err, sql.ErrNoRows) {
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

const insertUser = `INSERT INTO users (id, username, name, role, disabled, password, epoch, created_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (username) DO NOTHING`

// AddUser adds a user whose name is not taken.
func (s *Store) AddUser(ctx context.Context, u auth.User) error {
	return addUser(ctx, s.db.Write, u)
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func addUser(ctx context.Context, db execer, u auth.User) error {
	n, err := affected(db.ExecContext(ctx, insertUser, u.ID, u.Username, u.Name, u.Role, u.Disabled, u.Hash, u.Epoch, u.CreatedAt.UnixMicro()))
	if err != nil {
		return fmt.Errorf("add user: %w", err)
	}
	if n == 0 {
		return fault.Say(fault.Conflict, "username_taken", "There is a user with this user name already.")
	}
	return nil
}

// lastOwner is true when ?1 is the only owner who is not disabled.
const lastOwner = `EXISTS (SELECT 1 FROM users WHERE id = ?1 AND role = 'owner' AND disabled = 0)
	AND NOT EXISTS (SELECT 1 FROM users WHERE id <> ?1 AND role = 'owner' AND disabled = 0)`

// UpdateUser stores all of u but its user name, unless the user is in another epoch by now.
func (s *Store) UpdateUser(ctx context.Context, u auth.User, readIn int) error {
	const query = `UPDATE users SET name = ?2, role = ?3, disabled = ?4, password = ?5, epoch = ?6
		WHERE id = ?1 AND epoch = ?7 AND (?3 = 'owner' AND ?4 = 0 OR NOT (` + lastOwner + `))`
	now, err := s.unlessLast(ctx, u.ID, query, u.ID, u.Name, u.Role, u.Disabled, u.Hash, u.Epoch, readIn)
	if err != nil && now.ID != "" && now.Epoch != readIn {
		return fault.Say(fault.Conflict, "user_changed", "Somebody else changed this user meanwhile. Look again, then repeat the change.")
	}
	return err
}

// DeleteUser removes a user with their keys.
func (s *Store) DeleteUser(ctx context.Context, id string) error {
	_, err := s.unlessLast(ctx, id, `DELETE FROM users WHERE id = ?1 AND NOT (`+lastOwner+`)`, id)
	return err
}

// unlessLast runs a change that the last owner refuses. If it changed nothing, it
// returns the user as it is, and that this is the last owner.
func (s *Store) unlessLast(ctx context.Context, id, query string, args ...any) (auth.User, error) {
	n, err := affected(s.db.Write.ExecContext(ctx, query, args...))
	if err != nil {
		return auth.User{}, fmt.Errorf("change user: %w", err)
	}
	if n > 0 {
		return auth.User{}, nil
	}
	u, err := s.User(ctx, id)
	if err != nil {
		return u, err
	}
	return u, fault.Say(fault.Conflict, "last_owner", "This is the last owner. Make somebody else an owner first.")
}

// SignedIn notes when a user signed in.
func (s *Store) SignedIn(ctx context.Context, id string, when time.Time) error {
	if _, err := s.db.Write.ExecContext(ctx, `UPDATE users SET last_sign_in_at = ? WHERE id = ?`, when.UnixMicro(), id); err != nil {
		return fmt.Errorf("note sign-in: %w", err)
	}
	return nil
}

// HasUsers reports whether there is a user.
func (s *Store) HasUsers(ctx context.Context) (has bool, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users)`).Scan(&has)
	return has, err
}

// SetSetupToken stores the hash of the token for the first user.
func (s *Store) SetSetupToken(ctx context.Context, hash []byte) error {
	_, err := s.db.Write.ExecContext(ctx, `INSERT OR REPLACE INTO setup_token (only, hash, made_at) VALUES (1, ?, ?)`, hash, time.Now().UnixMicro())
	return err
}

const tokenIs = `SELECT EXISTS (SELECT 1 FROM setup_token WHERE hash = ?) AND NOT EXISTS (SELECT 1 FROM users)`

// SetupTokenIs reports whether the token is the one, and still of use.
func (s *Store) SetupTokenIs(ctx context.Context, hash []byte) (ok bool, err error) {
	err = s.db.Read.QueryRowContext(ctx, tokenIs, hash).Scan(&ok)
	return ok, err
}

// FirstUser spends the token and adds the first user.
func (s *Store) FirstUser(ctx context.Context, hash []byte, u auth.User) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		var ok, late bool
		const query = `SELECT (` + tokenIs + `), EXISTS (SELECT 1 FROM users)`
		if err := tx.QueryRowContext(ctx, query, hash).Scan(&ok, &late); err != nil {
			return err
		}
		if late {
			return fault.Say(fault.Conflict, "setup_done", "The first user was made already. Sign in.")
		}
		if !ok {
			return fault.Say(fault.Denied, "setup_token", "The set-up link is not valid, or was used already. Start the server again to get a new one.")
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM setup_token`); err != nil {
			return err
		}
		return addUser(ctx, tx, u)
	})
}

// Record adds a line to the audit.
func (s *Store) Record(ctx context.Context, e auth.Entry) error {
	const query = `INSERT INTO audit (at, user, username, key, action, target, request) VALUES (?, ?, ?, ?, ?, ?, ?)`
	_, err := s.db.Write.ExecContext(ctx, query, e.At.UnixMicro(), e.UserID, e.User, e.KeyID, e.Action, e.Target, e.Request)
	if err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func at(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

func maybe(micro sql.NullInt64) *time.Time {
	if !micro.Valid {
		return nil
	}
	t := at(micro.Int64)
	return &t
}

func micro(t *time.Time) sql.NullInt64 {
	if t == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: true}
}
