package xmpp

import "github.com/parley-im/parley/gateway/xmpp/stanza"

// Name spaces.
const (
	client      = "jabber:client"
	formNS      = "jabber:x:data"
	delayNS     = "urn:xmpp:delay"
	idsNS       = "urn:xmpp:sid:0"
	discoNS     = "http://jabber.org/protocol/disco#info"
	mucNS       = "http://jabber.org/protocol/muc"
	mucUserNS   = "http://jabber.org/protocol/muc#user"
	typingNS    = "http://jabber.org/protocol/chatstates"
	correctNS   = "urn:xmpp:message-correct:0"
	replyNS     = "urn:xmpp:reply:0"
	fallbackNS  = "urn:xmpp:fallback:0"
	reactionsNS = "urn:xmpp:reactions:0"
	referenceNS = "urn:xmpp:reference:0"
	receiptsNS  = "urn:xmpp:receipts"
	hintsNS     = "urn:xmpp:hints"
	fileNS      = "jabber:x:oob"
	capsNS      = "http://jabber.org/protocol/caps"
	pingNS      = "urn:xmpp:ping"
	rosterNS    = "jabber:iq:roster"
)

// software names the program where clients ask for it (XEP-0115), and tells one Parley
// from a person for another.
const software = "https://github.com/parley-im/parley"

// abilities are what the bot's client can do (XEP-0030).
var abilities = []string{
	capsNS, discoNS, typingNS, correctNS, fileNS, reactionsNS, receiptsNS, replyNS, pingNS,
}

// presenceOf makes the bot present in general (to: zero) or to one address.
func presenceOf(to stanza.JID) *stanza.Node {
	return stanza.New(client, "presence", "to", to.String()).Add(
		stanza.New(capsNS, "c", "hash", "sha-1", "node", software, "ver", capsVersion()))
}
