package bot_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/prompts"
)

// memory is a bot.Memory in memory.
type memory struct {
	mu       sync.Mutex
	receipts map[string][]bot.Receipt // by session
	fails    error
}

func (m *memory) Recent(_ context.Context, session string, n int, except string) ([]bot.Turn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []bot.Turn
	for _, r := range m.receipts[session] {
		if r.Command == "" && r.Answer != "" && r.ReplyKey != except {
			out = append(out, bot.Turn{Role: bot.User, Text: r.Question}, bot.Turn{Role: bot.Assistant, Text: r.Answer})
		}
	}
	return out[max(0, len(out)-n):], nil
}

func (m *memory) Remember(_ context.Context, session string, r bot.Receipt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.receipts == nil {
		m.receipts = map[string][]bot.Receipt{}
	}
	all := m.receipts[session]
	if i := slices.IndexFunc(all, func(o bot.Receipt) bool { return o.ReplyKey == r.ReplyKey }); i >= 0 {
		all[i] = r
	} else {
		all = append(all, r)
	}
	m.receipts[session] = all
	return m.fails
}

func (m *memory) Forget(_ context.Context, session string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.receipts, session)
	return nil
}

func (m *memory) Last(_ context.Context, session string) (bot.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range slices.Backward(m.receipts[session]) {
		if r.Command == "" && r.Answer != "" {
			return r, nil
		}
	}
	return bot.Receipt{}, fault.NotFound
}

// all returns every receipt, whatever the session.
func (m *memory) all() (out []bot.Receipt) {
	for _, rs := range m.receipts {
		out = append(out, rs...)
	}
	return out
}

// shelf is a bot.Retriever: a passage is relevant if its keyword is in the question.
type shelf struct {
	passages []knowledge.Passage // Heading holds the keyword
	queries  []knowledge.Query
	fails    error
}

func (s *shelf) Retrieve(_ context.Context, q knowledge.Query) ([]knowledge.Passage, error) {
	s.queries = append(s.queries, q)
	var out []knowledge.Passage
	for _, p := range s.passages {
		if p.Relevance = 0.1; strings.Contains(strings.ToLower(q.Text), strings.ToLower(p.Heading)) {
			p.Relevance = 0.9
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b knowledge.Passage) int { return int(10 * (b.Relevance - a.Relevance)) })
	return out, s.fails
}

// model is a bot.Model that says what it is told to, some characters at a time.
// "!" at the end of a line breaks off there.
type model struct {
	answers, rewrites []string
	requests          []bot.Request
	during            func() // called when half is said
}

func (m *model) Stream(ctx context.Context, r bot.Request) iter.Seq2[bot.Chunk, error] {
	m.requests = append(m.requests, r)
	lines := &m.answers
	if len(r.Passages) == 0 {
		lines = &m.rewrites
	}
	return func(yield func(bot.Chunk, error) bool) {
		if len(*lines) == 0 {
			yield(bot.Chunk{}, fmt.Errorf("nothing to say: %w", fault.Unavailable))
			return
		}
		line := (*lines)[0]
		*lines = (*lines)[1:]
		text, breaks := strings.CutSuffix(line, "!")
		runes := []rune(text)
		for i := 0; i < len(runes); i += 3 {
			if m.during != nil && i >= len(runes)/2 {
				m.during()
			}
			if ctx.Err() != nil {
				yield(bot.Chunk{}, context.Cause(ctx))
				return
			}
			if !yield(bot.Chunk{Text: string(runes[i:min(i+3, len(runes))]), Model: "m1", Mode: bot.ByModel}, nil) {
				return
			}
		}
		if breaks {
			yield(bot.Chunk{}, fmt.Errorf("cut: %w", fault.Unavailable))
			return
		}
		yield(bot.Chunk{Model: "m1", Mode: bot.ByModel, Usage: &bot.Usage{Input: 10, Output: 5}}, nil)
	}
}

// quoter stands for the extractive answerer.
type quoter struct{}

func (quoter) Stream(_ context.Context, r bot.Request) iter.Seq2[bot.Chunk, error] {
	return func(yield func(bot.Chunk, error) bool) {
		yield(bot.Chunk{Text: "> " + r.Passages[0].Text + " [1]", Model: "extractive", Mode: bot.ByExtraction}, nil)
	}
}

// noVersions has no saved prompts.
type noVersions struct{ prompts.Versions }

func (noVersions) Active(context.Context, string) (prompts.Prompt, error) {
	return prompts.Prompt{}, fault.NotFound
}

// reply is a gateway.Reply that keeps what it gets.
type reply struct {
	strings.Builder
	label   string
	sources []gateway.Source
	notice  bool
	fails   error
}

func (r *reply) Write(p []byte) (int, error) {
	if r.fails != nil {
		return 0, r.fails
	}
	return r.Builder.Write(p)
}
func (r *reply) WriteString(s string) (int, error)     { return r.Write([]byte(s)) }
func (r *reply) Cite(label string, s []gateway.Source) { r.label, r.sources = label, s }
func (r *reply) Notice()                               { r.notice = true }

// setting is a bot with its fakes.
type setting struct {
	*bot.Bot
	memory *memory
	shelf  *shelf
	model  *model
}

func setUp(_ testing.TB, change func(*bot.Config)) *setting {
	s := &setting{memory: &memory{}, shelf: &shelf{}, model: &model{}}
	s.shelf.passages = []knowledge.Passage{
		{DocumentID: "d1", Document: "Returns", Heading: "book", Text: "Books can be returned within thirty days.", URL: "https://shop.example/returns"},
		{DocumentID: "d2", Document: "配送", Heading: "配送", Location: "第 2 页", Text: "配送需要三到五天。", URL: "javascript:alert(1)"},
	}
	c := bot.Config{
		Retriever: s.shelf, Prompts: prompts.New(noVersions{}), Model: s.model, Extractive: quoter{}, Memory: s.memory,
		Scope: func(_ context.Context, channel string) (bot.Scope, error) {
			if channel == "closed" {
				return bot.Scope{}, errors.New("no such channel")
			}
			return bot.Scope{Collections: []string{"c-" + channel}, Labels: []string{"public"}}, nil
		},
		Log: slog.New(slog.DiscardHandler), Name: "Ada", PublicURL: "https://bot.example/",
	}
	if change != nil {
		change(&c)
	}
	s.Bot = bot.New(c)
	return s
}

func direct(text string) gateway.Message {
	return gateway.Message{ID: "1", ReplyKey: "key-1", Text: text, Direct: true, Attempt: 1,
		Conversation: gateway.Conversation{Channel: "web", Chat: "c"}, Sender: gateway.Person{ID: "ann"}}
}
