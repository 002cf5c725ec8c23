package bot_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/prompts"
)

// kept is a bot.Answers.
type kept map[string]bot.Answer

func (k kept) Find(_ context.Context, key string) (bot.Answer, bool) {
	a, ok := k[key]
	return a, ok
}
func (k kept) Keep(_ context.Context, key string, a bot.Answer) { k[key] = a }

// versions has one saved version of the English answer prompt, or none.
type versions struct {
	prompts.Versions
	text string
}

func (v *versions) Active(_ context.Context, name string) (prompts.Prompt, error) {
	if v.text == "" || name != "answer-en" {
		return prompts.Prompt{}, fault.NotFound
	}
	return prompts.Prompt{Name: name, Version: 1, Text: v.text}, nil
}

const (
	book     = "How do I return a book?"
	thirty   = "You have thirty days [1]."
	anew     = "Asked anew [1]."
	template = "You are {{.Assistant}}. Answer in {{.Language}}.\n{{.Passages}}\n"
)

// asking is a bot whose answers are kept, and what is asked of it.
type asking struct {
	*setting
	kept     kept
	versions *versions
	scope    bot.Scope
	modelID  string
	message  gateway.Message
	n        int
}

func newAsking(t *testing.T, with kept) *asking {
	a := &asking{kept: with, versions: &versions{}, modelID: "m1", message: direct(book), scope: bot.Scope{Collections: []string{"c1", "c2"}, Labels: []string{"public", "staff"}}}
	a.open(t)
	return a
}

func (a *asking) open(t *testing.T) {
	a.setting = setUp(t, func(c *bot.Config) {
		c.Answers, c.ModelID, c.Prompts = a.kept, a.modelID, prompts.New(a.versions)
		c.Scope = func(context.Context, string) (bot.Scope, error) { return a.scope, nil }
	})
}

// ask asks as somebody who never spoke before.
func (a *asking) ask(t *testing.T) (string, bot.Receipt) {
	t.Helper()
	a.n++
	m := a.message
	m.ReplyKey = fmt.Sprint("key-", a.n)
	m.Conversation.Chat = fmt.Sprint(m.Conversation.Chat, a.n)
	a.memory.receipts = nil
	var r reply
	if err := a.Handle(t.Context(), m, &r); err != nil {
		t.Fatal(err)
	}
	return r.String(), a.memory.all()[0]
}

func TestAnswerIsRepeated(t *testing.T) {
	a := newAsking(t, kept{})
	a.model.answers = []string{thirty}
	first, receipt := a.ask(t)
	if first != thirty || receipt.Cached || len(a.kept) != 1 {
		t.Fatalf("first %q, receipt %+v, %d kept", first, receipt, len(a.kept))
	}
	a.scope.Collections = []string{"c2", "c1"} // the same in another order
	a.scope.Labels = []string{"staff", "public"}
	for _, q := range []string{book, "  how do i return a  BOOK ", "How do I return a book??"} {
		a.message.Text = q
		text, r := a.ask(t)
		if text != thirty || !r.Cached || !r.Known || r.Mode != bot.ByModel || r.Model != "m1" || r.Usage != (bot.Usage{}) || r.Answer != thirty || r.System != "" || len(r.Turns) != 0 {
			t.Errorf("%q: said %q, receipt %+v", q, text, r)
		}
		if diff := cmp.Diff([]int{1}, r.Cited); diff != "" || r.Question != strings.TrimSpace(q) || len(r.Passages) == 0 || r.Confidence != 0.9 {
			t.Errorf("%q: receipt %+v", q, r)
		}
		if !slices.ContainsFunc(r.Stages, func(s bot.Stage) bool { return s.Name == "cache" }) {
			t.Errorf("%q: stages %+v", q, r.Stages)
		}
	}
	if len(a.model.requests) != 1 || len(a.shelf.queries) != 4 {
		t.Errorf("the model was asked %d times and passages were looked for %d times, want 1 and 4", len(a.model.requests), len(a.shelf.queries))
	}
}

// Whatever the model would be shown otherwise, or by another right, is asked anew.
func TestAnswerIsNotRepeated(t *testing.T) {
	for name, change := range map[string]func(*asking){
		"another question":   func(a *asking) { a.message.Text = "How do I return a used book?" },
		"another language":   func(a *asking) { a.message.Text, a.message.Locale = "book 怎么退货?", "zh-CN" },
		"another collection": func(a *asking) { a.scope.Collections = []string{"c1", "c3"} },
		"fewer collections":  func(a *asking) { a.scope.Collections = []string{"c1"} },
		"no labels":          func(a *asking) { a.scope.Labels = nil },
		"fewer labels":       func(a *asking) { a.scope.Labels = []string{"public"} },
		"a label, not a shelf": func(a *asking) {
			a.scope = bot.Scope{Collections: []string{"c1", "c2", "public"}, Labels: []string{"staff"}}
		},
		"a changed text":   func(a *asking) { a.shelf.passages[0].Text += " Or not." },
		"a new version":    func(a *asking) { a.shelf.passages[0].Version++ },
		"another document": func(a *asking) { a.shelf.passages[0].DocumentID = "d9" },
		"another title":    func(a *asking) { a.shelf.passages[0].Document = "Refunds" },
		"another chunk":    func(a *asking) { a.shelf.passages[0].ChunkID = "x" },
		"one passage less": func(a *asking) { a.shelf.passages = a.shelf.passages[:1] },
		"one passage more": func(a *asking) {
			a.shelf.passages = append(a.shelf.passages, knowledge.Passage{DocumentID: "d3", Heading: "y", Text: "Something else."})
		},
		"another order":         func(a *asking) { a.shelf.passages[1].Heading = "return"; slices.Reverse(a.shelf.passages) },
		"another prompt":        func(a *asking) { a.versions.text = template + "Be brief.\n" },
		"another model":         func(a *asking) { a.modelID = "m2" },
		"an attachment with it": func(a *asking) { a.message.Attachments = []gateway.Attachment{{}} },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAsking(t, kept{})
			a.versions.text = template
			a.model.answers = []string{thirty}
			if text, _ := a.ask(t); text != thirty {
				t.Fatalf("first %q", text)
			}
			shelf := a.shelf
			change(a)
			a.open(t)
			a.Bot.Retriever, a.shelf = shelf, shelf
			a.model.answers = []string{anew}
			if text, r := a.ask(t); !strings.HasPrefix(text, anew) || r.Cached {
				t.Errorf("said %q, cached %v; want it asked anew", text, r.Cached)
			}
		})
	}
}

func TestAnswerWithHistoryIsNotRepeated(t *testing.T) {
	a := newAsking(t, kept{})
	a.model.answers, a.model.rewrites = []string{thirty, anew}, []string{book}
	for i, want := range []string{thirty, anew} {
		m := direct(book)
		m.ReplyKey = fmt.Sprint("key-", i)
		var r reply
		if err := a.Handle(t.Context(), m, &r); err != nil || r.String() != want {
			t.Errorf("question %d: %q, %v; want %q", i, r.String(), err, want)
		}
	}
	if len(a.kept) != 1 {
		t.Errorf("%d answers are kept, want the first", len(a.kept))
	}
}

func TestTrialsAreAnsweredAnew(t *testing.T) {
	a := newAsking(t, kept{})
	a.model.answers = []string{thirty, anew}
	a.ask(t)
	before := maps.Clone(a.kept)
	r, err := a.Try(t.Context(), bot.TryRequest{Question: book, Channel: "web"})
	if err != nil || r.Cached || r.Answer != anew || !maps.EqualFunc(before, a.kept, func(x, y bot.Answer) bool { return x.Text == y.Text }) {
		t.Errorf("a trial: %+v, %v", r, err)
	}
}

func TestWhatIsNotKept(t *testing.T) {
	for name, spoil := range map[string]func(*asking){
		"no source":      func(a *asking) { a.model.answers = []string{"I think so."} },
		"cut":            func(a *asking) { a.model.answers = []string{"You have!"} },
		"nothing found":  func(a *asking) { a.message.Text = "Where is the moon?" },
		"small talk":     func(a *asking) { a.message.Text = "hello" },
		"without models": func(a *asking) { a.Bot.Model = nil },
		"by extraction":  func(a *asking) { a.Bot.Model = quoter{} },
	} {
		a := newAsking(t, kept{})
		a.model.answers = []string{thirty}
		spoil(a)
		m := a.message
		_ = a.Handle(t.Context(), m, &reply{})
		if len(a.kept) != 0 {
			t.Errorf("%s: kept %+v", name, a.kept)
		}
	}
}

// always has the same answer for every key, as a cache that somebody spoiled.
type always bot.Answer

func (a always) Find(context.Context, string) (bot.Answer, bool) { return bot.Answer(a), true }
func (always) Keep(context.Context, string, bot.Answer)          {}

func TestWhatCannotBeAnAnswerIsNotSaid(t *testing.T) {
	for name, a := range map[string]bot.Answer{
		"empty":              {Cited: []int{1}, Model: "m"},
		"no sources":         {Text: "x", Model: "m"},
		"no such passage":    {Text: "x", Model: "m", Cited: []int{1, 3}},
		"passage 0":          {Text: "x", Model: "m", Cited: []int{0}},
		"of nobody":          {Text: "x", Cited: []int{1}},
		"nothing whatsoever": {},
	} {
		s := setUp(t, func(c *bot.Config) { c.Answers = always(a) })
		s.model.answers = []string{thirty}
		var r reply
		if err := s.Handle(t.Context(), direct(book), &r); err != nil || r.String() != thirty {
			t.Errorf("%s: said %q, %v", name, r.String(), err)
		}
	}
}
