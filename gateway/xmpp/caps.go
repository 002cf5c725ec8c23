package xmpp

import (
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
)

// capsVersion is the hash of what describe says (XEP-0115, section 5.1).
func capsVersion() string {
	sum := sha1.Sum([]byte("client/bot//Parley<" + strings.Join(slices.Sorted(slices.Values(abilities)), "<") + "<"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// describe answers who asks what we are.
func describe(request *stanza.Node) *stanza.Node {
	q := stanza.New(discoNS, "query", "node", request.Child(discoNS, "query").Attr("node")).Add(
		stanza.New(discoNS, "identity", "category", "client", "type", "bot", "name", "Parley"))
	for _, a := range abilities {
		q.Add(stanza.New(discoNS, "feature", "var", a))
	}
	return q
}
