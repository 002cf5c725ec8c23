package mattermost

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
	token = "bot-token-of-the-test-26-chars"
	botID = "bot0000000000000000000000"
)

// fake is a made-up Mattermost server, after the public API reference.
type fake struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	users   map[string]user
	chats   []chat
	posts   []post // all, oldest first
	edits   map[string]int
	files   map[string]string
	ids     int
	clock   int64 // of the server, in ms
	sockets map[*websocket.Conn]*int64
	deaf    bool                               // pings are not answered
	script  []func(w http.ResponseWriter) bool // of the next posts; true: it answered
	typed   int
	token   string
}

func newFake(t *testing.T) *fake {
	f := &fake{
		t: t, token: token, clock: time.Now().UnixMilli(), edits: map[string]int{}, files: map[string]string{}, sockets: map[*websocket.Conn]*int64{},
		users: map[string]user{botID: {ID: botID, Username: "parley", IsBot: true, Locale: "en"}},
	}
	mux := http.NewServeMux()
	for pattern, h := range map[string]func(w http.ResponseWriter, r *http.Request){
		"GET /users/me": func(w http.ResponseWriter, _ *http.Request) { answer(w, f.users[botID]) },
		"GET /users/{id}": func(w http.ResponseWriter, r *http.Request) {
			if u, ok := f.users[r.PathValue("id")]; ok {
				answer(w, u)
				return
			}
			refuse(w, http.StatusNotFound, "app.user.missing_account.const")
		},
		"GET /users/me/channels":   func(w http.ResponseWriter, _ *http.Request) { answer(w, f.chats) },
		"GET /channels/{id}":       func(w http.ResponseWriter, r *http.Request) { answer(w, f.chat(r.PathValue("id"))) },
		"GET /channels/{id}/posts": f.page,
		"GET /posts/{id}": func(w http.ResponseWriter, r *http.Request) {
			answer(w, f.posts[slices.IndexFunc(f.posts, func(p post) bool { return p.ID == r.PathValue("id") })])
		},
		"GET /posts/{id}/thread": func(w http.ResponseWriter, r *http.Request) {
			root := r.PathValue("id")
			answer(w, list(f.posts, func(p post) bool { return p.ID == root || p.RootID == root }))
		},
		"POST /posts":           f.create,
		"PUT /posts/{id}/patch": f.patch,
		"POST /users/me/typing": func(w http.ResponseWriter, _ *http.Request) { f.typed++; answer(w, map[string]string{"status": "OK"}) },
		"GET /files/{id}":       func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(f.files[r.PathValue("id")])) },
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v4"+path, func(w http.ResponseWriter, r *http.Request) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if r.Header.Get("Authorization") != "Bearer "+f.token {
				refuse(w, http.StatusUnauthorized, "api.context.session_expired.app_error")
				return
			}
			h(w, r)
		})
	}
	mux.HandleFunc("GET /api/v4/websocket", f.socket)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		f.cut()
		f.Close()
	})
	return f
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func refuse(w http.ResponseWriter, code int, id string) {
	w.WriteHeader(code)
	answer(w, map[string]any{"id": id, "message": "What the server says.", "status_code": code})
}

// list is a list of posts as the API has it: newest first.
func list(all []post, want func(post) bool) (l posts) {
	l.Posts = map[string]post{}
	for _, p := range slices.Backward(all) {
		if want(p) {
			l.Order = append(l.Order, p.ID)
			l.Posts[p.ID] = p
		}
	}
	return l
}

func (f *fake) page(w http.ResponseWriter, r *http.Request) {
	l := list(f.posts, func(p post) bool { return p.ChannelID == r.PathValue("id") })
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	l.Order = l.Order[min(n*size, len(l.Order)):min((n+1)*size, len(l.Order))]
	answer(w, l)
}

func (f *fake) create(w http.ResponseWriter, r *http.Request) {
	var p post
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		f.t.Errorf("post: %v", err)
	}
	if utf8.RuneCountInString(p.Message) > 16383 {
		refuse(w, http.StatusBadRequest, "model.post.is_valid.message_length.app_error")
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
	p.UserID = botID
	p = f.keep(p)
	f.tell("posted", map[string]any{"channel_type": f.chat(p.ChannelID).Type, "post": text(p)})
	if lost {
		refuse(w, http.StatusInternalServerError, "lost")
		return
	}
	answer(w, p)
}

func (f *fake) patch(w http.ResponseWriter, r *http.Request) {
	var change struct{ Message string }
	_ = json.NewDecoder(r.Body).Decode(&change)
	for i := range f.posts {
		if p := &f.posts[i]; p.ID == r.PathValue("id") {
			p.Message, p.EditAt = change.Message, f.now()
			f.edits[p.ID]++
			f.tell("post_edited", map[string]any{"post": text(*p)})
			answer(w, p)
			return
		}
	}
	refuse(w, http.StatusNotFound, "app.post.get.app_error")
}

func (f *fake) now() int64 { f.clock++; return f.clock }

// keep stores a post.
func (f *fake) keep(p post) post {
	f.ids++
	p.ID, p.CreateAt = fmt.Sprintf("post%021d", f.ids), f.now()
	f.posts = append(f.posts, p)
	f.chat(p.ChannelID).LastPostAt = p.CreateAt
	return p
}

// chat finds one, or makes it: whose ID begins with group is one of many.
func (f *fake) chat(id string) *chat {
	for i := range f.chats {
		if f.chats[i].ID == id {
			return &f.chats[i]
		}
	}
	kind := direct
	if strings.HasPrefix(id, "group") {
		kind = "O"
	}
	f.chats = append(f.chats, chat{ID: id, Type: kind})
	return &f.chats[len(f.chats)-1]
}

func text(v any) string { data, _ := json.Marshal(v); return string(data) }

// tell sends an event to all sockets.
func (f *fake) tell(name string, data any) {
	for ws, seq := range f.sockets {
		_ = ws.WriteJSON(map[string]any{"event": name, "data": data, "broadcast": map[string]any{}, "seq": *seq})
		*seq++
	}
}

func (f *fake) socket(w http.ResponseWriter, r *http.Request) {
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	f.mu.Lock()
	seq := int64(1)
	if r.Header.Get("Authorization") == "Bearer "+f.token {
		_ = ws.WriteJSON(map[string]any{"event": "hello", "data": map[string]any{"connection_id": "c"}, "broadcast": map[string]any{}, "seq": 0})
		f.sockets[ws] = &seq
	}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.sockets, ws)
	}()
	for {
		var q struct {
			Seq    int64
			Action string
		}
		if ws.ReadJSON(&q) != nil {
			return
		}
		f.mu.Lock()
		if q.Action == "ping" && !f.deaf {
			_ = ws.WriteJSON(map[string]any{"status": "OK", "seq_reply": q.Seq, "data": map[string]any{"text": "pong"}})
		}
		f.mu.Unlock()
	}
}

// cut ends all sockets.
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
