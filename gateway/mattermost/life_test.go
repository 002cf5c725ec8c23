package mattermost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/adapter"
	"github.com/parley-im/parley/gateway/channeltest"
	"github.com/parley-im/parley/internal/fault"
)

// ear collects what is delivered.
type ear struct{ got chan gateway.Message }

func newEar() ear { return ear{make(chan gateway.Message, 1000)} }

func (e ear) deliver(_ context.Context, m gateway.Message) error { e.got <- m; return nil }

// texts lists what came.
func (e ear) texts() (list []string) {
	for len(e.got) > 0 {
		list = append(list, (<-e.got).Text)
	}
	return list
}

func (e ear) next(t *testing.T) gateway.Message {
	t.Helper()
	select {
	case m := <-e.got:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was delivered")
		return gateway.Message{}
	}
}

func (w *world) since(t *testing.T, cursor string, e ear) string {
	t.Helper()
	next, err := w.Since(t.Context(), cursor, e.deliver)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// What was said while nobody listened is read, in every chat and in its order, from the
// position on, and what is a little older.
func TestSince(t *testing.T) {
	w, e := newWorld(t), newEar()
	w.write(channeltest.Said{Chat: "one", Text: "before"})
	cursor := w.since(t, "", e)
	if got := e.texts(); !slices.Equal(got, []string{"before"}) {
		t.Errorf("at first %q", got)
	}
	w.fake.mu.Lock()
	w.clock += 2 * overlap.Milliseconds()
	w.fake.mu.Unlock()
	want := []string{"before"} // the overlap
	for i := range 2*pageSize + 50 {
		want = append(want, fmt.Sprint("number ", i))
		w.write(channeltest.Said{Chat: "one", Text: want[i+1]})
	}
	w.write(channeltest.Said{Chat: channeltest.Group, Thread: "a", Text: "in a thread", Mention: true})
	next := w.since(t, cursor, e)
	all := e.texts()
	i := slices.Index(all, "the first post of a")
	if i < 0 || !slices.Equal(all[i:], []string{"the first post of a", "in a thread"}) || !slices.Equal(all[:i], want) {
		t.Errorf("%d messages were read, want %d, in order, and those of the thread: %q …", len(all), len(want)+2, all[:min(3, len(all))])
	}
	w.fake.mu.Lock()
	w.clock += 2 * overlap.Milliseconds()
	w.fake.mu.Unlock()
	w.write(channeltest.Said{Chat: "two", Text: "the last"})
	next = w.since(t, next, e)
	e.texts()
	if w.since(t, next, e); !slices.Equal(e.texts(), []string{"the last"}) {
		t.Error("more is read again than the overlap")
	}
	if got := w.since(t, "no JSON", e); got == "" {
		t.Error("a position that cannot be read stops it")
	}
	w.Server.Close()
	if _, err := w.Since(t.Context(), next, e.deliver); !errors.Is(err, fault.Unavailable) {
		t.Errorf("nobody there: %v", err)
	}
}

// What the socket leaves out is read as soon as the numbers tell.
func TestGap(t *testing.T) {
	w, e := newWorld(t), newEar()
	w.since(t, "", e)
	w.write(channeltest.Said{Chat: "one", Text: "first"})
	w.since(t, "", e)
	e.texts()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = w.Channel.Listen(ctx, e.deliver) }()
	defer func() { cancel(); <-ended }()
	if m := e.next(t); m.Text != "first" { // read again when the socket is there
		t.Fatalf("%q", m.Text)
	}
	w.write(channeltest.Said{Chat: "one", Text: "left out"})
	w.fake.mu.Lock()
	for _, seq := range w.sockets {
		*seq++
	}
	w.fake.mu.Unlock()
	w.event(w.write(channeltest.Said{Chat: "one", Text: "live"}))
	got := map[string]bool{}
	for range 4 {
		got[e.next(t).Text] = true
	}
	if !got["left out"] || !got["live"] {
		t.Errorf("heard %v", got)
	}
}

func TestDeafAndDenied(t *testing.T) {
	w, e := newWorld(t), newEar()
	w.fake.mu.Lock()
	w.deaf = true
	w.fake.mu.Unlock()
	err := w.Channel.Listen(t.Context(), e.deliver)
	if _, sentence := fault.Public(err); !errors.Is(err, fault.Unavailable) || !strings.Contains(sentence, "Nothing was heard") {
		t.Errorf("a socket that says nothing: %v", err)
	}
	w.fake.mu.Lock()
	w.fake.token = "another"
	w.fake.mu.Unlock()
	err = w.Channel.Listen(t.Context(), e.deliver)
	if _, sentence := fault.Public(err); !errors.Is(err, fault.Denied) || !strings.Contains(sentence, "does not accept the token") || strings.Contains(err.Error(), token) {
		t.Errorf("a token that was revoked: %v", err)
	}
}

func TestAnswers(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		code int
		kind error
		want string
	}{
		{401, fault.Denied, "does not accept the token"}, {403, fault.Denied, "may not do that"}, {404, fault.NotFound, ""}, {400, fault.Invalid, ""},
		{413, fault.Invalid, ""}, {429, fault.Unavailable, ""}, {500, fault.Unavailable, ""}, {302, fault.Unavailable, "another address"},
	} {
		w.play(func(rw http.ResponseWriter) bool { refuse(rw, c.code, "api.some.error"); return true })
		_, err := w.Post(t.Context(), gateway.Outgoing{Conversation: gateway.Conversation{Chat: "one"}, Text: "x"})
		if _, sentence := fault.Public(err); !errors.Is(err, c.kind) || !strings.Contains(sentence, c.want) || strings.Contains(sentence, "What the server says") {
			t.Errorf("%d: %v (%q)", c.code, err, sentence)
		}
	}
	w.play(func(rw http.ResponseWriter) bool { _, _ = rw.Write([]byte("<html>")); return true })
	if _, err := w.Post(t.Context(), gateway.Outgoing{Conversation: gateway.Conversation{Chat: "one"}, Text: "x"}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("a web page: %v", err)
	}
}

// An edited question is another one; what the server says itself and what was deleted is none.
func TestWhatIsDelivered(t *testing.T) {
	w, e := newWorld(t), newEar()
	p := post{ID: "p1", CreateAt: 5, UserID: "u-one", ChannelID: "one", Message: "hi"}
	edited, joined, deleted, own, empty, hook := p, p, p, p, p, p
	edited.EditAt, joined.Type, deleted.DeleteAt, own.UserID, empty.Message = 9, "system_join_channel", 7, botID, " "
	hook.ID, hook.Props = "p2", map[string]any{"from_webhook": "true"}
	for _, x := range []post{p, joined, deleted, own, empty, hook} {
		if err := w.take(t.Context(), event{Event: "posted", Data: json.RawMessage(text(map[string]string{"channel_type": "D", "post": text(x)}))}, e.deliver); err != nil {
			t.Error(err)
		}
	}
	for _, x := range []post{edited, p} { // the second one: a preview was added
		if err := w.take(t.Context(), event{Event: "post_edited", Data: json.RawMessage(text(map[string]string{"post": text(x)}))}, e.deliver); err != nil {
			t.Error(err)
		}
	}
	var got []string
	for len(e.got) > 0 {
		m := <-e.got
		got = append(got, fmt.Sprintf("%s %v %v", m.ID, m.Direct, m.Sender.Bot))
	}
	if want := []string{"p1 true false", "p2 true true", "p1:9 true false"}; !slices.Equal(got, want) {
		t.Errorf("delivered %v, want %v", got, want)
	}
}

// A thread belongs to the bot if it was named in its first post or has spoken in it;
// then nobody has to name it again, unless somebody else is named.
func TestThreads(t *testing.T) {
	w, e := newWorld(t), newEar()
	hear := func(s channeltest.Said) gateway.Message {
		t.Helper()
		p := w.write(s)
		if err := w.hear(t.Context(), p, "O", e.deliver); err != nil {
			t.Fatal(err)
		}
		return e.next(t)
	}
	asked := hear(channeltest.Said{Chat: channeltest.Group, Text: "how long?", Mention: true})
	w.roots["asked"] = asked.ID
	for _, c := range []struct {
		thread, text string
		want         bool
	}{
		{"asked", "and by air?", true}, {"asked", "@lee what do you think?", false}, {"asked", "mail me at a@b.example", true}, {"asked", "@all look", false},
		{"other", "and by air?", false}, {"other", "@PARLEY: and by air?", true}, {"other", "@parley.", true}, {"other", "@parley-two hello", false},
	} {
		m := hear(channeltest.Said{Chat: channeltest.Group, Thread: c.thread, Text: c.text})
		if m.Mentioned != c.want || m.Direct || m.Conversation.Thread != w.roots[c.thread] {
			t.Errorf("in %s %q: %+v, want mentioned %v", c.thread, c.text, m, c.want)
		}
	}
	// After the bot spoke in it, and after a restart that forgot.
	w.fake.mu.Lock()
	w.keep(post{UserID: botID, ChannelID: channeltest.Group, RootID: w.roots["other"], Message: "answer"})
	w.fake.mu.Unlock()
	w.threads = adapter.Memory[bool]{}
	if m := hear(channeltest.Said{Chat: channeltest.Group, Thread: "other", Text: "thanks, and by sea?"}); !m.Mentioned {
		t.Errorf("in a thread in which the bot spoke: %+v", m)
	}
	// A thumb there is for an answer in that thread.
	id, err := w.Post(t.Context(), gateway.Outgoing{Conversation: asked.Conversation, Key: "k", Text: "three days"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []string{"+1", "smile"} {
		data := text(map[string]string{"reaction": text(map[string]string{"user_id": "u-one", "post_id": id, "emoji_name": r})})
		if err := w.take(t.Context(), event{Event: "reaction_added", Data: json.RawMessage(data)}, e.deliver); err != nil {
			t.Error(err)
		}
	}
	if got := w.home.Ratings(); len(got) != 1 || got[0].Conversation != asked.Conversation || got[0].Value != 1 {
		t.Errorf("ratings %+v, want one in %+v", got, asked.Conversation)
	}
}

func TestFiles(t *testing.T) {
	w, e := newWorld(t), newEar()
	w.files["f1"] = strings.Repeat("x", 1000)
	p := post{ID: "p1", UserID: "u-one", ChannelID: "one"}
	if err := json.Unmarshal([]byte(`{"metadata":{"files":[{"id":"f1","name":"a.pdf","mime_type":"application/pdf","size":1000}]}}`), &p); err != nil {
		t.Fatal(err)
	}
	if err := w.hear(t.Context(), p, direct, e.deliver); err != nil {
		t.Fatal(err)
	}
	m := e.next(t)
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "a.pdf" || m.Attachments[0].Size != 1000 {
		t.Fatalf("attachments %+v", m.Attachments)
	}
	body, err := w.Fetch(t.Context(), m.Attachments[0], 1000)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(body); err != nil || string(data) != w.files["f1"] || body.Close() != nil {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, err := w.Fetch(t.Context(), m.Attachments[0], 999); !errors.Is(err, fault.Invalid) {
		t.Errorf("a file that is too large: %v", err)
	}
	if _, err := w.Fetch(t.Context(), gateway.Attachment{URL: "https://evil.example/"}, 1000); !errors.Is(err, fault.NotFound) {
		t.Errorf("another address: %v", err)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"event":"posted","seq":3,"data":{"channel_type":"O","post":"{\"id\":\"p\",\"user_id\":\"u\",\"channel_id\":\"c\",\"message\":\"@parley x\"}"}}`))
	f.Add([]byte(`{"event":"reaction_added","data":{"reaction":"{\"user_id\":\"u\",\"post_id\":\"p\",\"emoji_name\":\"+1\"}"}}`))
	f.Add([]byte(`{"status":"OK","seq_reply":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var ev event
		if json.Unmarshal(data, &ev) != nil {
			return
		}
		c := &Channel{name: "mm", me: user{ID: botID, Username: "parley"}}
		var p struct {
			Post string `json:"post"`
		}
		var x post
		if json.Unmarshal(ev.Data, &p) != nil || json.Unmarshal([]byte(p.Post), &x) != nil {
			return
		}
		c.users.Put(x.UserID, user{ID: x.UserID}) // nobody is asked
		c.threads.Put(x.RootID, true)
		err := c.hear(t.Context(), x, direct, func(_ context.Context, m gateway.Message) error {
			if m.ID == "" || m.Conversation.Chat == "" || m.Sender.ID == "" {
				t.Errorf("%q became %+v", data, m)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
