package auth

import (
	"time"
)

// User is a member of staff.
type User struct {
	ID         string     `json:"id"`
	Username   string     `json:"username"`
	Name       string     `json:"name"`
	Role       Role       `json:"role" enum:"owner,admin,editor,viewer"`
	Disabled   bool       `json:"disabled"`
	CreatedAt  time.Time  `json:"created_at"`
	LastSignIn *time.Time `json:"last_sign_in_at"`

	Hash  string `json:"-"` // of the password
	Epoch int    `json:"-"` // sessions of another epoch are over
}

// Key lets a program call the API.
type Key struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Prefix      string       `json:"prefix" doc:"The first characters of the secret, to tell keys apart."`
	Permissions []Permission `json:"permissions"`
	CreatedBy   string       `json:"created_by" doc:"User name. The key stops when this user is disabled or deleted, and never may more than this user."`
	CreatedAt   time.Time    `json:"created_at"`
	ExpiresAt   *time.Time   `json:"expires_at"`
	LastUsedAt  *time.Time   `json:"last_used_at"`

	UserID string `json:"-"`
	Hash   []byte `json:"-"` // sha256 of the secret
}

// Entry is one line of the audit: who did what, when, to what.
type Entry struct {
	At      time.Time
	UserID  string
	User    string // user name as it was then
	KeyID   string // "" if the user acted in person
	Action  string // such as "delete-document"
	Target  string // ID or name of what was changed
	Request string // number of the request, as in the log
}
