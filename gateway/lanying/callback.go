package lanying

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

const maxBody = 1 << 20

// text is a string that may be missing, null, or of another type.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		s = string(bytes.TrimSpace(data)) // JSON in place of JSON in a string
	}
	if s == "null" {
		s = ""
	}
	*t = text(s)
	return nil
}

// callback is what Lanying posts for a message.
type callback struct {
	Timestamp number `json:"timestamp"` // ms
	From      struct {
		UID number `json:"uid"`
	} `json:"from"`
	To struct {
		UID number `json:"uid"`
	} `json:"to"`
	AppID      string `json:"appId"`
	Type       string `json:"type"`
	CType      string `json:"ctype"`
	Content    text   `json:"content"`
	Ext        text   `json:"ext"`
	Config     text   `json:"config"`
	Attachment text   `json:"attachment"`
	ID         number `json:"msgId"`
}

// ServeHTTP takes a callback at /channels/NAME/. 200 means that the message is durable;
// after anything else Lanying offers it again, three times in all.
func (h *hooked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "Only POST is understood here.", http.StatusMethodNotAllowed)
		return
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("signature")), []byte(h.set.Secret)) != 1 {
		http.Error(w, "The header signature is missing or not the one that was configured as secret.", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "The body is larger than 1 MB or could not be read.", http.StatusRequestEntityTooLarge)
		return
	}
	h.seen()
	s, ours, err := h.read(body)
	if err == nil && ours {
		err = h.hear(r.Context(), s, h.Deliver)
	}
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, fault.Invalid):
		_, sentence := fault.Public(err)
		h.log.Warn("a callback was refused", "err", err)
		http.Error(w, sentence, http.StatusBadRequest)
	default:
		h.log.Error("a callback could not be stored; it will be offered again", "err", err)
		http.Error(w, "The message could not be stored; send it again.", http.StatusServiceUnavailable)
	}
}

// read decodes a callback. ours is false for what is not a message to anybody: edits,
// recalls, events.
func (h *hooked) read(body []byte) (s said, ours bool, err error) {
	var c callback
	if err := json.Unmarshal(body, &c); err != nil {
		return s, false, fault.Say(fault.Invalid, "callback", "The body is not the JSON of a message: a field has another form.").Because(err)
	}
	if c.AppID != h.set.AppID {
		return s, false, fault.Say(fault.Invalid, "callback", "appId is not the app of this channel.")
	}
	if c.Type != "CHAT" && c.Type != "GROUPCHAT" {
		return s, false, nil
	}
	for name, n := range map[string]number{"from.uid": c.From.UID, "to.uid": c.To.UID} {
		if n == 0 {
			return s, false, fault.Say(fault.Invalid, "callback", "%s is missing.", name)
		}
	}
	s = said{
		id: uint64(c.ID), from: uint64(c.From.UID), to: uint64(c.To.UID), group: c.Type == "GROUPCHAT", kind: c.CType,
		content: string(c.Content), ext: string(c.Ext), config: string(c.Config), attached: string(c.Attachment),
	}
	if c.Timestamp > 0 {
		s.at = time.UnixMilli(int64(c.Timestamp))
	}
	if s.id == 0 { // without an ID its own words are one, for when it is offered again
		sum := sha256.Sum256([]byte(strconv.Itoa(int(c.Timestamp)) + id(s.from) + ">" + id(s.to) + s.content + s.attached))
		s.id = binary.BigEndian.Uint64(sum[:]) | 1<<63
	}
	return s, true, nil
}
