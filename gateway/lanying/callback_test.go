package lanying

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
	"github.com/parley-im/parley/gateway/lanying/lanyingtest"
	"github.com/parley-im/parley/internal/fault"
)

// collect listens until the test ends.
func collect(t *testing.T, w *world) chan gateway.Message {
	t.Helper()
	got := make(chan gateway.Message, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.ch.Listen(ctx, func(_ context.Context, m gateway.Message) error { got <- m; return nil })
	}()
	t.Cleanup(func() { cancel(); <-ended })
	if h, ok := w.ch.(*hooked); ok {
		channeltest.Until(h.Listening, 5*time.Second)
	} else {
		channeltest.Until(func() bool { return w.Sockets() > 0 }, 5*time.Second)
	}
	return got
}

func next(t *testing.T, got chan gateway.Message) gateway.Message {
	t.Helper()
	select {
	case m := <-got:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was delivered")
		return gateway.Message{}
	}
}

// What Lanying may write in other ways is understood, what is not for the bot is taken
// and left, and what is wrong is refused.
func TestCallbacks(t *testing.T) {
	w := newWorld(t, webhookConfig)
	got := collect(t, w)
	plain := spoken(channeltest.Said{Chat: "one", Text: "hello"})
	number := func(name string) func(map[string]any) {
		return func(b map[string]any) {
			if m, ok := b[name].(map[string]any); ok {
				m["uid"] = json.RawMessage(m["uid"].(string))
				return
			}
			b[name] = json.RawMessage(b[name].(string))
		}
	}
	set := func(name string, v any) func(map[string]any) { return func(b map[string]any) { b[name] = v } }
	without := func(names ...string) func(map[string]any) {
		return func(b map[string]any) {
			for _, name := range names {
				delete(b, name)
			}
		}
	}
	for _, c := range []struct {
		name    string
		change  func(map[string]any)
		taken   bool
		arrives bool
	}{
		{"as it is", nil, true, true},
		{"msgId as a number", number("msgId"), true, true},
		{"uid as a number", number("from"), true, true},
		{"timestamp as a number", number("timestamp"), true, true},
		{"ext as JSON", set("ext", map[string]any{"a": 1}), true, true},
		{"ext of no form", set("ext", "{hello"), true, true},
		{"config null", set("config", nil), true, true},
		{"only what must be there", without("timestamp", "node", "ext", "config", "attachment", "msgId"), true, true},
		{"no ctype", without("ctype"), true, true},
		{"an edit", set("type", "APPEND"), true, false},
		{"of an unknown type", set("type", "ROSTER"), true, false},
		{"a place", set("ctype", "LOCATION"), true, false},
		{"nothing in it", set("content", ""), true, false},
		{"for the record", set("ext", `{"ai":{"ai_generate":false}}`), true, false},
		{"a copy", set("ext", `{"openclaw":{"type":"im_reply_delivery"}}`), true, false},
		{"to somebody else", set("to", map[string]any{"uid": "5"}), true, false},
		{"of the bot", set("from", map[string]any{"uid": id(lanyingtest.Bot)}), true, false},
		{"another app", set("appId", "other"), false, false},
		{"no sender", without("from"), false, false},
		{"no receiver", without("to"), false, false},
		{"msgId of no form", set("msgId", "abc"), false, false},
	} {
		m := w.Say(plain)
		if taken := w.Offer(m, 1, c.change); taken != c.taken {
			t.Errorf("%s: taken %v, want %v", c.name, taken, c.taken)
		}
		arrived := len(got) > 0
		if arrived != c.arrives {
			t.Errorf("%s: arrived %v, want %v", c.name, arrived, c.arrives)
		}
		for len(got) > 0 {
			if m := <-got; m.Text != "hello" || m.ID == "" || m.Conversation.Chat != id(num("one")) || m.SentAt.IsZero() {
				t.Errorf("%s: %+v", c.name, m)
			}
		}
	}
	if status := w.Call([]byte(`{}`), "wrong"); status != http.StatusUnauthorized {
		t.Errorf("a wrong signature: %d", status)
	}
	if status := w.Call([]byte(`{`), lanyingtest.Secret); status != http.StatusBadRequest {
		t.Errorf("no JSON: %d", status)
	}
	if status := w.Call([]byte(`{"x":"`+strings.Repeat("x", maxBody)+`"}`), lanyingtest.Secret); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", status)
	}
	rec := httptest.NewRecorder()
	w.ch.(http.Handler).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/channels/im/", nil))
	if rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", rec.Code)
	}
}

// What was offered three times and not taken is read out of the history, in order, and
// marked as read so that it is not read again.
func TestSince(t *testing.T) {
	w := newWorld(t, webhookConfig)
	h := w.ch.(*hooked)
	var got []string
	deliver := func(_ context.Context, m gateway.Message) error {
		got = append(got, m.Conversation.Chat+" "+m.Text)
		return nil
	}
	var want []string
	for i := range historyPage + 20 {
		m := w.Say(spoken(channeltest.Said{Chat: "one", Text: fmt.Sprint("number ", i)}))
		if w.Offer(m, lanyingtest.Tries, nil) {
			t.Fatal("nobody listens, and it was taken")
		}
		want = append(want, id(num("one"))+" "+m.Content)
	}
	w.Say(spoken(channeltest.Said{Chat: channeltest.Group, Text: "in the group", Mention: true}))
	cursor, err := h.Since(t.Context(), "", deliver)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(got, groupPrefix+id(num(channeltest.Group))+" in the group")
	if i < 0 {
		t.Fatalf("%d were read, without that of the group", len(got))
	}
	if rest := slices.Delete(slices.Clone(got), i, i+1); !slices.Equal(rest, want) {
		t.Errorf("%d were read, want %d, in order", len(rest), len(want))
	}
	got = nil
	w.Say(spoken(channeltest.Said{Chat: "two", Text: "later"}))
	if cursor, err = h.Since(t.Context(), cursor, deliver); err != nil || !slices.Equal(got, []string{id(num("two")) + " later"}) {
		t.Errorf("then %q, %v", got, err)
	}
	if _, err = h.Since(t.Context(), "no JSON", deliver); err != nil {
		t.Error(err)
	}
	w.Close()
	if _, err := h.Since(t.Context(), cursor, deliver); !errors.Is(err, fault.Unavailable) {
		t.Errorf("nobody there: %v", err)
	}
}

func out(text string, final bool) gateway.Outgoing {
	return gateway.Outgoing{Conversation: gateway.Conversation{Channel: "im", Chat: id(num("one"))}, Key: "k/0", InReplyTo: "7", Text: text, Final: final}
}

// An answer grows by pieces for those who look on and ends whole; when it is not known
// what was shown, no piece is sent.
func TestGrowth(t *testing.T) {
	w := newWorld(t, webhookConfig)
	c := w.ch.(*hooked)
	post, err := c.Post(t.Context(), out("It", false))
	if err != nil {
		t.Fatal(err)
	}
	edit := func(text string, final bool) {
		t.Helper()
		if err := c.Edit(t.Context(), post, out(text, final)); err != nil {
			t.Fatal(err)
		}
	}
	last := func() lanyingtest.Message {
		t.Helper()
		list := w.Messages(num("one"))
		if len(list) != 1 {
			t.Fatalf("%d messages", len(list))
		}
		return list[0]
	}
	ai := func() (a struct {
		Stream, Finish bool
		Role           string
		Seq            int
		Request        string `json:"request_msg_id"`
		Reason         string `json:"finish_reason"`
	}) {
		t.Helper()
		var e struct {
			AI json.RawMessage `json:"ai"`
		}
		if json.Unmarshal([]byte(last().Ext), &e) != nil || json.Unmarshal(e.AI, &a) != nil {
			t.Fatalf("ext %s", last().Ext)
		}
		return a
	}
	if a := ai(); !a.Stream || a.Finish || a.Role != "ai" || a.Seq != 1 || a.Request != "7" {
		t.Errorf("the first piece has %+v", a)
	}
	edit("It takes", false)
	edit("It takes", false)
	edit("It takes three", false)
	if m := last(); !slices.Equal(m.Pieces, []string{" takes", " three"}) || m.Replaced != 0 || ai().Seq != 3 {
		t.Errorf("pieces %q, replaced %d, seq %d", m.Pieces, m.Replaced, ai().Seq)
	}
	edit("It took", false) // what was said has changed
	if m := last(); m.Content != "It took" || m.Replaced != 1 {
		t.Errorf("%q, replaced %d", m.Content, m.Replaced)
	}
	w.Play(lanyingtest.Fault{Kept: true})
	if err := c.Edit(t.Context(), post, out("It took three", false)); !errors.Is(err, fault.Unavailable) {
		t.Errorf("an edit whose answer was lost: %v", err)
	}
	edit("It took three", false)
	if m := last(); m.Content != "It took three" {
		t.Errorf("after a lost answer people see %q", m.Content)
	}
	edit("It took three days.", true)
	edit("It took three days.", true)
	if m, a := last(), ai(); m.Content != "It took three days." || !a.Finish || a.Reason != "stop" || extOf(m.Ext).Parley.Key != "k/0" {
		t.Errorf("in the end %q, %s", m.Content, m.Ext)
	}
	if m := last(); !strings.Contains(m.Config, "blocked") {
		t.Errorf("config %q", m.Config)
	}
}

// Of a post whose answer was lost there is one, whether it is looked for or sent again.
func TestPostTwice(t *testing.T) {
	w := newWorld(t, webhookConfig)
	c := w.ch.(*hooked)
	w.Play(lanyingtest.Fault{Kept: true}, lanyingtest.Fault{Reset: true}, lanyingtest.Fault{Code: 20000})
	for range 3 {
		if _, err := c.Post(t.Context(), out("once", true)); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%v", err)
		}
	}
	post, err := c.Post(t.Context(), out("once", true))
	if list := w.Messages(num("one")); err != nil || len(list) != 1 || id(list[0].ID) != post {
		t.Errorf("%s, %v, and people see %d", post, err, len(list))
	}
}

// Bots that do not mark themselves are noticed when they repeat what was said.
func TestLoop(t *testing.T) {
	w := newWorld(t, webhookConfig)
	got := collect(t, w)
	if _, err := w.ch.Post(t.Context(), out("Three days.", true)); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		text string
		bot  bool
	}{{"Three days.", false}, {"Three days.", false}, {"Three days.", true}, {"And by air?", false}, {"Three days.", false}} {
		w.say(t, channeltest.Said{Chat: "one", Text: c.text})
		if m := next(t, got); m.Sender.Bot != c.bot {
			t.Errorf("message %d: a bot %v, want %v", i, m.Sender.Bot, c.bot)
		}
	}
}

func TestUnmention(t *testing.T) {
	for _, c := range []struct {
		text   string
		listed bool
		want   string
		ok     bool
	}{
		{"@小助手 几天?", false, "几天?", true}, {"@小助手几天?", true, "几天?", true}, {"@小助手几天?", false, "@小助手几天?", false},
		{"几天? @小助手", false, "几天?", true}, {"@PARLEY: how long?", false, "how long?", true}, {"me@parley.example", false, "me@parley.example", false},
		{"how long?", true, "how long?", false}, {"@小助手二号 几天?", false, "@小助手二号 几天?", false},
	} {
		if got, ok := unmention(c.text, c.listed, lanyingtest.Nick, "", lanyingtest.Username); got != c.want || ok != c.ok {
			t.Errorf("%q: %q, %v; want %q, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

// Files are opened with the token where they are Lanying's, and without it where those
// lead.
func TestFiles(t *testing.T) {
	w := newWorld(t, webhookConfig)
	c := w.ch.(*hooked)
	got := collect(t, w)
	for _, name := range []string{"here.pdf", "elsewhere.pdf"} {
		address := w.File(name, strings.Repeat("x", 1000))
		m := w.Say(lanyingtest.Message{From: num("one"), To: lanyingtest.Bot, CType: "FILE", Attachment: fmt.Sprintf(`{"url":%q,"dName":"a.pdf","fLen":1000}`, address)})
		w.Offer(m, 1, nil)
		a := next(t, got).Attachments
		if len(a) != 1 || a[0].Name != "a.pdf" || a[0].Size != 1000 {
			t.Fatalf("attachments %+v", a)
		}
		body, err := c.Fetch(t.Context(), a[0], 1000)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(body); err != nil || len(data) != 1000 || body.Close() != nil {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
		if _, err := c.Fetch(t.Context(), a[0], 999); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: a file that is too large: %v", name, err)
		}
	}
	for address, want := range map[string]error{
		w.URL + "/file/download/chat?file_sign=gone": fault.Denied, // 200, and in it code 402
		w.Storage.URL + "/?name=here.pdf":            fault.Denied,
		"http://169.254.169.254/latest":              fault.Denied,
		"::":                                         fault.Denied,
	} {
		if _, err := c.Fetch(t.Context(), gateway.Attachment{URL: address}, 1000); !errors.Is(err, want) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
