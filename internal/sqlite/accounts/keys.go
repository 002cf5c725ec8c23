package accounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
)

const keyColumns = `SELECT k.id, k.hash, k.name, k.prefix, k.permissions, k.user, u.username, k.created_at, k.expires_at, k.last_used_at
	FROM api_keys k JOIN users u ON u.id = k.user `

// Keys lists the API keys, newest first.
func (s *Store) Keys(ctx context.Context) (keys []auth.Key, err error) {
	rows, err := s.db.Read.QueryContext(ctx, keyColumns+`ORDER BY k.created_at DESC, k.id`)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		k, err := key(rows)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// KeyByHash finds the key whose secret has the hash.
func (s *Store) KeyByHash(ctx context.Context, hash []byte) (auth.Key, error) {
	return key(s.db.Read.QueryRowContext(ctx, keyColumns+`WHERE k.hash = ?`, hash))
}

func key(row interface{ Scan(...any) error }) (auth.Key, error) {
	var k auth.Key
	var permissions string
	var created int64
	var expires, used sql.NullInt64
	err := row.Scan(&k.ID, &k.Hash, &k.Name, &k.Prefix, &permissions, &k.UserID, &k.CreatedBy, &created, &expires, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return k, unknownKey()
	}
	if err != nil {
		return k, fmt.Errorf("read key: %w", err)
	}
	k.Permissions = []auth.Permission{}
	for p := range strings.FieldsSeq(permissions) {
		k.Permissions = append(k.Permissions, auth.Permission(p))
	}
	k.CreatedAt, k.ExpiresAt, k.LastUsedAt = at(created), maybe(expires), maybe(used)
	return k, nil
}

func unknownKey() error {
	return fault.Say(fault.NotFound, "unknown_key", "There is no such key.")
}

// AddKey adds a key.
func (s *Store) AddKey(ctx context.Context, k auth.Key) error {
	var permissions []string
	for _, p := range k.Permissions {
		permissions = append(permissions, string(p))
	}
	const query = `INSERT INTO api_keys (id, hash, name, prefix, permissions, user, created_at, expires_at)
		SELECT ?, ?, ?, ?, ?, id, ?, ? FROM users WHERE id = ?`
	n, err := affected(s.db.Write.ExecContext(ctx, query, k.ID, k.Hash, k.Name, k.Prefix, strings.Join(permissions, " "), k.CreatedAt.UnixMicro(), micro(k.ExpiresAt), k.UserID))
	if err != nil {
		return fmt.Errorf("add key: %w", err)
	}
	if n == 0 {
		return unknownUser()
	}
	return nil
}

// DeleteKey revokes a key.
func (s *Store) DeleteKey(ctx context.Context, id string) error {
	n, err := affected(s.db.Write.ExecContext(ctx, `DELETE FROM api_keys WHERE id = ?`, id))
	if err == nil && n == 0 {
		return unknownKey()
	}
	return err
}

// KeyUsed notes when a key was used.
func (s *Store) KeyUsed(ctx context.Context, id string, when time.Time) error {
	_, err := s.db.Write.ExecContext(ctx, `UPDATE api_keys SET last_used_at = ? WHERE id = ?`, when.UnixMicro(), id)
	return err
}
