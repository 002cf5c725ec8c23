// Package auth knows the staff: who they are, what they may do, and how they prove it.
//
// A Service holds users, API keys and the one-time set-up token in a Store.
// Sessions holds who is signed in, by cookie. Both end in a Principal, whose May is
// the only question the rest of the program asks; the table behind it is
// Role.Permissions. The first user is made with a token that SetupToken gives out
// once; there is no default password. Passwords are argon2id hashes, secrets are
// stored as sha256.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/ratelimit"
)

// Store keeps what the Service knows, for one process or for many on one database.
// internal/sqlite/accounts and internal/postgres/accounts are two; they run the suite
// in storetest.
type Store interface {
	Users
	Setup
	Keys
	Audit
}

// Users keeps the staff. A user name is unique, in lower case.
type Users interface {
	Users(ctx context.Context) ([]User, error) // by user name
	User(ctx context.Context, id string) (User, error)
	UserNamed(ctx context.Context, username string) (User, error)
	AddUser(ctx context.Context, u User) error // fault.Conflict: the name is taken
	// UpdateUser and DeleteUser give fault.Conflict if no owner would be left that is not disabled.
	// UpdateUser stores all of u but its user name, and also gives fault.Conflict if the
	// user is no longer in the epoch it was read in: role, password or state were changed
	// by somebody else meanwhile, and that must not be undone.
	UpdateUser(ctx context.Context, u User, readIn int) error
	DeleteUser(ctx context.Context, id string) error
	SignedIn(ctx context.Context, id string, at time.Time) error
}

// Setup keeps the one-time token for the first user, as a hash.
type Setup interface {
	HasUsers(ctx context.Context) (bool, error)
	SetSetupToken(ctx context.Context, hash []byte) error        // in place of the one before
	SetupTokenIs(ctx context.Context, hash []byte) (bool, error) // and there is no user
	// FirstUser spends the token and adds u, in one step. fault.Denied: the token is
	// another one or was spent; fault.Conflict: there is a user.
	FirstUser(ctx context.Context, hash []byte, u User) error
}

// Keys keeps the API keys.
type Keys interface {
	Keys(ctx context.Context) ([]Key, error) // newest first
	KeyByHash(ctx context.Context, hash []byte) (Key, error)
	AddKey(ctx context.Context, k Key) error // fault.NotFound: its user is gone
	DeleteKey(ctx context.Context, id string) error
	KeyUsed(ctx context.Context, id string, at time.Time) error
}

// Audit keeps who did what.
type Audit interface {
	Record(ctx context.Context, e Entry) error
}

// Service is the staff of one installation.
type Service struct {
	store     Store
	passwords *passwords
	addresses *limiter // tries to sign in, by address
	names     *limiter // and by user name
}

// DefaultParams is what passwords are hashed with: 64 MiB, three passes, one lane.
func DefaultParams() argon2id.Params {
	return argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// New returns a Service. params are DefaultParams everywhere but in tests.
func New(s Store, params argon2id.Params) *Service {
	memory := ratelimit.NewMemory(0)
	return &Service{
		store:     s,
		passwords: newPasswords(params),
		addresses: &limiter{counts: memory, kind: "sign-in/address/", burst: 20, perMinute: 10},
		names:     &limiter{counts: memory, kind: "sign-in/name/", burst: 10, perMinute: 2},
	}
}

// SetupNeeded reports whether there is no user yet.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	has, err := s.store.HasUsers(ctx)
	if err != nil {
		return false, fmt.Errorf("look for users: %w", err)
	}
	return !has, nil
}

// SetupToken makes the token that the first user is made with, in place of any
// before it; "" once there is a user.
func (s *Service) SetupToken(ctx context.Context) (string, error) {
	needed, err := s.SetupNeeded(ctx)
	if err != nil || !needed {
		return "", err
	}
	token := secret()
	if err := s.store.SetSetupToken(ctx, digest(token)); err != nil {
		return "", fmt.Errorf("store set-up token: %w", err)
	}
	return token, nil
}

// NewUser is a user to be made.
type NewUser struct {
	Username string
	Name     string
	Role     Role
	Password string
}

// SetUp makes the first user, an owner.
func (s *Service) SetUp(ctx context.Context, address, token string, n NewUser) (User, error) {
	if err := s.addresses.take(ctx, address); err != nil {
		return User{}, err
	}
	ok, err := s.store.SetupTokenIs(ctx, digest(token))
	if err != nil {
		return User{}, fmt.Errorf("check set-up token: %w", err)
	}
	if !ok { // before the costly hash, and the same whether there was ever a token
		return User{}, fault.Say(fault.Denied, "setup_token", "The set-up link is not valid, or was used already. Start the server again to get a new one.")
	}
	n.Role = Owner
	u, err := s.make(ctx, n)
	if err != nil {
		return User{}, err
	}
	if err := s.store.FirstUser(ctx, digest(token), u); err != nil {
		return User{}, fmt.Errorf("make first user: %w", err)
	}
	return u, nil
}

// make turns n into a user with a hashed password.
func (s *Service) make(ctx context.Context, n NewUser) (User, error) {
	u := User{ID: uuid.NewString(), Username: fold(n.Username), Name: strings.TrimSpace(n.Name), Role: n.Role, CreatedAt: now()}
	if err := checkUsername(u.Username); err != nil {
		return User{}, err
	}
	if u.Role.Permissions() == nil {
		return User{}, fault.Say(fault.Invalid, "role", "There is no such role. There are: owner, admin, editor, viewer.")
	}
	if u.Name == "" {
		u.Name = u.Username
	}
	hash, err := s.passwords.hash(ctx, u.Username, n.Password)
	u.Hash = hash
	return u, err
}

// Record writes one line of the audit.
func (s *Service) Record(ctx context.Context, e Entry) error { return s.store.Record(ctx, e) }

func fold(username string) string { return strings.ToLower(strings.TrimSpace(username)) }

func checkUsername(name string) error {
	bad := strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@+", r)
	})
	if name == "" || len(name) > 64 || bad >= 0 {
		return fault.Say(fault.Invalid, "username", "A user name has 1 to 64 letters, digits and . _ - @ + and no spaces.")
	}
	return nil
}

// secret is 256 random bits as text.
func secret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails, and ends the process if it would
	return base64.RawURLEncoding.EncodeToString(b)
}

func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// now is the time as stores keep it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
