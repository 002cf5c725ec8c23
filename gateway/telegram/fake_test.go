package telegram

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
	"unicode/utf16"
)

const token = "123456789:AAtest-token-test-token-test"

// fake is a made-up Bot API, after its documentation.
type fake struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	updates []update // not confirmed
	next    int64    // update_id
	ids     int64    // message_id
	posts   []post
	changed chan struct{}
	script  []func(method string, w http.ResponseWriter) bool // of the next calls; true: it answered
	calls   []string
	files   map[string]string
}

// post is one of the bot.
type post struct {
	id, chat, thread, replyTo int64
	text                      string
	edits                     int
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, next: 1, ids: 100, changed: make(chan struct{}), files: map[string]string{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutPrefix(r.URL.Path, "/file/bot"+token+"/"); ok {
		f.mu.Lock()
		defer f.mu.Unlock()
		_, _ = w.Write([]byte(f.files[name]))
		return
	}
	method, ok := strings.CutPrefix(r.URL.Path, "/bot"+token+"/")
	if !ok {
		refuse(w, 401, "Unauthorized", 0)
		return
	}
	var p map[string]json.Number
	var raw map[string]any
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	if err := d.Decode(&raw); err != nil {
		f.t.Errorf("%s: %v", method, err)
	}
	p = map[string]json.Number{}
	for key, v := range raw {
		if n, ok := v.(json.Number); ok {
			p[key] = n
		}
	}
	number := func(key string) int64 { n, _ := p[key].Int64(); return n }
	text, _ := raw["text"].(string)
	f.mu.Lock()
	f.calls = append(f.calls, method)
	kept := false
	if len(f.script) > 0 && method != "getUpdates" && method != "getMe" {
		next := f.script[0]
		f.script = f.script[1:]
		f.mu.Unlock()
		if next(method, w) {
			return
		}
		kept = true // and its answer is lost
		f.mu.Lock()
	}
	defer f.mu.Unlock()
	var result any = true
	switch method {
	case "getMe":
		result = user{ID: 7, IsBot: true, FirstName: "Parley", Username: "parley_bot"}
	case "getUpdates":
		f.confirm(number("offset"))
		if wait := number("timeout"); len(f.updates) == 0 && wait > 0 {
			changed := f.changed
			f.mu.Unlock()
			select {
			case <-changed:
			case <-r.Context().Done():
			case <-time.After(time.Duration(wait) * time.Second):
			}
			f.mu.Lock()
		}
		result = slices.Clone(f.updates)
	case "sendMessage":
		if len(utf16.Encode([]rune(text))) > 4096 {
			refuse(w, 400, "Bad Request: message is too long", 0)
			return
		}
		f.ids++
		x := post{id: f.ids, chat: number("chat_id"), thread: number("message_thread_id"), text: text}
		if reply, ok := raw["reply_parameters"].(map[string]any); ok {
			x.replyTo, _ = reply["message_id"].(json.Number).Int64()
		}
		f.posts = append(f.posts, x)
		result = message{ID: x.id}
	case "editMessageText":
		i := slices.IndexFunc(f.posts, func(x post) bool { return x.id == number("message_id") && x.chat == number("chat_id") })
		switch {
		case i < 0:
			refuse(w, 400, "Bad Request: message to edit not found", 0)
			return
		case f.posts[i].text == text:
			refuse(w, 400, "Bad Request: message is not modified", 0)
			return
		}
		f.posts[i].text = text
		f.posts[i].edits++
	case "getFile":
		id, _ := raw["file_id"].(string)
		result = map[string]any{"file_path": id, "file_size": len(f.files[id])}
	case "sendChatAction":
	default:
		refuse(w, 404, "Not Found", 0)
		return
	}
	if kept {
		refuse(w, 502, "Bad Gateway", 0)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "result": result})
}

func (f *fake) confirm(offset int64) {
	f.updates = slices.DeleteFunc(f.updates, func(u update) bool { return u.ID < offset })
}

func refuse(w http.ResponseWriter, code int, text string, retryAfter int) {
	w.WriteHeader(code)
	a := map[string]any{"ok": false, "error_code": code, "description": text}
	if retryAfter > 0 {
		a["parameters"] = map[string]any{"retry_after": retryAfter}
	}
	_ = json.NewEncoder(w).Encode(a)
}

// push makes something happen, and returns the number of the update.
func (f *fake) push(u update) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	u.ID = f.next
	f.next++
	f.updates = append(f.updates, u)
	close(f.changed)
	f.changed = make(chan struct{})
	return u.ID
}

// confirmed waits until the update was confirmed.
func (f *fake) confirmed(id int64, for_ time.Duration) bool {
	for end := time.Now().Add(for_); ; time.Sleep(2 * time.Millisecond) {
		f.mu.Lock()
		waits := slices.ContainsFunc(f.updates, func(u update) bool { return u.ID == id })
		f.mu.Unlock()
		if !waits {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

func (f *fake) play(steps ...func(string, http.ResponseWriter) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = append(f.script, steps...)
}

func fails(code int, text string, retryAfter int) func(string, http.ResponseWriter) bool {
	return func(_ string, w http.ResponseWriter) bool { refuse(w, code, text, retryAfter); return true }
}

// numbers are made of names: people and chats have some in Telegram.
func number(name string) int64 {
	n := int64(1000)
	for _, b := range []byte(name) {
		n = n*31 + int64(b)
	}
	return n % 1e9
}

func config(f *fake) string {
	return fmt.Sprintf("token: %q\nbase_url: %q\npace: 100ms\npoll: 1s\n", token, f.URL)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
