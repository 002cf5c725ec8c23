package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// The headers that carry a signature, both ways.
const (
	TimestampHeader = "X-Parley-Timestamp" // unix seconds
	SignatureHeader = "X-Parley-Signature"
)

// window is how far the clocks of the two sides may be apart, and how old a
// request may be.
const window = 5 * time.Minute

// Sign returns what stands in SignatureHeader for a body sent at timestamp:
// sha256= and the HMAC-SHA256 of timestamp, a dot and the raw body, in hex.
func Sign(secret, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(timestamp))
	h.Write([]byte{'.'})
	h.Write(body)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

// fresh checks the timestamp of a request. It comes before the body is read.
func fresh(header http.Header, now time.Time) error {
	t, err := strconv.ParseInt(header.Get(TimestampHeader), 10, 64)
	if err != nil {
		return fault.Say(fault.Denied, "timestamp", "The header %s must hold the time in unix seconds.", TimestampHeader)
	}
	if off := now.Sub(time.Unix(t, 0)); off > window || off < -window {
		return fault.Say(fault.Denied, "timestamp", "The timestamp is more than 5 minutes off; the time here is %d.", now.Unix())
	}
	return nil
}

// signed checks the signature of a request and returns it.
func signed(header http.Header, secret string, body []byte) (string, error) {
	signature := header.Get(SignatureHeader)
	if !hmac.Equal([]byte(signature), []byte(Sign(secret, header.Get(TimestampHeader), body))) {
		return "", fault.Say(fault.Denied, "signature", "The signature in %s does not fit the timestamp and the body.", SignatureHeader)
	}
	return signature, nil
}

// replays remembers the signatures that were accepted, as long as their
// timestamps are. A request that somebody recorded and sends again is refused; a
// sender that repeats a message signs it afresh, and the ledger drops the message
// by its ID. For that reason memory is enough: after a restart a recorded request
// gets through to the ledger, which has dropped that ID for ever.
type replays struct {
	mu    sync.Mutex
	seen  map[string]time.Time // signature → when it may be forgotten
	sweep time.Time
}

// claim remembers signature. It is fault.Conflict if it was claimed before.
func (r *replays) claim(signature string, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.After(r.sweep) {
		for s, until := range r.seen {
			if now.After(until) {
				delete(r.seen, s)
			}
		}
		r.sweep = now.Add(time.Minute)
	}
	if _, ok := r.seen[signature]; ok {
		return fmt.Errorf("webhook request: %w", fault.Say(fault.Conflict, "replay",
			"This very request was taken before. To repeat a message, sign it with a new timestamp."))
	}
	if r.seen == nil {
		r.seen = map[string]time.Time{}
	}
	// A timestamp may lie one window ahead and is good for one window after that.
	r.seen[signature] = now.Add(2 * window)
	return nil
}

// release forgets a signature whose request was not taken after all, so that the
// sender may offer the very same request again.
func (r *replays) release(signature string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, signature)
}
