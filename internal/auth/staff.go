package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-im/parley/internal/fault"
)

// refused is the one answer to a sign-in that fails, for whatever reason.
func refused() error {
	return fault.Say(fault.Denied, "sign_in_refused", "The user name or the password is wrong.")
}

// SignIn checks a password. Unknown and disabled users take as long and get the
// same answer as wrong passwords.
func (s *Service) SignIn(ctx context.Context, address, username, password string) (User, error) {
	username = fold(username)
	if err := s.addresses.take(ctx, address); err != nil {
		return User{}, err
	}
	if err := s.names.take(ctx, username); err != nil {
		return User{}, err
	}
	u, err := s.store.UserNamed(ctx, username)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return User{}, fmt.Errorf("find user: %w", err)
	}
	if err != nil || u.Disabled {
		u = User{}
	}
	ok, err := s.passwords.check(ctx, password, u.Hash)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, refused()
	}
	s.names.forget(ctx, username)
	at := now()
	u.LastSignIn = &at
	if err := s.store.SignedIn(ctx, u.ID, at); err != nil {
		return User{}, fmt.Errorf("note sign-in: %w", err)
	}
	return u, nil
}

// Session says who the user of a session is now. If the session is over, because
// the user was disabled, deleted or got a new password, it is nobody.
func (s *Service) Session(ctx context.Context, userID string, epoch int) (Principal, error) {
	u, err := s.store.User(ctx, userID)
	if errors.Is(err, fault.NotFound) {
		return Principal{}, nil
	}
	if err != nil {
		return Principal{}, fmt.Errorf("find user of session: %w", err)
	}
	if u.Disabled || u.Epoch != epoch {
		return Principal{}, nil
	}
	return Principal{User: u, perms: u.Role.Permissions()}, nil
}

// Users lists the staff.
func (s *Service) Users(ctx context.Context) ([]User, error) { return s.store.Users(ctx) }

// AddUser makes a member of staff.
func (s *Service) AddUser(ctx context.Context, by Principal, n NewUser) (User, error) {
	if !by.mayManage(n.Role) {
		return User{}, ownersOnly()
	}
	u, err := s.make(ctx, n)
	if err != nil {
		return User{}, err
	}
	if err := s.store.AddUser(ctx, u); err != nil {
		return User{}, fmt.Errorf("add user: %w", err)
	}
	return u, nil
}

// UserChange is what of a user may change. Nil stays.
type UserChange struct {
	Name     *string
	Role     *Role
	Disabled *bool
	Password *string
}

// ChangeUser changes a member of staff. A new role, a new password and being
// disabled end all sessions of that user at once.
func (s *Service) ChangeUser(ctx context.Context, by Principal, id string, c UserChange) (User, error) {
	u, err := s.store.User(ctx, id)
	if err != nil {
		return User{}, fmt.Errorf("find user %s: %w", id, err)
	}
	if !by.mayManage(u.Role) || c.Role != nil && !by.mayManage(*c.Role) {
		return User{}, ownersOnly()
	}
	readIn := u.Epoch
	if c.Name != nil {
		u.Name = strings.TrimSpace(*c.Name)
	}
	if c.Role != nil && *c.Role != u.Role {
		u.Role, u.Epoch = *c.Role, u.Epoch+1
	}
	if c.Disabled != nil && *c.Disabled != u.Disabled {
		u.Disabled, u.Epoch = *c.Disabled, u.Epoch+1
	}
	if c.Password != nil {
		if by.User.ID == u.ID {
			return User{}, fault.Say(fault.Invalid, "own_password", "Your own password is changed with the old one.")
		}
		if u.Hash, err = s.passwords.hash(ctx, u.Username, *c.Password); err != nil {
			return User{}, err
		}
		u.Epoch++
	}
	if err := s.store.UpdateUser(ctx, u, readIn); err != nil {
		return User{}, fmt.Errorf("change user %s: %w", id, err)
	}
	return u, nil
}

// ChangePassword changes one's own password and ends the other sessions.
func (s *Service) ChangePassword(ctx context.Context, address string, by Principal, current, new string) (User, error) {
	if err := s.addresses.take(ctx, address); err != nil {
		return User{}, err
	}
	if err := s.names.take(ctx, by.User.Username); err != nil {
		return User{}, err
	}
	u, err := s.store.User(ctx, by.User.ID)
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", err)
	}
	ok, err := s.passwords.check(ctx, current, u.Hash)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, fault.Say(fault.Denied, "wrong_password", "The current password is wrong.")
	}
	s.names.forget(ctx, u.Username)
	readIn := u.Epoch
	if u.Hash, err = s.passwords.hash(ctx, u.Username, new); err != nil {
		return User{}, err
	}
	u.Epoch++
	if err := s.store.UpdateUser(ctx, u, readIn); err != nil {
		return User{}, fmt.Errorf("change password: %w", err)
	}
	return u, nil
}

// DeleteUser removes a member of staff with their keys.
func (s *Service) DeleteUser(ctx context.Context, by Principal, id string) error {
	u, err := s.store.User(ctx, id)
	if err != nil {
		return fmt.Errorf("find user %s: %w", id, err)
	}
	if !by.mayManage(u.Role) {
		return ownersOnly()
	}
	if err := s.store.DeleteUser(ctx, id); err != nil {
		return fmt.Errorf("delete user %s: %w", id, err)
	}
	return nil
}

func ownersOnly() error {
	return fault.Say(fault.Denied, "owners_only", "Only an owner may do this to an owner, and only in person.")
}
