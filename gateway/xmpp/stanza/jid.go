package stanza

import (
	"errors"
	"strings"

	"golang.org/x/net/idna"
)

// JID is an address: local@domain/resource (RFC 7622). It can be compared.
type JID struct{ Local, Domain, Resource string }

var errJID = errors.New("is not an address like name@example.com")

const mostPart = 1023 // bytes of each part

// ParseJID reads an address. Local part and domain are folded to lower case, as
// servers do; the resource, which is a nick name in rooms, is kept.
func ParseJID(s string) (JID, error) {
	rest, resource, _ := strings.Cut(s, "/")
	local, domain, found := strings.Cut(rest, "@")
	if !found {
		local, domain = "", rest
	}
	if found && local == "" || strings.Contains(s, "\x00") || strings.ContainsAny(rest, " \t\r\n\"&'<>:") && !strings.HasPrefix(domain, "[") ||
		max(len(local), len(domain), len(resource)) > mostPart {
		return JID{}, errJID
	}
	domain = strings.TrimSuffix(strings.ToLower(domain), ".")
	if ascii, err := idna.Lookup.ToUnicode(domain); err == nil {
		domain = ascii
	}
	if domain == "" || strings.Contains(domain, "@") {
		return JID{}, errJID
	}
	return JID{strings.ToLower(local), domain, resource}, nil
}

// Bare is the address without its resource.
func (j JID) Bare() JID { return JID{Local: j.Local, Domain: j.Domain} }

// With is the address with another resource.
func (j JID) With(resource string) JID { return JID{j.Local, j.Domain, resource} }

// IsZero reports whether there is no address.
func (j JID) IsZero() bool { return j == JID{} }

func (j JID) String() string {
	s := j.Domain
	if j.Local != "" {
		s = j.Local + "@" + s
	}
	if j.Resource != "" {
		s += "/" + j.Resource
	}
	return s
}
