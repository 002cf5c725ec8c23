package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/parley-im/parley/internal/fault"
)

// keyMark begins the secret of each key, so that a leaked one is recognised.
const keyMark = "pk_"

// Keys lists the API keys.
func (s *Service) Keys(ctx context.Context) ([]Key, error) { return s.store.Keys(ctx) }

// AddKey makes a key with k's name, permissions and expiry. The secret is
// returned this once.
func (s *Service) AddKey(ctx context.Context, by Principal, k Key) (Key, string, error) {
	for _, p := range k.Permissions {
		if !slices.Contains(All(), p) {
			return Key{}, "", fault.Say(fault.Invalid, "permission", "There is no permission %q.", p)
		}
		if !by.May(p) {
			return Key{}, "", fault.Say(fault.Denied, "permission", "You may not give what you do not have: %q.", p)
		}
	}
	if k.ExpiresAt != nil && !k.ExpiresAt.After(time.Now()) {
		return Key{}, "", fault.Say(fault.Invalid, "expires_at", "The key would have expired already.")
	}
	text := keyMark + secret()
	k.ID, k.UserID, k.CreatedBy, k.CreatedAt = uuid.NewString(), by.User.ID, by.User.Username, now()
	k.Prefix, k.Hash = text[:len(keyMark)+6], digest(text)
	slices.Sort(k.Permissions)
	k.Permissions = slices.Compact(k.Permissions)
	if err := s.store.AddKey(ctx, k); err != nil {
		return Key{}, "", fmt.Errorf("store key: %w", err)
	}
	return k, text, nil
}

// DeleteKey revokes a key.
func (s *Service) DeleteKey(ctx context.Context, id string) error {
	if err := s.store.DeleteKey(ctx, id); err != nil {
		return fmt.Errorf("delete key %s: %w", id, err)
	}
	return nil
}

// KeyHolder says who calls with a key. It may what the key says and its maker
// still may.
func (s *Service) KeyHolder(ctx context.Context, text string) (Principal, error) {
	no := fault.Say(fault.Denied, "sign_in_required", "The API key is not valid, was revoked or has expired.")
	if !strings.HasPrefix(text, keyMark) {
		return Principal{}, no
	}
	k, err := s.store.KeyByHash(ctx, digest(text))
	if errors.Is(err, fault.NotFound) {
		return Principal{}, no
	}
	if err != nil {
		return Principal{}, fmt.Errorf("find key: %w", err)
	}
	at := now()
	if k.ExpiresAt != nil && !k.ExpiresAt.After(at) {
		return Principal{}, no
	}
	u, err := s.store.User(ctx, k.UserID)
	if err != nil {
		return Principal{}, fmt.Errorf("find maker of key %s: %w", k.ID, err)
	}
	if u.Disabled {
		return Principal{}, no
	}
	if k.LastUsedAt == nil || at.Sub(*k.LastUsedAt) > time.Minute {
		if err := s.store.KeyUsed(ctx, k.ID, at); err != nil {
			return Principal{}, fmt.Errorf("note use of key %s: %w", k.ID, err)
		}
	}
	p := Principal{User: u, KeyID: k.ID}
	for _, have := range u.Role.Permissions() {
		if slices.Contains(k.Permissions, have) {
			p.perms = append(p.perms, have)
		}
	}
	return p, nil
}
