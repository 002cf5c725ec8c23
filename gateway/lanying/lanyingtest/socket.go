package lanyingtest

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/parley-im/parley/gateway/lanying/floo"
)

const placeholder = `451-["frame",{"_placeholder":true,"num":0}]`

// socket is one long connection.
type socket struct {
	ws      *websocket.Conn
	writing sync.Mutex
}

func (x *socket) send(command uint64, payload any) {
	x.raw(floo.Encode(&floo.Frame{Command: new(command), Payload: floo.Encode(payload)}))
}

func (x *socket) raw(frame []byte) {
	x.writing.Lock()
	defer x.writing.Unlock()
	_ = x.ws.WriteMessage(websocket.TextMessage, []byte(placeholder))
	_ = x.ws.WriteMessage(websocket.BinaryMessage, append([]byte{4}, frame...))
}

func (x *socket) text(s string) {
	x.writing.Lock()
	defer x.writing.Unlock()
	_ = x.ws.WriteMessage(websocket.TextMessage, []byte(s))
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("EIO") != "3" || r.URL.Query().Get("transport") != "websocket" {
		s.t.Errorf("the socket was asked for with %s", r.URL.RawQuery)
	}
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	x := &socket{ws: ws}
	x.text(`0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":60000}`)
	x.text("40")
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.sockets, x)
	}()
	for {
		kind, data, err := ws.ReadMessage()
		if err != nil {
			return
		}
		s.mu.Lock()
		switch {
		case s.silent:
		case kind == websocket.TextMessage && string(data) == "2":
			x.text("3")
		case kind == websocket.TextMessage && !strings.HasPrefix(string(data), `451-["frame"`):
			s.t.Errorf("the socket got %q", data)
		case kind == websocket.BinaryMessage:
			s.frame(x, data)
		}
		s.mu.Unlock()
	}
}

// frame answers one frame.
func (s *Server) frame(x *socket, data []byte) {
	var f floo.Frame
	if len(data) == 0 || data[0] != 4 || floo.Decode(data[1:], &f) != nil {
		s.t.Errorf("the socket got %x", data)
		return
	}
	ok := &floo.Status{Code: new(uint64(floo.OK))}
	switch floo.Val(f.Command) {
	case floo.Provision:
		var p floo.Provisioning
		if floo.Decode(f.Payload, &p) != nil || p.XID == nil || floo.Val(p.DeviceGUID) == "" || floo.Val(p.OSType) != 6 {
			s.t.Errorf("a login with %x", f.Payload)
		}
		code := uint64(floo.OK)
		if floo.Val(p.Token) != s.valid || s.valid == "" {
			code = floo.InvalidToken
		}
		if s.refuse != 0 {
			code, s.refuse = s.refuse, 0
		}
		x.send(floo.Provision, &floo.Provisioning{Status: &floo.Status{Code: new(code)}, XID: &floo.XID{UID: new(uint64(Bot)), DeviceSN: new(uint64(125171))}})
		if code == floo.OK {
			s.sockets[x] = true
		}
	case floo.Unread:
		counts := map[uint64]uint64{}
		for _, m := range s.messages {
			if !m.confirmed {
				counts[m.opposite()]++
			}
		}
		d := &floo.UnreadDL{Status: ok}
		for who, n := range counts {
			d.Unread = append(d.Unread, floo.UnreadCount{XID: floo.User(who), N: new(n), Type: new(uint64(1))})
		}
		x.send(floo.Unread, d)
	case floo.Sync:
		var q floo.SyncUL
		if floo.Decode(f.Payload, &q) != nil {
			s.t.Errorf("the socket got a sync of %x", f.Payload)
			return
		}
		s.sync(x, q)
	}
}

const page = 5 // messages of one answer

func (s *Server) sync(x *socket, q floo.SyncUL) {
	ok := &floo.Status{Code: new(uint64(floo.OK))}
	if q.Meta != nil {
		var b floo.MessageBody
		if floo.Decode(q.Meta.Payload, &b) != nil || q.Meta.From == nil || floo.Val(q.Meta.From.DeviceSN) != 125171 || floo.Val(b.Content) != "" {
			s.t.Errorf("sent over the socket: %+v", b)
		}
		s.typed++
		x.send(floo.Sync, &floo.SyncDL{Status: ok, XID: q.Meta.To, ClientMID: q.Meta.ID, ServerMID: new(s.last + 1), ServerTime: new(uint64(s.clock))})
		return
	}
	who := floo.Val(q.XID.UID)
	d := &floo.SyncDL{Status: ok, NextKey: new(uint64(0)), XID: floo.User(who)}
	for i := range s.messages {
		m := &s.messages[i]
		if m.opposite() != who {
			continue
		}
		if m.key <= floo.Val(q.Key) {
			m.confirmed = true
		}
		if !m.confirmed && len(d.Metas) < page {
			d.Metas = append(d.Metas, m.meta())
			d.NextKey = new(m.key)
		}
	}
	x.send(floo.Sync, d)
}

var ctypes = map[string]uint64{"": floo.Text, "TEXT": floo.Text, "IMAGE": floo.Image, "AUDIO": floo.Audio, "VIDEO": floo.Video, "FILE": floo.File, "LOCATION": 5}

func (m Message) meta() floo.Meta {
	kind := uint64(floo.Chat)
	if m.Group {
		kind = floo.GroupChat
	}
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return new(s)
	}
	return floo.Meta{ID: new(m.ID), From: &floo.XID{UID: new(m.From), DeviceSN: new(uint64(5))}, To: floo.User(m.To), Timestamp: new(uint64(m.At)), NS: new(uint64(floo.NSMessage)),
		Payload: floo.Encode(&floo.MessageBody{Type: new(kind), Content: new(m.Content), CType: new(ctypes[m.CType]), Config: text(m.Config), Attachment: text(m.Attachment), Ext: text(m.Ext)})}
}

// Push sends metas over all sockets, as part of the conversation with somebody.
func (s *Server) Push(with uint64, metas ...floo.Meta) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.sockets {
		x.send(floo.Sync, &floo.SyncDL{Status: &floo.Status{Code: new(uint64(floo.OK))}, XID: floo.User(with), Metas: metas})
	}
}

// Again brings a message once more.
func (s *Server) Again(id uint64) {
	s.mu.Lock()
	i := slices.IndexFunc(s.messages, func(m Message) bool { return m.ID == id })
	m := s.messages[i]
	s.mu.Unlock()
	s.Push(m.opposite(), m.meta())
}

// Raw sends bytes as a frame.
func (s *Server) Raw(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.sockets {
		x.raw(frame)
	}
}

// Cut ends all sockets.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.sockets {
		_ = x.ws.NetConn().Close()
		delete(s.sockets, x)
	}
}

// Sockets counts them.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Silence makes the sockets say nothing any more, or speak again.
func (s *Server) Silence(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = on
}

// Refuse makes the next login over the socket fail with a status.
func (s *Server) Refuse(status uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = status
}
