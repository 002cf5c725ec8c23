package webchat_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

func post(t *testing.T, s *site, m gateway.Message, key, text string, final bool) string {
	t.Helper()
	id, err := s.channel.Post(t.Context(), outgoing(m, key, text, final))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func outgoing(m gateway.Message, key, text string, final bool) gateway.Outgoing {
	return gateway.Outgoing{Conversation: m.Conversation, Key: key, InReplyTo: m.ID, Text: text, Final: final}
}

func texts(history []frame) string {
	var all []string
	for _, f := range history {
		all = append(all, f.Type+":"+f.Text)
	}
	return strings.Join(all, " | ")
}

func TestSayIsTakenOnce(t *testing.T) {
	s := openSite(t, fast, newStore(t))
	got := s.listen(t)
	b := s.browser(t)
	x := b.open(t)
	id := uuid.NewString()
	x.send(map[string]any{"type": "say", "id": id, "text": "退货?", "locale": "zh-CN"})
	if f := x.await("said", "refused"); f.ID != id || f.Text != "退货?" || f.Seq != 1 {
		t.Errorf("told back %+v", f)
	}
	if f := x.await("ack", "refused"); f.Type != "ack" || f.ID != id {
		t.Errorf("answered %+v, want an ack", f)
	}
	m := <-got
	if !m.Direct || m.Locale != "zh-CN" || m.Text != "退货?" || m.Sender.ID == "" || m.Conversation.Chat != x.last.Chat {
		t.Errorf("delivered %+v", m)
	}
	// The ack got lost: the browser connects again and sends it again.
	x.close()
	y := b.open(t)
	if texts(y.last.History) != "said:退货?" {
		t.Errorf("history %s", texts(y.last.History))
	}
	if f := y.say(id, "退货?"); f.Type != "ack" {
		t.Errorf("sent again, answered %+v", f)
	}
	if again := <-got; again.ID != m.ID {
		t.Errorf("sent again it has the ID %s, was %s", again.ID, m.ID)
	}
	z := b.open(t)
	if texts(z.last.History) != "said:退货?" {
		t.Errorf("sent twice, the history is %s", texts(z.last.History))
	}
}

func TestNoAckBeforeDelivery(t *testing.T) {
	s := openSite(t, fast, newStore(t))
	x := s.browser(t).open(t)
	id := uuid.NewString()
	if f := x.say(id, "anyone?"); f.Code != "unavailable" || f.ID != id || f.RetryAfter < 1 {
		t.Errorf("with nobody listening: %+v", f)
	}
	got := s.listen(t)
	if f := x.say(id, "anyone?"); f.Type != "ack" {
		t.Errorf("sent again: %+v", f)
	}
	if m := <-got; m.Text != "anyone?" {
		t.Errorf("delivered %+v", m)
	}
}

func TestErrorsAreNotTold(t *testing.T) {
	s := openSite(t, fast, newStore(t))
	s.listenWith(t, func(context.Context, gateway.Message) error { return errors.New("disk /var/secret is full") })
	x := s.browser(t).open(t)
	if f := x.say(uuid.NewString(), "hello"); f.Code != "unavailable" || f.Text != "" {
		t.Errorf("an internal error was told as %+v", f)
	}
}

func TestTabsSeeTheSame(t *testing.T) {
	s := openSite(t, fast, newStore(t))
	got := s.listen(t)
	b := s.browser(t)
	one, two := b.open(t), b.open(t)
	stranger := s.browser(t).open(t)
	one.say(uuid.NewString(), "question")
	m := <-got
	if f := two.await("said"); f.Text != "question" {
		t.Errorf("the other tab saw %+v", f)
	}
	if err := s.channel.Typing(t.Context(), m.Conversation); err != nil {
		t.Fatal(err)
	}
	id := post(t, s, m, "k/0", "It", false)
	out := outgoing(m, "k/0", "It takes 3 days [1].", true)
	out.Sources = []gateway.Source{{Number: 1, Title: "Delivery", URL: "/sources/k/1"}}
	if err := s.channel.Edit(t.Context(), id, out); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]*tab{"one": one, "two": two} {
		x.await("typing")
		if f := x.await("post"); f.Text != "It" || f.Final || "k/0" != f.ID {
			t.Errorf("tab %s: first %+v", name, f)
		}
		if f := x.await("edit"); f.Text != out.Text || !f.Final || len(f.Sources) != 1 {
			t.Errorf("tab %s: last %+v", name, f)
		}
	}
	stranger.send(map[string]any{"type": "ping"})
	if f := stranger.next(); f.Type != "pong" {
		t.Errorf("another visitor was told %+v", f)
	}
}

func TestAnswerInProgressGoesOn(t *testing.T) {
	store := newStore(t)
	s := openSite(t, fast, store)
	got := s.listen(t)
	b := s.browser(t)
	x := b.open(t)
	asked := uuid.NewString()
	x.say(asked, "question")
	m := <-got
	post(t, s, m, "k/0", "It", false)
	edit := func(text string, final bool) {
		t.Helper()
		if err := s.channel.Edit(t.Context(), "k/0", outgoing(m, "k/0", text, final)); err != nil {
			t.Fatal(err)
		}
	}
	edit("It takes", false)
	x.close()
	edit("It takes three", false)

	y := b.open(t)
	if texts(y.last.History) != "said:question | post:It takes three" || y.last.History[1].Final || y.last.History[1].InReplyTo != asked {
		t.Fatalf("connected again in mid-answer: %+v", y.last.History)
	}
	edit("It takes three days.", true)
	if f := y.await("edit"); f.Text != "It takes three days." || !f.Final {
		t.Errorf("then %+v", f)
	}

	// A new server on the same store has no draft, but what was final.
	if err := s.channel.Close(); err != nil {
		t.Fatal(err)
	}
	next := openSite(t, fast, store)
	b.site, b.origin = next, ""
	if z := b.open(t); texts(z.last.History) != "said:question | post:It takes three days." {
		t.Errorf("after a restart: %s", texts(z.last.History))
	}
}

func TestEditAfterRestart(t *testing.T) {
	store := newStore(t)
	s := openSite(t, fast, store)
	got := s.listen(t)
	b := s.browser(t)
	b.open(t).say(uuid.NewString(), "question")
	m := <-got
	post(t, s, m, "k/0", "It", false)

	next := openSite(t, fast, store)
	b.site, b.origin = next, ""
	x := b.open(t)
	for _, out := range []gateway.Outgoing{outgoing(m, "k/0", "It takes", false), outgoing(m, "k/0", "It takes 3 days", true)} {
		if err := next.channel.Edit(t.Context(), "k/0", out); err != nil {
			t.Fatal(err)
		}
		if f := x.await("edit"); f.Text != out.Text {
			t.Errorf("people see %q, want %q", f.Text, out.Text)
		}
	}
	if err := next.channel.Edit(t.Context(), "nosuch/0", outgoing(m, "nosuch/0", "x", true)); !errors.Is(err, fault.NotFound) {
		t.Errorf("editing what is not there: %v", err)
	}
	for _, chat := range []string{"", "nobody", "1.1", uuid.NewString(), uuid.NewString() + ".x"} {
		out := gateway.Outgoing{Conversation: gateway.Conversation{Channel: "web", Chat: chat}, Key: "k"}
		if _, err := next.channel.Post(t.Context(), out); !errors.Is(err, fault.NotFound) {
			t.Errorf("posting into chat %q: %v", chat, err)
		}
	}
}

func TestNewConversation(t *testing.T) {
	s := openSite(t, fast, newStore(t))
	got := s.listen(t)
	b := s.browser(t)
	one, two := b.open(t), b.open(t)
	one.say(uuid.NewString(), "old question")
	old := <-got
	two.await("said")
	one.send(map[string]any{"type": "new"})
	for _, x := range []*tab{one, two} {
		if f := x.await("welcome"); f.Chat == old.Conversation.Chat || len(f.History) != 0 {
			t.Errorf("a new conversation began as %+v", f)
		}
	}
	post(t, s, old, "k/0", "late answer to the old question", true) // kept, and not shown here
	two.say(uuid.NewString(), "new question")
	fresh := <-got
	if fresh.Conversation == old.Conversation || fresh.Sender != old.Sender {
		t.Errorf("old %+v, new %+v", old, fresh)
	}
	if x := b.open(t); texts(x.last.History) != "said:new question" {
		t.Errorf("history %s", texts(x.last.History))
	}
}

func TestRatings(t *testing.T) {
	s := openSite(t, fast, newStore(t))
	got := s.listen(t)
	b := s.browser(t)
	x := b.open(t)
	x.say(uuid.NewString(), "question")
	m := <-got
	id := post(t, s, m, "k/0", "answer", true)
	x.send(map[string]any{"type": "rate", "post": id, "value": -1, "reason": "wrong price"})
	if f := x.await("rated", "refused"); f.Post != id || f.Value != -1 {
		t.Fatalf("thumb answered with %+v", f)
	}
	if r := s.ratings[0]; r.Reason != "wrong price" || r.Post != id || r.Value != -1 || r.Conversation != m.Conversation {
		t.Errorf("handed on %+v", r)
	}
	if y := b.open(t); y.last.History[1].Rating != -1 {
		t.Errorf("after a reload %+v", y.last.History[1])
	}
	for name, c := range map[string]struct {
		value any
		post  string
		code  string
	}{
		"too high":            {2, id, "invalid"},
		"no such post":        {1, "nosuch", "not_found"},
		"a visitor's message": {1, m.ID, "not_found"},
	} {
		x.send(map[string]any{"type": "rate", "post": c.post, "value": c.value})
		if f := x.await("rated", "refused"); f.Code != c.code {
			t.Errorf("%s: %+v, want %s", name, f, c.code)
		}
	}
	stranger := s.browser(t).open(t)
	stranger.send(map[string]any{"type": "rate", "post": id, "value": 1})
	if f := stranger.await("rated", "refused"); f.Code != "not_found" {
		t.Errorf("another visitor's thumb: %+v", f)
	}
	s.mu.Lock()
	s.rateErr = fault.NotFound
	s.mu.Unlock()
	x.send(map[string]any{"type": "rate", "post": id, "value": 1})
	if f := x.await("rated", "refused"); f.Code != "not_found" {
		t.Errorf("a thumb that the ledger refuses: %+v", f)
	}
}

func TestRefusals(t *testing.T) {
	s := openSite(t, "per_minute: 6\nburst: 2\n", newStore(t))
	s.listen(t)
	x := s.browser(t).open(t)
	for name, c := range map[string]struct{ id, text, code string }{
		"no UUID":  {"1", "hello", "invalid"},
		"no text":  {uuid.NewString(), " \n", "invalid"},
		"NUL only": {uuid.NewString(), "\x00", "invalid"},
		"too long": {uuid.NewString(), strings.Repeat("长", 4001), "too_long"},
	} {
		if f := x.say(c.id, c.text); f.Code != c.code || f.ID != c.id {
			t.Errorf("%s: %+v, want %s", name, f, c.code)
		}
	}
	if f := x.say(uuid.NewString(), strings.Repeat("长", 4000)); f.Type != "ack" {
		t.Errorf("the longest text: %+v", f)
	}
	x.say(uuid.NewString(), "two")
	started := time.Now()
	f := x.say(uuid.NewString(), "three")
	if f.Code != "rate_limited" || f.RetryAfter < 5 || f.RetryAfter > 10 {
		t.Errorf("the third of a burst of two: %+v, want a wait of 10 seconds at most", f)
	}
	if time.Since(started) > 2*time.Second {
		t.Error("the refusal itself took long")
	}
	x.send(map[string]any{"type": "stop"}) // may be pressed at any time
	x.send(map[string]any{"type": "ping"})
	if f := x.next(); f.Type != "pong" {
		t.Errorf("stop was answered with %+v", f)
	}
	x.send(map[string]any{"type": "dance"})
	if f := x.next(); f.Code != "invalid" {
		t.Errorf("an unknown frame: %+v", f)
	}
}
