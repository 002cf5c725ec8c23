package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

const keyColumns = `SELECT k.id, k.hash, k.name, k.prefix, k.permissions, k.user_id, u.username, k.created_at, k.expires_at, k.last_used_at
	FROM api_keys k JOIN users u ON u.id = k.user_id `

// Keys lists the API keys, newest first.
func (s *Store) Keys(ctx context.Context) ([]auth.Key, error) {
	keys, err := postgres.Rows(ctx, s.db, func(row pgx.CollectableRow) (auth.Key, error) { return key(row) },
		keyColumns+`ORDER BY k.created_at DESC, k.id`)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return keys, nil
}

// KeyByHash finds the key whose secret has the hash.
func (s *Store) KeyByHash(ctx context.Context, hash []byte) (k auth.Key, err error) {
	err = s.db.Row(ctx, func(row pgx.Row) (err error) {
		k, err = key(row)
		return err
	}, keyColumns+`WHERE k.hash = $1`, hash)
	return k, err
}

func key(row pgx.Row) (auth.Key, error) {
	var k auth.Key
	var permissions string
	var created int64
	var expires, used *int64
	err := row.Scan(&k.ID, &k.Hash, &k.Name, &k.Prefix, &permissions, &k.UserID, &k.CreatedBy, &created, &expires, &used)
	if errors.Is(err, pgx.ErrNoRows) {
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

// AddKey adds a key of a user, who may be deleted at the same moment.
func (s *Store) AddKey(ctx context.Context, k auth.Key) error {
	var permissions []string
	for _, p := range k.Permissions {
		permissions = append(permissions, string(p))
	}
	const query = `INSERT INTO api_keys (id, hash, name, prefix, permissions, user_id, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	_, err := s.db.Exec(ctx, query, k.ID, k.Hash, k.Name, k.Prefix, strings.Join(permissions, " "), k.UserID, k.CreatedAt.UnixMicro(), micro(k.ExpiresAt))
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == foreignKeyViolation {
		return unknownUser()
	}
	if err != nil {
		return fmt.Errorf("add key: %w", err)
	}
	return nil
}

const foreignKeyViolation = "23503"

// DeleteKey revokes a key.
func (s *Store) DeleteKey(ctx context.Context, id string) error {
	n, err := s.db.Exec(ctx, `DELETE FROM api_keys WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("delete key: %w", err)
	}
	if n == 0 {
		return unknownKey()
	}
	return nil
}

// KeyUsed notes when a key was used.
func (s *Store) KeyUsed(ctx context.Context, id string, when time.Time) error {
	if _, err := s.db.Exec(ctx, `UPDATE api_keys SET last_used_at = $1 WHERE id = $2`, when.UnixMicro(), id); err != nil {
		return fmt.Errorf("note use of key: %w", err)
	}
	return nil
}
