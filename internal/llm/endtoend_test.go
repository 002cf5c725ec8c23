package llm_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/llm"
	"github.com/parley-im/parley/internal/llm/llmtest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/prompts"
)

type noVersions struct{ prompts.Versions }

func (noVersions) Active(context.Context, string) (prompts.Prompt, error) {
	return prompts.Prompt{}, fault.NotFound
}

type shelf []knowledge.Passage

func (s shelf) Retrieve(context.Context, knowledge.Query) ([]knowledge.Passage, error) { return s, nil }

// The bot, a chain and the stand-in together: the stand-in reads the prompt that the
// bot makes, cites the first passage, and repeats a follow-up that is to be rewritten.
func TestBotWithStandIn(t *testing.T) {
	server := llmtest.Start(t, llmtest.Script{Reasoning: "thinking", Reasons: "think"})
	b := bot.New(bot.Config{
		Retriever: shelf{{Document: "退货", Text: "签收后三十天内可以退货。", Relevance: 0.9}, {Document: "配送", Text: "三天送达。", Relevance: 0.8}},
		Prompts:   prompts.New(noVersions{}), Model: chain(t, llm.Extractive{}, server), Extractive: llm.Extractive{},
		Scope: func(context.Context, string) (bot.Scope, error) { return bot.Scope{}, nil },
		Log:   slog.New(slog.DiscardHandler),
	})
	ask := func(question string, history ...bot.Turn) bot.Receipt {
		t.Helper()
		r, err := b.Try(t.Context(), bot.TryRequest{Question: question, History: history})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := ask("怎么退货？")
	if r.Answer != "根据知识库：签收后三十天内可以退货。 [1]" || !r.Known || r.Mode != bot.ByModel || r.Usage.Input == 0 || r.Usage.Cached == 0 {
		t.Errorf("receipt: %+v", r)
	}
	r = ask("And for books?", bot.Turn{Role: bot.User, Text: "How do I return it?"}, bot.Turn{Role: bot.Assistant, Text: "So. [1]"})
	if r.Standalone != "And for books?" || !strings.HasPrefix(r.Answer, "The knowledge base says: ") || server.Calls() != 3 {
		t.Errorf("follow-up: %+v after %d calls", r, server.Calls())
	}
	server.Set(llmtest.Script{Fault: always(llmtest.ServerError)})
	if r = ask("怎么退货？"); r.Mode != bot.ByExtraction || !strings.HasPrefix(r.Answer, "以下内容摘自知识库原文") || !r.Known {
		t.Errorf("all models down: %+v", r)
	}
}
