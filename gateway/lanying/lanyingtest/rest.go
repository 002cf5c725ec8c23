package lanyingtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// id is a number, or one in a string.
type id uint64

func (n *id) UnmarshalJSON(data []byte) error {
	x, err := strconv.ParseUint(strings.Trim(string(data), `"`), 10, 64)
	*n = id(x)
	return err
}

func answer(w http.ResponseWriter, data any) {
	_ = json.NewEncoder(w).Encode(map[string]any{"code": 200, "data": data, "message": nil})
}

func refuse(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "data": nil, "message": text})
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	// What needs no token.
	open := map[string]http.HandlerFunc{
		"GET /v2/app_dns": func(w http.ResponseWriter, _ *http.Request) {
			here := []map[string]any{{"protocol": "http", "host": strings.TrimPrefix(s.URL, "http://")}}
			answer(w, map[string]any{"version": 2, "app_status": "normal", "dns_list": []any{map[string]any{"group_level": 0, "clusters": []any{map[string]any{"ratel": here, "webim": here}}}}})
		},
		"POST /token/user": s.token,
	}
	closed := map[string]http.HandlerFunc{
		"GET /user/profile": func(w http.ResponseWriter, _ *http.Request) {
			answer(w, map[string]any{"user_id": uint64(Bot), "username": Username, "nick_name": Nick})
		},
		"POST /message/send":        s.send,
		"GET /message/conversation": s.conversation,
		"GET /message/unread":       s.unread,
		"POST /roster/accept": func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.ParseUint(r.URL.Query().Get("user_id"), 10, 64)
			s.accepted = append(s.accepted, n)
			answer(w, true)
		},
		"GET /file/download/chat": s.download,
	}
	guard := func(pattern string, needsToken bool, h http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			token := r.Header.Get("access-token")
			switch {
			case r.Header.Get("app_id") != App:
				refuse(w, 40000, "app_id missing")
			case needsToken && token == "":
				refuse(w, 10003, "access-token missing")
			case needsToken && token != Admin && (token != s.valid || s.valid == ""):
				refuse(w, 10008, "access-token invalid")
			case needsToken && token == Admin && r.Header.Get("user_id") != strconv.FormatUint(Bot, 10):
				s.t.Error("an admin does not say for whom it acts")
			default:
				h(w, r)
			}
		})
	}
	for pattern, h := range open {
		guard(pattern, false, h)
	}
	for pattern, h := range closed {
		guard(pattern, true, h)
	}
	mux.HandleFunc("GET /socket.io/", s.serveSocket)
	return mux
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	var q struct{ Name, Password string }
	if decodeBody(r, &q) != nil || q.Name != Username || q.Password != Password {
		refuse(w, 10000, "user does not exist")
		return
	}
	s.tokens++
	s.valid = "user-token-" + strconv.Itoa(s.tokens)
	answer(w, map[string]any{"user_id": uint64(Bot), "token": s.valid, "expire": s.clock/1000 + 3600})
}

// Expire makes the token of the user invalid.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid = ""
}

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Type        int    `json:"type"`
		Targets     []id   `json:"targets"`
		ContentType *int   `json:"content_type"`
		Content     string `json:"content"`
		From        id     `json:"from_user_id"`
		Ext         string `json:"ext"`
		Config      string `json:"config"`
		Related     id     `json:"related_mid"`
		OnlineOnly  bool   `json:"online_only"`
		Transaction int64  `json:"transaction_id"`
	}
	if decodeBody(r, &q) != nil || q.Type < 1 || q.Type > 2 || len(q.Targets) != 1 || q.ContentType == nil || *q.ContentType < 0 || *q.ContentType > 12 || q.From != Bot {
		refuse(w, 10002, "bad parameters")
		return
	}
	to := uint64(q.Targets[0])
	if *q.ContentType == 9 {
		s.reads = append(s.reads, uint64(q.Related))
		s.read[uint64(q.Related)] = true
		answer(w, true)
		return
	}
	lost := false
	if len(s.script) > 0 {
		f := s.script[0]
		s.script = s.script[1:]
		if !f.Kept {
			fail(w, f)
			return
		}
		lost = true
	}
	if q.Type == 2 && !s.members[to] {
		refuse(w, 20002, "not a member")
		return
	}
	mid, known := s.done[q.Transaction]
	if !known || q.Transaction == 0 {
		switch *q.ContentType {
		case 0:
			mid = s.keep(Message{From: Bot, To: to, Group: q.Type == 2, CType: "TEXT", Content: q.Content, Ext: q.Ext, Config: q.Config}).ID
		case 11, 12:
			i := slices.IndexFunc(s.messages, func(m Message) bool { return m.ID == uint64(q.Related) && m.From == Bot })
			if i < 0 {
				refuse(w, 10002, "no such message")
				return
			}
			m := &s.messages[i]
			s.change(m, *q.ContentType, q.Content, q.Ext)
			mid = m.ID
		}
		s.done[q.Transaction] = mid
	}
	if lost {
		fail(w, Fault{Status: http.StatusBadGateway})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"code": 200, "data": true, "message": nil, "msg_ids": []uint64{mid}})
}

// change is an APPEND or a REPLACE.
func (s *Server) change(m *Message, contentType int, content, ext string) {
	m.Ext = ext
	if contentType == 11 {
		m.Content += content
		m.Pieces = append(m.Pieces, content)
		return
	}
	m.Content = content
	m.Replaced++
}

func fail(w http.ResponseWriter, f Fault) {
	if f.Reset {
		panic(http.ErrAbortHandler)
	}
	if f.Status == 0 {
		refuse(w, f.Code, "a fault")
		return
	}
	if f.Wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.Wait.Seconds())))
	}
	w.WriteHeader(f.Status)
}

func (s *Server) conversation(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	opposite, _ := strconv.ParseUint(q.Get("opposite_id"), 10, 64)
	start, _ := strconv.ParseUint(q.Get("msg_id_start"), 10, 64)
	limit, _ := strconv.Atoi(q.Get("limit"))
	list, next := []map[string]any{}, uint64(0)
	for _, m := range slices.Backward(s.messages) {
		if m.opposite() != opposite || start != 0 && m.ID > start {
			continue
		}
		if len(list) == limit {
			next = m.ID
			break
		}
		ctype := m.CType
		if ctype == "" {
			ctype = "TEXT"
		}
		list = append(list, map[string]any{"msg_id": m.ID, "from_xid": map[string]any{"uid": m.From, "device_sn": 0}, "to_xid": map[string]any{"uid": m.To, "device_sn": 0},
			"content": m.Content, "ctype": ctype, "config": m.Config, "ext": m.Ext, "attachment": m.Attachment, "status": "UNREAD", "timestamp": m.At})
	}
	answer(w, map[string]any{"is_last": next == 0, "next_msg_id": next, "messages": list})
}

func (s *Server) unread(w http.ResponseWriter, _ *http.Request) {
	counts := map[uint64]int{}
	for _, m := range slices.Backward(s.messages) {
		if s.read[m.ID] { // and so all before it, but only of its own conversation
			if counts[m.opposite()] == 0 {
				counts[m.opposite()] = -1
			}
		}
		if n := counts[m.opposite()]; m.From != Bot && n >= 0 {
			counts[m.opposite()] = n + 1
		}
	}
	list := []map[string]any{}
	for who, n := range counts {
		if n > 0 {
			list = append(list, map[string]any{"conversation_id": map[string]any{"uid": who}, "num": n})
		}
	}
	answer(w, list)
}

func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("file_sign")
	content, ok := s.files[name]
	switch {
	case !ok:
		refuse(w, 402, "Operation rejected")
	case strings.HasPrefix(name, "elsewhere"):
		http.Redirect(w, r, s.Storage.URL+"/?name="+name, http.StatusFound)
	default:
		_, _ = w.Write([]byte(content))
	}
}
