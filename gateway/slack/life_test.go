package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
	"github.com/parley-im/parley/internal/fault"
)

func keep(into *[]gateway.Message) gateway.Deliver {
	return func(_ context.Context, m gateway.Message) error { *into = append(*into, m); return nil }
}

func texts(list []gateway.Message) (all []string) {
	for _, m := range list {
		all = append(all, m.Text)
	}
	return all
}

// What Slack answers becomes an error of a kind with a sentence that says what to do.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		code string
		more map[string]any
		kind error
		want string
	}{
		{"invalid_auth", nil, fault.Denied, "does not accept"},
		{"missing_scope", map[string]any{"needed": "chat:write", "provided": "x"}, fault.Denied, "lacks the scope chat:write"},
		{"not_in_channel", nil, fault.Denied, "invite it"},
		{"channel_not_found", nil, fault.NotFound, ""},
		{"msg_too_long", nil, fault.Invalid, ""},
		{"fatal_error", nil, fault.Unavailable, ""},
		{"ratelimited", nil, fault.Unavailable, ""},
	} {
		w.play(func(rw http.ResponseWriter) bool { refuse(rw, c.code, c.more); return true })
		_, err := w.Post(t.Context(), gateway.Outgoing{Conversation: gateway.Conversation{Chat: "D1"}, Text: "x"})
		if _, sentence := fault.Public(err); !errors.Is(err, c.kind) || !strings.Contains(sentence, c.want) {
			t.Errorf("%s: %v (%q)", c.code, err, sentence)
		}
	}
	for status, want := range map[int]error{http.StatusBadGateway: fault.Unavailable, http.StatusNotFound: fault.Unavailable} {
		w.play(func(rw http.ResponseWriter) bool { rw.WriteHeader(status); return true })
		if _, err := w.Post(t.Context(), gateway.Outgoing{Conversation: gateway.Conversation{Chat: "D1"}, Text: "x"}); !errors.Is(err, want) {
			t.Errorf("status %d: %v", status, err)
		}
	}
	w.fake.mu.Lock()
	w.revoked = true
	w.fake.mu.Unlock()
	if err := w.Channel.Listen(t.Context(), nil); !errors.Is(err, fault.Denied) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a token that was revoked: %v", err)
	}
	w.fake.Close()
	if err := w.Channel.Listen(t.Context(), nil); !errors.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: %v", err)
	}
}

// What ends a connection.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		frame string
		kind  error
		want  string
	}{
		{`{"type":"disconnect","reason":"refresh_requested"}`, fault.Unavailable, ""},
		{`{"type":"disconnect","reason":"link_disabled"}`, fault.Denied, "switched off"},
		{`{`, fault.Unavailable, "cannot be read"},
	} {
		w := newWorld(t)
		ended := make(chan error, 1)
		go func() {
			ended <- w.Channel.Listen(t.Context(), func(context.Context, gateway.Message) error { return nil })
		}()
		channeltest.Until(w.connected, 5*time.Second)
		w.fake.mu.Lock()
		for ws := range w.sockets {
			_ = ws.WriteMessage(1, []byte(c.frame))
		}
		w.fake.mu.Unlock()
		err := <-ended
		if _, sentence := fault.Public(err); !errors.Is(err, c.kind) || !strings.Contains(sentence, c.want) {
			t.Errorf("%s: %v (%q)", c.frame, err, sentence)
		}
	}
}

// An event is acknowledged when it is stored, and what is not for the bot at once.
func TestAcknowledges(t *testing.T) {
	w := newWorld(t)
	stored := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Channel.Listen(ctx, func(context.Context, gateway.Message) error { <-stored; return nil })
	}()
	defer func() { cancel(); <-ended }()
	channeltest.Until(w.connected, 5*time.Second)
	acked := func(id string) func() bool {
		return func() bool {
			w.fake.mu.Lock()
			defer w.fake.mu.Unlock()
			return w.acked[id]
		}
	}
	if id := w.event(map[string]any{"type": "channel_rename"}); !channeltest.Until(acked(id), 5*time.Second) {
		t.Error("an event that is nothing to the bot was not acknowledged")
	}
	id := w.event(event1(w.write(channeltest.Said{Chat: "one", Text: "hello"})))
	if channeltest.Until(acked(id), 100*time.Millisecond) {
		t.Error("acknowledged before it was stored")
	}
	close(stored)
	if !channeltest.Until(acked(id), 5*time.Second) {
		t.Error("not acknowledged when it was stored")
	}
}

// What was missed is read in pages, with the replies in threads, and while the
// connection holds nothing is asked.
func TestSince(t *testing.T) {
	w := newWorld(t)
	var got []gateway.Message
	since := func(cursor string) string {
		t.Helper()
		got = nil
		next, err := w.Since(t.Context(), cursor, keep(&got))
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	w.write(channeltest.Said{Chat: "one", Text: "before"})
	w.write(channeltest.Said{Chat: channeltest.Group, Thread: "a", Text: "in a thread", Mention: true})
	cursor := since("")
	w.fake.mu.Lock()
	w.clock += 2 * overlap.Microseconds()
	w.fake.mu.Unlock()
	var want []string
	for i := range pageSize + 20 {
		want = append(want, fmt.Sprint("number ", i))
		w.write(channeltest.Said{Chat: "one", Text: want[i]})
	}
	w.write(channeltest.Said{Chat: channeltest.Group, Thread: "a", Text: "more in the thread", Mention: true})
	next := since(cursor)
	i := slices.Index(texts(got), "more in the thread")
	if i < 0 || !got[i].Mentioned || got[i].Conversation.Thread != w.roots["a"] {
		t.Fatalf("of a thread: %+v", texts(got)[max(0, len(got)-3):])
	}
	rest := slices.DeleteFunc(texts(got), func(s string) bool { return !strings.HasPrefix(s, "number") })
	if !slices.Equal(rest, want) {
		t.Errorf("%d were read, want %d, in order", len(rest), len(want))
	}
	w.write(channeltest.Said{Chat: "one", Text: "live"})
	w.hold(true)
	if same := since(next); same != next || len(got) != 0 {
		t.Errorf("while the connection holds %d were read", len(got))
	}
	w.hold(false)
	if since(next); !slices.Contains(texts(got), "live") {
		t.Error("after it broke nothing was read")
	}
	since("no JSON")
}

// An edited question is another one; what Slack says itself is none.
func TestWhatIsDelivered(t *testing.T) {
	w := newWorld(t)
	for data, want := range map[string]string{
		`{"type":"message","channel":"D1","channel_type":"im","user":"U1","text":"hi","ts":"1.5"}`:                                                               "D1:1.5 true false",
		`{"type":"message","subtype":"message_changed","channel":"D1","channel_type":"im","message":{"user":"U1","text":"hi","ts":"1.5","edited":{"ts":"2.5"}}}`: "D1:1.5:2.5 true false",
		`{"type":"message","subtype":"message_changed","channel":"D1","channel_type":"im","message":{"user":"U1","text":"hi","ts":"1.5"}}`:                       "", // a preview was added
		`{"type":"message","subtype":"message_deleted","channel":"D1","channel_type":"im","deleted_ts":"1.5"}`:                                                   "",
		`{"type":"message","subtype":"channel_join","channel":"C1","channel_type":"channel","user":"U1","text":"joined","ts":"1.5"}`:                             "",
		`{"type":"message","channel":"D1","channel_type":"im","user":"UBOT","text":"mine","ts":"1.5"}`:                                                           "",
		`{"type":"message","subtype":"bot_message","channel":"C1","channel_type":"channel","bot_id":"B9","text":"beep","ts":"1.5"}`:                              "C1:1.5 false true",
		`{"type":"app_mention","channel":"C1","user":"U1","text":"<@UBOT> hi","ts":"1.5"}`:                                                                       "C1:1.5 false false",
		`{"type":"message","channel":"D1","channel_type":"im","user":"U1","text":"  ","ts":"1.5"}`:                                                               "",
	} {
		var e event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		var got []gateway.Message
		if err := w.take(t.Context(), e, keep(&got)); err != nil {
			t.Error(err)
		}
		has := ""
		for _, m := range got {
			has += fmt.Sprintf("%s %v %v", m.ID, m.Direct, m.Sender.Bot)
		}
		if has != want {
			t.Errorf("%s: %q, want %q", data, has, want)
		}
	}
}

// A thread belongs to the bot if it was named in its first message or has spoken in it.
func TestThreads(t *testing.T) {
	w := newWorld(t)
	hear := func(s channeltest.Said) gateway.Message {
		t.Helper()
		var e event
		data, _ := json.Marshal(event1(w.write(s)))
		if err := json.Unmarshal(data, &e); err != nil {
			t.Fatal(err)
		}
		var got []gateway.Message
		if err := w.take(t.Context(), e, keep(&got)); err != nil || len(got) != 1 {
			t.Fatalf("%d, %v", len(got), err)
		}
		return got[0]
	}
	asked := hear(channeltest.Said{Chat: channeltest.Group, Text: "how long?", Mention: true})
	w.roots["asked"] = asked.Conversation.Thread
	for _, c := range []struct {
		thread, text string
		want         bool
	}{{"asked", "and by air?", true}, {"other", "and by air?", false}} {
		if m := hear(channeltest.Said{Chat: channeltest.Group, Thread: c.thread, Text: c.text}); m.Mentioned != c.want {
			t.Errorf("in %s %q: mentioned %v", c.thread, c.text, m.Mentioned)
		}
	}
	w.fake.mu.Lock()
	x := w.keep(&said{User: "U1", Text: "<@U2> what do you think?", ThreadTS: asked.Conversation.Thread, channel: place(channeltest.Group)})
	w.fake.mu.Unlock()
	var got []gateway.Message
	if err := w.hear(t.Context(), event{Type: "message", Channel: x.channel, User: x.User, Text: x.Text, TS: x.TS, ThreadTS: x.ThreadTS}, keep(&got)); err != nil || got[0].Mentioned {
		t.Errorf("somebody else is named: %+v, %v", got, err)
	}
	// A thumb there is for an answer in that thread.
	id, err := w.Post(t.Context(), gateway.Outgoing{Conversation: asked.Conversation, Key: "k", Text: "three days"})
	if err != nil {
		t.Fatal(err)
	}
	var e event
	e.Type, e.User, e.Reaction = "reaction_added", "U1", "+1"
	e.Item.Type, e.Item.Channel, e.Item.TS = "message", asked.Conversation.Chat, id
	if err := w.take(t.Context(), e, nil); err != nil {
		t.Error(err)
	}
	e.Item.TS = asked.Conversation.Thread // of a person's message
	if err := w.take(t.Context(), e, nil); err != nil {
		t.Error(err)
	}
	if got := w.home.Ratings(); len(got) != 1 || got[0].Conversation != asked.Conversation || got[0].Value != 1 {
		t.Errorf("ratings %+v, want one in %+v", got, asked.Conversation)
	}
}

func TestFilesElsewhere(t *testing.T) {
	w := newWorld(t)
	w.files["F-elsewhere"] = "x"
	for address, want := range map[string]error{fileScheme + "F-elsewhere": fault.Denied, fileScheme + "F-gone": fault.NotFound, fileScheme: fault.NotFound, "https://evil.example/": fault.NotFound} {
		if _, err := w.Fetch(t.Context(), gateway.Attachment{URL: address}, 100); !errors.Is(err, want) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"type":"message","channel":"C1","channel_type":"channel","user":"U1","text":"<@UBOT> a &lt; b <https://x.example|x>","ts":"1.5"}`))
	f.Add([]byte(`{"type":"message","subtype":"message_changed","channel":"D1","message":{"user":"U1","text":"hi","ts":"1.5","edited":{"ts":"2.5"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e event
		if json.Unmarshal(data, &e) != nil || e.Type != "message" {
			return
		}
		for _, x := range []*event{&e, e.Message} {
			if x == nil {
				continue
			}
			text, _ := unmention(x.Text, botUser)
			_ = plain(text)
			if at(x.TS).IsZero() {
				t.Errorf("%q has no time", x.TS)
			}
		}
	})
}
