package auth

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/parley-im/parley/internal/fault"
)

const (
	minPassword = 10  // characters
	maxPassword = 200 // characters
	hashing     = 2   // at a time: each takes 64 MiB
	hashWait    = 10 * time.Second
)

// passwords hashes and checks, few at a time.
type passwords struct {
	params argon2id.Params
	slots  chan struct{}
	dummy  string // a hash of nothing, checked when there is no user
}

func newPasswords(p argon2id.Params) *passwords {
	b64 := base64.RawStdEncoding.EncodeToString
	return &passwords{
		params: p,
		slots:  make(chan struct{}, hashing),
		dummy: fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", p.Memory, p.Iterations, p.Parallelism,
			b64(make([]byte, p.SaltLength)), b64(make([]byte, p.KeyLength))),
	}
}

// hash checks the rule for passwords, and hashes.
func (p *passwords) hash(ctx context.Context, username, password string) (string, error) {
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword || n > maxPassword:
		return "", fault.Say(fault.Invalid, "password", "A password has at least %d characters, and at most %d.", minPassword, maxPassword)
	case fold(password) == username:
		return "", fault.Say(fault.Invalid, "password", "The password must not be the user name.")
	case oneRune(password):
		return "", fault.Say(fault.Invalid, "password", "The password must not be one character over and over.")
	}
	done, err := p.slot(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(password, &p.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// check compares a password with a hash; with "" it takes as long and says no.
func (p *passwords) check(ctx context.Context, password, hash string) (bool, error) {
	done, err := p.slot(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	known := hash != ""
	if !known {
		hash = p.dummy
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check password: %w", err)
	}
	return ok && known, nil
}

// slot waits until one of the few hashes at a time may begin.
func (p *passwords) slot(ctx context.Context) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, fault.Say(fault.Unavailable, "busy", "Too many people sign in right now. Try again in a moment.").Because(ctx.Err())
	}
}

func oneRune(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.Trim(s, string(first)) == ""
}
