package slack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const (
	botToken = "xoxb-11-22-secret"
	appToken = "xapp-1-secret"
	botUser  = "UBOT"
)

// said is a message as the API has it.
type said struct {
	Type       string          `json:"type"`
	Subtype    string          `json:"subtype,omitempty"`
	User       string          `json:"user,omitempty"`
	BotID      string          `json:"bot_id,omitempty"`
	Text       string          `json:"text"`
	TS         string          `json:"ts"`
	ThreadTS   string          `json:"thread_ts,omitempty"`
	ReplyCount int             `json:"reply_count,omitempty"`
	Latest     string          `json:"latest_reply,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	Files      []any           `json:"files,omitempty"`
	Edited     any             `json:"edited,omitempty"`

	channel string
	edits   int
}

// fake is a made-up Slack, after its public documentation.
type fake struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	messages []*said
	clock    int64 // microseconds
	sockets  map[*websocket.Conn]bool
	acked    map[string]bool // by envelope
	sent     int
	script   []func(http.ResponseWriter) bool // of the next posts; true: it answered
	quiet    bool                             // no pings
	bots     map[string]bool
	files    map[string]string
	revoked  bool
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, clock: time.Now().UnixMicro(), sockets: map[*websocket.Conn]bool{}, acked: map[string]bool{}, bots: map[string]bool{}, files: map[string]string{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	stop := make(chan struct{})
	var pinging sync.WaitGroup
	pinging.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
			f.mu.Lock()
			for ws := range f.sockets {
				if !f.quiet {
					_ = ws.WriteControl(websocket.PingMessage, []byte("Ping from the test"), time.Now().Add(time.Second))
				}
			}
			f.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		close(stop)
		pinging.Wait()
		f.cut()
		f.Close()
	})
	return f
}

func answer(w http.ResponseWriter, more map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	body := map[string]any{"ok": true}
	for k, v := range more {
		body[k] = v
	}
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, code string, more map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	body := map[string]any{"ok": false, "error": code}
	for k, v := range more {
		body[k] = v
	}
	_ = json.NewEncoder(w).Encode(body)
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/link" {
		f.socket(w, r)
		return
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if err := r.ParseForm(); err != nil {
		f.t.Errorf("%s: %v", r.URL.Path, err)
	}
	if token == "" {
		token = r.Form.Get("token")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	want := botToken
	if method == "apps.connections.open" {
		want = appToken
	}
	if token != want || f.revoked {
		refuse(w, "invalid_auth", nil)
		return
	}
	q := r.Form.Get
	switch method {
	case "apps.connections.open":
		answer(w, map[string]any{"url": "ws" + strings.TrimPrefix(f.URL, "http") + "/link"})
	case "auth.test":
		answer(w, map[string]any{"user_id": botUser, "bot_id": "BBOT", "team_id": "T1", "user": "parley"})
	case "users.info":
		answer(w, map[string]any{"user": map[string]any{"id": q("user"), "real_name": "Real " + q("user"), "is_bot": f.bots[q("user")], "locale": "zh-CN", "profile": map[string]any{"display_name": q("user")}}})
	case "users.conversations":
		var list []any
		seen := map[string]bool{}
		for _, m := range f.messages {
			if !seen[m.channel] {
				seen[m.channel] = true
				list = append(list, map[string]any{"id": m.channel, "is_im": m.channel[0] == 'D'})
			}
		}
		answer(w, map[string]any{"channels": list, "response_metadata": map[string]any{"next_cursor": ""}})
	case "conversations.history":
		f.list(w, r, true, func(m *said) bool { return m.channel == q("channel") && (m.ThreadTS == "" || m.ThreadTS == m.TS) })
	case "conversations.replies":
		root := q("ts")
		one := slices.ContainsFunc(f.messages, func(m *said) bool { return m.TS == root && m.ThreadTS != "" && m.ThreadTS != root })
		f.list(w, r, false, func(m *said) bool { return m.channel == q("channel") && (m.TS == root || m.ThreadTS == root && !one) })
	case "chat.postMessage", "chat.update":
		f.post(w, r, method)
	case "files.info":
		content, ok := f.files[q("file")]
		if !ok {
			refuse(w, "file_not_found", nil)
			return
		}
		address := f.URL + "/api/download?id=" + q("file")
		if q("file") == "F-elsewhere" {
			address = "https://drive.example.com/x"
		}
		answer(w, map[string]any{"file": map[string]any{"id": q("file"), "size": len(content), "url_private_download": address}})
	case "download":
		_, _ = w.Write([]byte(f.files[q("id")]))
	default:
		f.t.Errorf("nobody calls %s", method)
	}
}

// list answers with a page of messages. oldest is left out, as it is by default.
func (f *fake) list(w http.ResponseWriter, r *http.Request, backward bool, want func(*said) bool) {
	var all []*said
	for _, m := range f.messages {
		if want(m) && (m.TS > r.Form.Get("oldest") || m.TS == r.Form.Get("ts")) {
			all = append(all, m)
		}
	}
	if backward {
		slices.Reverse(all)
	}
	from, _ := strconv.Atoi(r.Form.Get("cursor"))
	size, _ := strconv.Atoi(r.Form.Get("limit"))
	next := ""
	if from+size < len(all) {
		next = strconv.Itoa(from + size)
	}
	answer(w, map[string]any{"messages": all[min(from, len(all)):min(from+size, len(all))], "has_more": next != "", "response_metadata": map[string]any{"next_cursor": next}})
}

func (f *fake) post(w http.ResponseWriter, r *http.Request, method string) {
	q := r.Form.Get
	text := q("markdown_text")
	if utf8.RuneCountInString(text) > 12_000 {
		refuse(w, "msg_too_long", nil)
		return
	}
	if method == "chat.update" {
		i := slices.IndexFunc(f.messages, func(m *said) bool { return m.TS == q("ts") && m.channel == q("channel") && m.User == botUser })
		if i < 0 {
			refuse(w, "message_not_found", nil)
			return
		}
		m := f.messages[i]
		m.Text, m.edits, m.Metadata = text, m.edits+1, json.RawMessage(q("metadata"))
		answer(w, map[string]any{"channel": m.channel, "ts": m.TS})
		return
	}
	lost := false
	if len(f.script) > 0 {
		next := f.script[0]
		f.script = f.script[1:]
		if next(w) {
			return
		}
		lost = true
	}
	m := f.keep(&said{User: botUser, BotID: "BBOT", Text: text, ThreadTS: q("thread_ts"), Metadata: json.RawMessage(q("metadata")), channel: q("channel")})
	f.envelope("events_api", event1(m))
	if lost {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	answer(w, map[string]any{"channel": m.channel, "ts": m.TS})
}

// keep stores a message.
func (f *fake) keep(m *said) *said {
	f.clock += 1000
	m.Type, m.TS = "message", fmt.Sprintf("%d.%06d", f.clock/1e6, f.clock%1e6)
	for _, root := range f.messages {
		if root.TS == m.ThreadTS {
			root.ReplyCount++
			root.Latest, root.ThreadTS = m.TS, root.TS
		}
	}
	f.messages = append(f.messages, m)
	return m
}

// event1 is the event of a message.
func event1(m *said) map[string]any {
	data, _ := json.Marshal(m)
	e := map[string]any{}
	_ = json.Unmarshal(data, &e)
	e["channel"], e["channel_type"] = m.channel, map[byte]string{'D': "im", 'C': "channel"}[m.channel[0]]
	return e
}

// envelope sends something to all sockets and returns its ID.
func (f *fake) envelope(kind string, event any) string {
	f.sent++
	id := fmt.Sprint("env-", f.sent)
	for ws := range f.sockets {
		_ = ws.WriteJSON(map[string]any{"type": kind, "envelope_id": id, "accepts_response_payload": false, "payload": map[string]any{"type": "event_callback", "event": event}})
	}
	return id
}

func (f *fake) socket(w http.ResponseWriter, r *http.Request) {
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	f.mu.Lock()
	_ = ws.WriteJSON(map[string]any{"type": "hello", "num_connections": 1})
	f.sockets[ws] = true
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.sockets, ws)
	}()
	for {
		var a struct {
			ID string `json:"envelope_id"`
		}
		if ws.ReadJSON(&a) != nil {
			return
		}
		f.mu.Lock()
		f.acked[a.ID] = true
		f.mu.Unlock()
	}
}

func (f *fake) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ws := range f.sockets {
		_ = ws.NetConn().Close()
		delete(f.sockets, ws)
	}
}

func (f *fake) play(steps ...func(http.ResponseWriter) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = append(f.script, steps...)
}
