// Package lanyingtest is a made-up Lanying IM on loopback: its REST API (rest.go), its
// callbacks and its long connection (socket.go), with what goes wrong in them. It was
// written after the vendor's public documentation and after bytes that the vendor's
// client was seen to send and to take; it is a fake, the real server was never asked.
package lanyingtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway/lanying/floo"
)

// What there is in the made-up world.
const (
	App      = "welovemaxim"
	Bot      = 6597439728320
	Admin    = "admin-token-of-the-test"
	Username = "parley"
	Password = "password-of-the-test"
	Nick     = "小助手"
	Secret   = "signature-of-the-test"
)

// Message is one that is stored.
type Message struct {
	ID         uint64
	From, To   uint64
	Group      bool
	CType      string
	Content    string
	Ext        string
	Config     string
	Attachment string
	At         int64 // ms
	Replaced   int
	Pieces     []string // that were appended for those who look on
	key        uint64   // of the sync
	confirmed  bool
}

// Server is the made-up Lanying.
type Server struct {
	*httptest.Server
	t *testing.T

	// What may be changed before it is used.
	Call      func(body []byte, signature string) (status int) // offers a callback; nil: there are none
	ForceOnly bool                                             // edits are called back only if they ask for it

	mu       sync.Mutex
	messages []Message
	last     uint64
	clock    int64
	done     map[int64]uint64 // by transaction_id
	read     map[uint64]bool  // acknowledged over REST
	members  map[uint64]bool  // groups that the bot is in
	script   []Fault          // of the next sends
	tokens   int              // how many were given out
	valid    string           // the last one
	accepted []uint64         // contacts
	reads    []uint64         // read acks
	sockets  map[*socket]bool
	silent   bool
	refuse   uint64 // status of the next login over the socket
	typed    int    // signs of typing
	files    map[string]string
	Storage  *httptest.Server // where files are sent on to; it fails the test if it is shown the token
}

// Fault is what happens to one send.
type Fault struct {
	Code   int           // of the envelope
	Status int           // of HTTP
	Wait   time.Duration // asked for with Status 429
	Kept   bool          // it is done all the same, only its answer is lost
	Reset  bool          // the connection is cut
}

// New starts it.
func New(t *testing.T) *Server {
	s := &Server{
		t: t, last: 1 << 60, clock: time.Now().UnixMilli(), done: map[int64]uint64{}, read: map[uint64]bool{}, members: map[uint64]bool{},
		sockets: map[*socket]bool{}, files: map[string]string{},
	}
	s.Server = httptest.NewServer(s.routes())
	s.Storage = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("access-token") != "" || r.URL.Query().Get("access-token") != "" || r.Header.Get("app_id") != "" {
			t.Error("the token was shown to another host")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		_, _ = w.Write([]byte(s.files[r.URL.Query().Get("name")]))
	}))
	t.Cleanup(func() {
		s.Cut()
		s.Close()
		s.Storage.Close()
	})
	return s
}

// Play makes the next sends go wrong.
func (s *Server) Play(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, faults...)
}

// Say stores what somebody says, and tells the sockets.
func (s *Server) Say(m Message) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Group {
		s.members[m.To] = true
	}
	return *s.keep(m)
}

func (s *Server) keep(m Message) *Message {
	s.last += 2 // IDs are greater than what a float can hold
	s.clock++
	m.ID, m.At, m.key = s.last, s.clock, s.last/2
	s.messages = append(s.messages, m)
	for x := range s.sockets {
		x.send(floo.NoticeCmd, &floo.Notice{XID: floo.User(m.opposite())})
	}
	return &s.messages[len(s.messages)-1]
}

// opposite is the group, or the other user.
func (m Message) opposite() uint64 {
	if !m.Group && m.From != Bot {
		return m.From
	}
	return m.To
}

// Messages lists what the bot sent to a user or a group.
func (s *Server) Messages(to uint64) (list []Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m.From == Bot && m.To == to {
			m.Pieces = slices.Clone(m.Pieces)
			list = append(list, m)
		}
	}
	return list
}

// Reads lists the messages that were marked as read.
func (s *Server) Reads() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reads)
}

// Accepted lists the contacts that were accepted.
func (s *Server) Accepted() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.accepted)
}

// Signs counts the signs of typing that came over sockets.
func (s *Server) Signs() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.typed
}

// File stores a file and returns its address.
func (s *Server) File(name, content string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = content
	return s.URL + "/file/download/chat?file_sign=" + name
}

// Tries is how often Lanying offers a callback.
const Tries = 3

// Offer calls back with a message until it is taken, so many times at most, and reports
// whether it was. change may alter the body.
func (s *Server) Offer(m Message, tries int, change func(map[string]any)) bool {
	body := s.body(m)
	if change != nil {
		change(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	for range tries {
		if s.Call(text, Secret) == http.StatusOK {
			return true
		}
	}
	return false
}

// body is that of a callback: numbers of 64 bits are strings, as protobuf has it in JSON.
func (s *Server) body(m Message) map[string]any {
	kind := "CHAT"
	if m.Group {
		kind = "GROUPCHAT"
	}
	text := func(n uint64) string { return strconv.FormatUint(n, 10) }
	if m.CType == "" {
		m.CType = "TEXT"
	}
	return map[string]any{
		"timestamp": strconv.FormatInt(m.At, 10), "node": "fireplace@10.244.0.112", "from": map[string]any{"uid": text(m.From), "deviceSN": 393585},
		"to": map[string]any{"uid": text(m.To), "deviceSN": 0}, "appId": App, "type": kind, "ctype": m.CType, "content": m.Content, "ext": m.Ext,
		"config": m.Config, "attachment": m.Attachment, "msgId": text(m.ID),
	}
}

func decodeBody(r *http.Request, into any) error {
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		return err
	}
	return json.Unmarshal(b.Bytes(), into)
}
