package stream

import (
	"fmt"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/internal/fault"
)

const stanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"

// StanzaError is an answer of type error (RFC 6120, section 8.3).
type StanzaError struct {
	Condition string // such as "item-not-found"
	Text      string // as the server says it
	From      string
}

func (e *StanzaError) Error() string {
	return fmt.Sprintf("%s answers %s %q", e.From, e.Condition, e.Text)
}

// Unwrap gives the kind.
func (e *StanzaError) Unwrap() error {
	switch e.Condition {
	case "item-not-found", "gone", "recipient-unavailable", "remote-server-not-found":
		return fault.NotFound
	case "bad-request", "jid-malformed", "feature-not-implemented", "unexpected-request":
		return fault.Invalid
	case "forbidden", "not-allowed", "not-authorized", "registration-required", "policy-violation", "subscription-required", "payment-required":
		return fault.Denied
	case "conflict":
		return fault.Conflict
	}
	return fault.Unavailable
}

// ErrorOf reads what is wrong out of a stanza of type error.
func ErrorOf(n *stanza.Node) *StanzaError {
	e := &StanzaError{Condition: "undefined-condition", From: n.Attr("from")}
	for _, c := range n.Child(Client, "error").All(stanzaErrors, "") {
		if c.Name == "text" {
			e.Text = c.Text
		} else {
			e.Condition = c.Name
		}
	}
	return e
}

// loginFailure says why the server does not let us in (RFC 6120, section 6.5).
func loginFailure(who stanza.JID, n *stanza.Node) error {
	condition := ""
	for _, c := range n.Nodes {
		if c.Name != "text" {
			condition = c.Name
		}
	}
	cause := fmt.Errorf("login refused: %s %q", condition, n.Child(sasl, "text").Content())
	switch condition {
	case "not-authorized", "invalid-authzid", "invalid-mechanism", "malformed-request", "incorrect-encoding":
		return fault.Say(fault.Denied, "xmpp_credentials", "The XMPP server does not accept the address or the password of %s.", who.Bare()).Because(cause)
	case "account-disabled", "credentials-expired":
		return fault.Say(fault.Denied, "xmpp_account", "The XMPP account %s is disabled, or its password has expired.", who.Bare()).Because(cause)
	case "encryption-required":
		return fault.Say(fault.Denied, "xmpp_encryption", "The XMPP server wants an encrypted connection; use a wss:// address.").Because(cause)
	}
	return fault.Say(fault.Unavailable, "xmpp_login", "The XMPP server cannot log anybody in at the moment.").Because(cause)
}

// streamError says why the server ended the stream (RFC 6120, section 4.9.3).
func streamError(n *stanza.Node) error {
	condition := "undefined-condition"
	for _, c := range n.All(errorNS, "") {
		if c.Name != "text" {
			condition = c.Name
		}
	}
	cause := fmt.Errorf("stream error %s %q", condition, n.Child(errorNS, "text").Content())
	switch condition {
	case "conflict":
		return fault.Say(fault.Unavailable, "xmpp_conflict", "Something else logged in with the same account and resource; each XMPP account can be in one channel only.").Because(cause)
	case "host-unknown", "host-gone":
		return fault.Say(fault.Denied, "xmpp_domain", "The XMPP server is not responsible for the domain of the address.").Because(cause)
	case "not-authorized":
		return fault.Say(fault.Denied, "xmpp_account", "The XMPP server closed the account's session: it may have been disabled or deleted.").Because(cause)
	case "policy-violation":
		return fault.Say(fault.Unavailable, "xmpp_policy", "The XMPP server closed the connection because a rule of its own was broken, such as a limit of size or rate.").Because(cause)
	case "system-shutdown", "reset":
		return fault.Say(fault.Unavailable, "xmpp_shutdown", "The XMPP server is shutting down or starting anew.").Because(cause)
	}
	return fault.Say(fault.Unavailable, "xmpp_stream", "The XMPP server ended the connection.").Because(cause)
}
