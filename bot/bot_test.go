package bot_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/prompts"
)

func TestNotForTheBot(t *testing.T) {
	for name, change := range map[string]func(*gateway.Message){
		"group talk":     func(m *gateway.Message) { m.Direct = false },
		"another bot":    func(m *gateway.Message) { m.Sender.Bot = true },
		"a stop button":  func(m *gateway.Message) { m.Stop = true },
		"a bot, mention": func(m *gateway.Message) { m.Direct, m.Mentioned, m.Sender.Bot = false, true, true },
	} {
		s := setUp(t, nil)
		m := direct("How do I return a book?")
		change(&m)
		var r reply
		if err := s.Handle(t.Context(), m, &r); err != nil || r.Len() > 0 || len(s.memory.all()) > 0 || len(s.shelf.queries) > 0 {
			t.Errorf("%s: answered %q, %v", name, r.String(), err)
		}
	}
}

func TestRequest(t *testing.T) {
	s := setUp(t, nil)
	s.model.answers = []string{"Yes [1].", "Yes [1]."}
	s.model.rewrites = []string{"How do I return a cook book?"}
	for i, q := range []string{"How do I return a book?", "And a cook book?"} {
		m := direct(q)
		m.ReplyKey = "key-" + string(rune('1'+i))
		if err := s.Handle(t.Context(), m, &reply{}); err != nil {
			t.Fatal(err)
		}
	}
	want := knowledge.Query{Text: "How do I return a cook book?", Collections: []string{"c-web"}, Labels: []string{"public"}, Limit: 8}
	if diff := cmp.Diff(want, s.shelf.queries[1]); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	first, rewriting, second := s.model.requests[0], s.model.requests[1], s.model.requests[2]
	if !strings.Contains(rewriting.System, "user: How do I return a book?\nassistant: Yes [1].") || len(rewriting.Passages) > 0 {
		t.Errorf("rewriting asked:\n%s", rewriting.System)
	}
	wantTurns := []bot.Turn{{Role: bot.User, Text: "How do I return a book?"}, {Role: bot.Assistant, Text: "Yes [1]."}, {Role: bot.User, Text: "And a cook book?"}}
	if diff := cmp.Diff(wantTurns, second.Turns); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	// What stands before the passages is the same at each call, so providers can cache it.
	prefix, _, _ := strings.Cut(first.System, "<<<passages")
	if !strings.HasPrefix(second.System, prefix) || len(prefix) < 1000 {
		t.Errorf("the beginning of the system text changes between calls")
	}
	if !strings.Contains(second.System, "[1] Returns — book\nBooks can be returned within thirty days.\n") {
		t.Errorf("no passages in\n%s", second.System)
	}
	receipts := s.memory.all()
	r := receipts[len(receipts)-1]
	if r.System != second.System || r.Standalone != want.Text || r.Usage.Input != 10 || r.Model != "m1" || r.PromptVersion != 0 {
		t.Errorf("receipt: %+v", r)
	}
	var stages []string
	for _, st := range r.Stages {
		stages = append(stages, st.Name)
	}
	if diff := cmp.Diff([]string{"history", "rewrite", "retrieve", "prompt", "first_token", "answer"}, stages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
}

func TestStopped(t *testing.T) {
	s := setUp(t, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	s.model.answers = []string{"You have thirty days to return it [1]."}
	s.model.during = func() { cancel(gateway.ErrStopped) }
	var r reply
	if err := s.Handle(ctx, direct("How do I return a book?"), &r); err != nil {
		t.Fatal(err)
	}
	if got := r.String(); !strings.HasPrefix(got, "You have thirty") || !strings.HasSuffix(got, " (stopped)") {
		t.Errorf("got %q", got)
	}
	if got := s.memory.all(); len(got) != 1 || !got[0].Stopped || got[0].Error != "" || !strings.HasPrefix(got[0].Answer, "You have thirty") {
		t.Errorf("receipt: %+v", got)
	}
}

func TestLeaseLost(t *testing.T) {
	s := setUp(t, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("another worker has it")
	s.model.answers = []string{"You have thirty days [1]."}
	s.model.during = func() { cancel(cause) }
	if err := s.Handle(ctx, direct("How do I return a book?"), &reply{}); !errors.Is(err, cause) || len(s.memory.all()) != 0 {
		t.Errorf("got %v and %d receipts; another may be writing its own", err, len(s.memory.all()))
	}
}

func TestFailures(t *testing.T) {
	broken := errors.New("disk broken: secret detail")
	for _, c := range []struct {
		name  string
		spoil func(*setting, *gateway.Message, *reply)
		text  bool // may have been shown already
	}{
		{"retrieval", func(s *setting, _ *gateway.Message, _ *reply) { s.shelf.fails = broken }, false},
		{"scope", func(_ *setting, m *gateway.Message, _ *reply) { m.Conversation.Channel = "closed" }, false},
		{"model", func(s *setting, _ *gateway.Message, _ *reply) { s.model.answers = nil }, false},
		{"model says nothing", func(s *setting, _ *gateway.Message, _ *reply) { s.model.answers = []string{"  [9] "} }, false},
		{"cut", func(s *setting, _ *gateway.Message, _ *reply) { s.model.answers = []string{"half!"} }, true},
		{"reply", func(_ *setting, _ *gateway.Message, r *reply) { r.fails = broken }, false},
		{"memory", func(s *setting, _ *gateway.Message, _ *reply) { s.memory.fails = broken }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := setUp(t, nil)
			s.model.answers = []string{"Yes [1]."}
			m, r := direct("How do I return a book?"), &reply{}
			c.spoil(s, &m, r)
			err := s.Handle(t.Context(), m, r)
			if err == nil {
				t.Fatal("no error")
			}
			if !c.text && r.Len() > 0 {
				t.Errorf("wrote %q", r.String())
			}
			if text := s.Apology(m, err); strings.Contains(text, "secret") || text == "" {
				t.Errorf("apology %q", text)
			}
			for _, kept := range s.memory.all() {
				if c.name != "memory" && (kept.Error == "" || kept.Answer != "") {
					t.Errorf("receipt of a failure: %+v", kept)
				}
			}
		})
	}
}

func TestRewriteFails(t *testing.T) {
	s := setUp(t, nil)
	s.model.answers = []string{"Yes [1].", "Yes [1]."}
	for _, key := range []string{"key-1", "key-2"} { // no rewrites are there
		m := direct("How do I return a book?")
		m.ReplyKey = key
		if err := s.Handle(t.Context(), m, &reply{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.shelf.queries[1].Text; got != "How do I return a book?" {
		t.Errorf("searched %q", got)
	}
}

func TestWithoutHistory(t *testing.T) {
	s := setUp(t, func(c *bot.Config) { c.History = -1 })
	s.model.answers = []string{"Yes [1].", "Yes [1]."}
	s.model.rewrites = []string{"not asked for"}
	for _, key := range []string{"key-1", "key-2"} {
		m := direct("How do I return a book?")
		m.ReplyKey = key
		if err := s.Handle(t.Context(), m, &reply{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.model.requests); n != 2 || len(s.model.requests[1].Turns) != 1 {
		t.Errorf("the model was asked %d times, with %v at last; want twice, with the question alone", n, s.model.requests[n-1].Turns)
	}
}

// An attempt that a crash ended after it was remembered is not what the next one follows up.
func TestSecondAttempt(t *testing.T) {
	s := setUp(t, nil)
	s.model.answers = []string{"Yes [1].", "Yes, again [1]."}
	for range 2 {
		if err := s.Handle(t.Context(), direct("How do I return a book?"), &reply{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.memory.all(); len(got) != 1 || got[0].Answer != "Yes, again [1]." || len(got[0].Turns) != 1 || len(s.model.requests) != 2 {
		t.Errorf("%d receipts after %d calls: %+v", len(got), len(s.model.requests), got)
	}
}

func TestLongQuestion(t *testing.T) {
	s := setUp(t, nil)
	s.model.answers = []string{"三十天 [1]。"}
	var r reply
	if err := s.Handle(t.Context(), direct("book "+strings.Repeat("退", 5000)), &r); err != nil {
		t.Fatal(err)
	}
	if n := len([]rune(s.shelf.queries[0].Text)); n != 4000 {
		t.Errorf("searched for %d characters", n)
	}
	if !strings.HasSuffix(r.String(), "（消息太长，只读取了前 4000 个字。）") {
		t.Errorf("got %q", r.String())
	}
}

func TestStops(t *testing.T) {
	s := setUp(t, nil)
	group := func(text string, mentioned bool) gateway.Message {
		m := direct(text)
		m.Direct, m.Mentioned = false, mentioned
		return m
	}
	for _, c := range []struct {
		m    gateway.Message
		want bool
	}{{direct("/stop"), true}, {direct(" ／停止 "), true}, {direct("stop"), false}, {direct("/stop it"), false},
		{group("/stop", false), false}, {group("/STOP", true), true}, {gateway.Message{Stop: true}, true}} {
		if got := s.Stops(c.m); got != c.want {
			t.Errorf("Stops(%q) = %v", c.m.Text, got)
		}
	}
}

func TestApologyLanguage(t *testing.T) {
	s := setUp(t, func(c *bot.Config) { c.NextStep = map[string]string{"zh": "请拨打 10000。"} })
	if got := s.Apology(direct("怎么退货"), errors.New("x")); got != "抱歉，这次没能给出回答。请拨打 10000。" {
		t.Errorf("got %q", got)
	}
	if got := s.Apology(direct("How so?"), fault.Unavailable); got != "Sorry, I cannot answer right now. Please ask again in a moment." {
		t.Errorf("got %q", got)
	}
}

func TestTry(t *testing.T) {
	s := setUp(t, nil)
	s.model.answers = []string{"Yes [1].", "Yes [1]."}
	got, err := s.Try(t.Context(), bot.TryRequest{Question: " How do I return a book? ", Text: "Passages: {{.Passages}}\nQ: {{.Question}}", Collections: []string{"x"}})
	if err != nil || !got.Known || got.Answer != "Yes [1]." || got.PromptVersion != bot.Draft || got.Prompt != "answer-en" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if !strings.HasPrefix(got.System, "Passages: <<<passages ") || !strings.HasSuffix(got.System, "Q: How do I return a book?") {
		t.Errorf("system %q", got.System)
	}
	if q := s.shelf.queries[0]; q.Collections[0] != "x" || q.Labels != nil || len(s.memory.all()) != 0 {
		t.Errorf("searched %+v, stored %d", q, len(s.memory.all()))
	}
	data, err := json.Marshal(got)
	if err != nil || strings.Contains(string(data), ":null") {
		t.Errorf("null in the JSON of a receipt: %s, %v", data, err)
	}
	var shown strings.Builder
	if r, err := s.TryTo(t.Context(), bot.TryRequest{Question: "book", Language: "zh"}, &shown); err != nil || r.Prompt != "answer-zh" || shown.String() != r.Answer {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, bad := range []bot.TryRequest{{}, {Question: strings.Repeat("x", 5000)}, {Question: "book", Text: "{{.Nope}} {{.Passages}}"},
		{Question: "book", Text: "no passages"}} {
		if _, err := s.Try(t.Context(), bad); !errors.Is(err, fault.Invalid) {
			t.Errorf("%+v: got %v, want Invalid", bad, err)
		}
	}
	if _, err := s.Try(t.Context(), bot.TryRequest{Question: "book", Prompt: "nope", Text: "x"}); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown prompt: got %v", err)
	}
	if r, err := s.Try(t.Context(), bot.TryRequest{Question: "book"}); err == nil || r.Error == "" || len(r.Passages) == 0 {
		t.Errorf("a model that fails: got %+v, %v", r, err)
	}
}

// own gives the place "shop" a prompt of its own.
type own struct{ prompts.Versions }

func (own) Active(_ context.Context, name string) (prompts.Prompt, error) {
	if name == "shop.answer-en" {
		return prompts.Prompt{Name: name, Version: 3, Text: "Shop: {{.Passages}}"}, nil
	}
	return prompts.Prompt{}, fault.NotFound
}

func TestPromptPrefix(t *testing.T) {
	s := setUp(t, func(c *bot.Config) {
		c.Prompts = prompts.New(own{})
		c.Scope = func(context.Context, string) (bot.Scope, error) { return bot.Scope{PromptPrefix: "shop"}, nil }
	})
	s.model.answers = []string{"Yes [1].", "是 [1]"}
	if r, err := s.Try(t.Context(), bot.TryRequest{Question: "book"}); err != nil || r.Prompt != "shop.answer-en" || r.PromptVersion != 3 {
		t.Errorf("got %s version %d, %v", r.Prompt, r.PromptVersion, err)
	}
	if r, err := s.Try(t.Context(), bot.TryRequest{Question: "book 怎么退"}); err != nil || r.Prompt != "answer-zh" {
		t.Errorf("got %s, %v", r.Prompt, err)
	}
}

func BenchmarkHandle(b *testing.B) {
	s := setUp(b, nil)
	for b.Loop() {
		s.model.answers = []string{"You have thirty days to return it [1]."}
		s.model.requests, s.shelf.queries, s.memory.receipts = nil, nil, nil
		if err := s.Handle(b.Context(), direct("How do I return a book?"), &reply{}); err != nil {
			b.Fatal(err)
		}
	}
}
