package llm_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/llm"
	"github.com/parley-im/parley/internal/llm/llmtest"
	"github.com/parley-im/parley/internal/llm/openai"
	"github.com/parley-im/parley/knowledge"
)

func always(f llmtest.Fault) func(int) llmtest.Fault { return func(int) llmtest.Fault { return f } }

func say(text string) func(llmtest.Asked) string {
	return func(llmtest.Asked) string { return text }
}

func chain(t *testing.T, last bot.Model, servers ...*llmtest.Server) *llm.Chain {
	c := llm.Config{LastResort: last, OpenFor: 3 * time.Second, Log: slog.New(slog.DiscardHandler)}
	for i, s := range servers {
		c.Endpoints = append(c.Endpoints, openai.Endpoint{Name: string(rune('a' + i)), BaseURL: s.URL, Model: "model-" + string(rune('a'+i)),
			Timeouts: openai.Timeouts{FirstToken: 2 * time.Second, Stall: 2 * time.Second}})
	}
	out := llm.New(c)
	t.Cleanup(out.Close)
	return out
}

func collect(ctx context.Context, m bot.Model, r bot.Request) (text string, last bot.Chunk, err error) {
	for c, err := range m.Stream(ctx, r) {
		if err != nil {
			return text, last, err
		}
		text, last = text+c.Text, c
	}
	return text, last, nil
}

var question = bot.Request{Question: "How long do I have?", Turns: []bot.Turn{{Role: bot.User, Text: "How long do I have?"}},
	Passages: []knowledge.Passage{{Document: "Returns", Text: "You have thirty days.", Relevance: 0.9}}}

func TestFailover(t *testing.T) {
	for _, f := range []llmtest.Fault{llmtest.Unauthorized, llmtest.BadRequest, llmtest.NotFound, llmtest.RateLimit, llmtest.ServerError,
		llmtest.HTML, llmtest.HTMLError, llmtest.Garbage, llmtest.Hang, llmtest.HangFirst, llmtest.ErrorObject, llmtest.EmptyAnswer} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel() // some wait for a time-out
			bad := llmtest.Start(t, llmtest.Script{Fault: always(f)})
			good := llmtest.Start(t, llmtest.Script{Answer: say("from b [1]")})
			c := chain(t, nil, bad, good)
			text, last, err := collect(t.Context(), c, question)
			if err != nil || text != "from b [1]" || last.Model != "model-b" || last.Mode != bot.ByModel {
				t.Errorf("got %q by %s, %v", text, last.Model, err)
			}
			if h := c.Health(); h[0].Error == "" || h[0].ErrorAt.IsZero() || h[1].Error != "" || h[1].OKAt.IsZero() || h[1].FirstToken <= 0 {
				t.Errorf("health: %+v", h)
			}
		})
	}
}

func TestNoRetryAfterText(t *testing.T) {
	for _, f := range []llmtest.Fault{llmtest.Cut, llmtest.Reset, llmtest.Stall, llmtest.ErrorEvent, llmtest.ErrorChunk, llmtest.LongLine, llmtest.WrongFinish} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel() // some wait for a time-out
			bad := llmtest.Start(t, llmtest.Script{Answer: say("half of this is not an answer"), Fault: always(f)})
			good := llmtest.Start(t, llmtest.Script{Answer: say("from b")})
			text, _, err := collect(t.Context(), chain(t, llm.Extractive{}, bad, good), question)
			if !errors.Is(err, fault.Unavailable) || strings.Contains(text, "from b") || good.Calls() != 0 {
				t.Errorf("got %q, %v and %d calls of the next; want the cut text and an error", text, err, good.Calls())
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	once := func(call int) llmtest.Fault {
		if call == 1 {
			return llmtest.RateLimit
		}
		return llmtest.None
	}
	for _, c := range []struct{ after, want string }{{"0.05", "from a"}, {"60", "from b"}, {"", "from b"}} {
		first := llmtest.Start(t, llmtest.Script{Answer: say("from a"), Fault: once, RetryAfter: c.after})
		second := llmtest.Start(t, llmtest.Script{Answer: say("from b")})
		if text, _, err := collect(t.Context(), chain(t, nil, first, second), question); err != nil || text != c.want {
			t.Errorf("Retry-After %q: got %q, %v; want %q", c.after, text, err, c.want)
		}
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	bad := llmtest.Start(t, llmtest.Script{Answer: say("from a"), Fault: always(llmtest.ServerError)})
	good := llmtest.Start(t, llmtest.Script{Answer: say("from b")})
	c := chain(t, nil, bad, good)
	for range 6 {
		if text, _, err := collect(t.Context(), c, question); err != nil || text != "from b" {
			t.Fatalf("got %q, %v", text, err)
		}
	}
	if bad.Calls() != 3 {
		t.Errorf("an endpoint that is down was asked %d times, want 3", bad.Calls())
	}
	if h := c.Health(); h[0].State != "open" || h[0].Status != 500 {
		t.Errorf("health: %+v", h[0])
	}
	bad.Set(llmtest.Script{Answer: say("from a")})
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) && c.Health()[0].State == "open" {
		time.Sleep(10 * time.Millisecond)
	}
	if text, _, err := collect(t.Context(), c, question); err != nil || text != "from a" {
		t.Errorf("after it came back: got %q, %v", text, err)
	}
	if h := c.Health(); h[0].State != "closed" {
		t.Errorf("state %s after a good answer", h[0].State)
	}
}

// An open breaker costs no answer: a model that works now and then is asked when
// there is nobody else.
func TestBreakerCostsNoAnswer(t *testing.T) {
	flaky := llmtest.Start(t, llmtest.Script{Fault: always(llmtest.ServerError)})
	down := llmtest.Start(t, llmtest.Script{Fault: always(llmtest.ServerError)})
	c := chain(t, nil, flaky, down)
	for range 4 {
		if _, _, err := collect(t.Context(), c, question); err == nil {
			t.Fatal("nobody can answer")
		}
	}
	if h := c.Health(); h[0].State != "open" || h[1].State != "open" {
		t.Fatalf("breakers are %s and %s", h[0].State, h[1].State)
	}
	flaky.Set(llmtest.Script{Answer: say("now and then [1]")})
	before := down.Calls()
	text, last, err := collect(t.Context(), c, question)
	if err != nil || text != "now and then [1]" || last.Model != "model-a" {
		t.Errorf("got %q by %s, %v", text, last.Model, err)
	}
	if n := down.Calls() - before; n != 0 {
		t.Errorf("the other one was asked %d times, though it is left alone", n)
	}
}

// What the readers do and what one request is like does not open a breaker.
func TestBreakerExcludes(t *testing.T) {
	server := llmtest.Start(t, llmtest.Script{Fault: always(llmtest.BadRequest)})
	c := chain(t, nil, server)
	for range 5 {
		if _, _, err := collect(t.Context(), c, question); err == nil {
			t.Fatal("no error")
		}
	}
	server.Set(llmtest.Script{Fault: always(llmtest.Hang)})
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, _, err := collect(ctx, c, question); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		cancel()
	}
	if h := c.Health(); h[0].State != "closed" {
		t.Errorf("breaker is %s", h[0].State)
	}
}

func TestLastResort(t *testing.T) {
	bad := llmtest.Start(t, llmtest.Script{Fault: always(llmtest.ServerError)})
	text, last, err := collect(t.Context(), chain(t, llm.Extractive{}, bad), question)
	if err != nil || last.Mode != bot.ByExtraction || !strings.Contains(text, "You have thirty days. [1]") {
		t.Errorf("got %q (%s), %v", text, last.Mode, err)
	}
	rewriting := question
	rewriting.Passages = nil
	for _, m := range []bot.Model{chain(t, llm.Extractive{}, bad), chain(t, nil, bad), chain(t, nil)} {
		if text, _, err := collect(t.Context(), m, rewriting); !errors.Is(err, fault.Unavailable) || text != "" {
			t.Errorf("nothing to quote: got %q, %v", text, err)
		}
	}
}

func TestCheck(t *testing.T) {
	bad := llmtest.Start(t, llmtest.Script{Fault: always(llmtest.Unauthorized)})
	good := llmtest.Start(t, llmtest.Script{})
	got := chain(t, nil, bad, good).Check(t.Context())
	if len(got) != 2 || got[0].Err == nil || got[1].Err != nil || got[1].FirstToken <= 0 {
		t.Errorf("got %+v", got)
	}
}
