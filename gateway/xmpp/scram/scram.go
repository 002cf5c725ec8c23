// Package scram is the client's side of SCRAM (RFC 5802, RFC 7677): a proof that the
// client knows a password, and that the server does, without sending it. There is no
// channel binding.
package scram

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/text/secure/precis"
)

// Mechanism is a variant of SCRAM.
type Mechanism struct {
	Name string // as SASL calls it
	hash func() hash.Hash
	size int
}

// Mechanisms that are known, the strongest first.
var Mechanisms = []Mechanism{
	{"SCRAM-SHA-256", sha256.New, sha256.Size},
	{"SCRAM-SHA-1", sha1.New, sha1.Size},
}

// Bounds of what a server may ask for: less is not safe, more would keep us busy.
const (
	leastIterations = 1000
	mostIterations  = 1_000_000
	mostMessage     = 4096 // bytes
)

// Client is one exchange.
type Client struct {
	m                    Mechanism
	user, password       string
	nonce                string
	bare                 string // client-first-message-bare
	serverProof          []byte
	challenged, verified bool
}

// New begins an exchange. An error says that user or password cannot be sent.
func (m Mechanism) New(user, password string) (*Client, error) {
	return m.start(user, password, rand.Text())
}

func (m Mechanism) start(user, password, nonce string) (*Client, error) {
	p, err := precis.OpaqueString.String(password) // the successor of SASLprep, RFC 8265
	if err != nil {
		return nil, fmt.Errorf("the password has characters that cannot be used: %w", err)
	}
	u := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(user)
	return &Client{m: m, user: u, password: p, nonce: nonce, bare: "n=" + u + ",r=" + nonce}, nil
}

// First is the first message to the server.
func (c *Client) First() []byte { return []byte("n,," + c.bare) }

// Answer answers the server's challenge.
func (c *Client) Answer(challenge []byte) ([]byte, error) {
	if c.challenged {
		return nil, errors.New("a second challenge")
	}
	c.challenged = true
	fields, err := attributes(challenge)
	if err != nil {
		return nil, err
	}
	nonce, iterations := fields["r"], fields["i"]
	if _, ok := fields["m"]; ok {
		return nil, errors.New("the server asks for an extension that is not known")
	}
	if !strings.HasPrefix(nonce, c.nonce) || len(nonce) == len(c.nonce) {
		return nil, errors.New("the server's nonce does not go on from ours")
	}
	salt, err := base64.StdEncoding.DecodeString(fields["s"])
	if err != nil || len(salt) == 0 {
		return nil, errors.New("the challenge has no salt")
	}
	n, err := strconv.Atoi(iterations)
	if err != nil || n < leastIterations || n > mostIterations {
		return nil, fmt.Errorf("the server asks for %q iterations, not %d to %d", iterations, leastIterations, mostIterations)
	}
	salted, err := pbkdf2.Key(c.m.hash, c.password, salt, n, c.m.size)
	if err != nil {
		return nil, fmt.Errorf("derive the key: %w", err)
	}
	clientKey := c.mac(salted, "Client Key")
	stored := c.m.hash()
	stored.Write(clientKey)
	final := "c=biws,r=" + nonce
	message := c.bare + "," + string(challenge) + "," + final
	proof := c.mac(stored.Sum(nil), message)
	for i := range proof {
		proof[i] ^= clientKey[i]
	}
	c.serverProof = c.mac(c.mac(salted, "Server Key"), message)
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// Verify checks the server's last message: only who knows the password can make it.
func (c *Client) Verify(final []byte) error {
	fields, err := attributes(final)
	if err != nil {
		return err
	}
	if e, ok := fields["e"]; ok {
		return fmt.Errorf("the server says %q", e)
	}
	got, err := base64.StdEncoding.DecodeString(fields["v"])
	if err != nil || c.serverProof == nil || !hmac.Equal(got, c.serverProof) {
		return errors.New("the server does not know the password: it may be another one")
	}
	c.verified = true
	return nil
}

// Verified reports whether Verify went well.
func (c *Client) Verified() bool { return c.verified }

func (c *Client) mac(key []byte, text string) []byte {
	h := hmac.New(c.m.hash, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// attributes reads a message of the form a=…,b=….
func attributes(message []byte) (map[string]string, error) {
	if len(message) > mostMessage {
		return nil, errors.New("the server's message is too long")
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(string(message), ",") {
		name, value, ok := strings.Cut(part, "=")
		if _, twice := fields[name]; !ok || len(name) != 1 || twice {
			return nil, errors.New("the server's message is not well-formed")
		}
		fields[name] = value
	}
	return fields, nil
}
