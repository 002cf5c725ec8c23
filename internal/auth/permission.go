package auth

import "slices"

// Permission is the right to do one kind of thing.
type Permission string

const (
	OverviewRead      Permission = "overview.read"
	ConversationsRead Permission = "conversations.read"
	DocumentsRead     Permission = "documents.read"
	DocumentsWrite    Permission = "documents.write"
	CollectionsWrite  Permission = "collections.write"
	PromptsRead       Permission = "prompts.read"
	PromptsWrite      Permission = "prompts.write"
	Search            Permission = "search"
	Try               Permission = "try"
	UsersWrite        Permission = "users.write"
	KeysWrite         Permission = "keys.write"
	ChannelsWrite     Permission = "channels.write"
)

// What an operation may ask for beside a Permission.
const (
	Public   Permission = "public"    // anybody
	SignedIn Permission = "signed_in" // a member of staff in person: no key
)

// Role is what a member of staff is.
type Role string

const (
	Owner  Role = "owner"
	Admin  Role = "admin"
	Editor Role = "editor"
	Viewer Role = "viewer"
)

// Permissions is the table of roles: what each may do. It is asked in Principal.May
// and nowhere else.
func (r Role) Permissions() []Permission {
	viewer := []Permission{OverviewRead, ConversationsRead, DocumentsRead, PromptsRead, Search}
	editor := append(slices.Clone(viewer), DocumentsWrite, CollectionsWrite, Try)
	admin := append(slices.Clone(editor), PromptsWrite, UsersWrite, KeysWrite, ChannelsWrite)
	switch r {
	case Viewer:
		return viewer
	case Editor:
		return editor
	case Admin, Owner: // only an owner may change owners: see mayManage
		return admin
	}
	return nil
}

// All is every permission there is.
func All() []Permission { return Owner.Permissions() }

// Principal is who makes a request. The zero Principal is nobody.
type Principal struct {
	User  User   // who signed in, or who made the key
	KeyID string // set if a key was used
	perms []Permission
}

// Known reports whether somebody is there at all.
func (p Principal) Known() bool { return p.User.ID != "" }

// Permissions lists what p may do.
func (p Principal) Permissions() []Permission { return slices.Clone(p.perms) }

// May reports whether p may do what needs the permission.
func (p Principal) May(need Permission) bool {
	switch need {
	case Public:
		return true
	case SignedIn:
		return p.Known() && p.KeyID == ""
	}
	return p.Known() && slices.Contains(p.perms, need)
}

// mayManage says whether p may change or make a user of the role: owners are
// changed by owners only.
func (p Principal) mayManage(r Role) bool {
	return p.May(UsersWrite) && (r != Owner || p.User.Role == Owner && p.KeyID == "")
}
