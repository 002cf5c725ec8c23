package openai_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/llm/llmtest"
	"github.com/parley-im/parley/internal/llm/openai"
)

const whole = "Returns are free within thirty days of delivery. [1]"

func always(f llmtest.Fault) func(int) llmtest.Fault { return func(int) llmtest.Fault { return f } }

func say(text string) func(llmtest.Asked) string {
	return func(llmtest.Asked) string { return text }
}

func client(t *testing.T, s *llmtest.Server, change func(*openai.Endpoint)) *openai.Client {
	e := openai.Endpoint{Name: "standin", BaseURL: s.URL, Key: "sk-test", Model: "m1", Timeouts: openai.Timeouts{
		Connect: time.Second, FirstToken: 2 * time.Second, Stall: 2 * time.Second, Total: 20 * time.Second}}
	if change != nil {
		change(&e)
	}
	c := openai.New(e)
	t.Cleanup(c.Close)
	return c
}

func collect(ctx context.Context, m bot.Model, r bot.Request) (text string, last bot.Chunk, err error) {
	for c, err := range m.Stream(ctx, r) {
		if err != nil {
			return text, last, err
		}
		text += c.Text
		if c.Usage != nil {
			last.Usage = c.Usage
		}
		last.Truncated = last.Truncated || c.Truncated
		last.Model, last.Mode = c.Model, c.Mode
	}
	return text, last, nil
}

var question = bot.Request{System: "Be brief.", Turns: []bot.Turn{{Role: bot.User, Text: "How long?"}}, MaxTokens: 100}

func TestWhole(t *testing.T) {
	for _, c := range []struct {
		name   string
		script llmtest.Script
		change func(*openai.Endpoint)
		want   string
	}{
		{"plain", llmtest.Script{}, nil, whole},
		{"hundreds of keep-alives", llmtest.Script{KeepAlives: 500}, nil, whole},
		{"reasoning_content", llmtest.Script{Reasoning: "SECRET thought", Reasons: "reasoning_content"}, nil, whole},
		{"reasoning", llmtest.Script{Reasoning: "SECRET thought", Reasons: "reasoning"}, nil, whole},
		{"think marks", llmtest.Script{Reasoning: "SECRET < thought </thin", Reasons: "think"}, nil, whole},
		{"think marks without the first", llmtest.Script{Answer: say("SECRET</think>\n" + whole)},
			func(e *openai.Endpoint) { e.ThinksAloud = true }, whole},
		{"no finish_reason but [DONE]", llmtest.Script{Fault: always(llmtest.NoFinish)}, nil, whole},
		{"finish_reason but no [DONE]", llmtest.Script{Fault: always(llmtest.NoDone)}, nil, whole},
		{"chunks without choices", llmtest.Script{Fault: always(llmtest.NilChoices)}, nil, whole},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.script.Answer == nil {
				c.script.Answer = say(whole)
			}
			server := llmtest.Start(t, c.script)
			got, last, err := collect(t.Context(), client(t, server, c.change), question)
			if err != nil || got != c.want {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
			if last.Usage == nil || last.Usage.Output == 0 || last.Usage.Cached == 0 || last.Model != "m1" || last.Mode != bot.ByModel {
				t.Errorf("usage, model or mode missing: %+v", last)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		fault  llmtest.Fault
		want   openai.Reason
		status int
	}{
		{llmtest.Unauthorized, openai.Key, 401},
		{llmtest.BadRequest, openai.Refused, 400},
		{llmtest.NotFound, openai.Unknown, 404},
		{llmtest.RateLimit, openai.RateLimited, 429},
		{llmtest.ServerError, openai.Server, 500},
		{llmtest.HTML, openai.Garbage, 0},
		{llmtest.HTMLError, openai.Server, 502},
		{llmtest.Garbage, openai.Garbage, 0},
		{llmtest.BrokenJSON, openai.Garbage, 0},
		{llmtest.Hang, openai.FirstToken, 0},
		{llmtest.HangFirst, openai.FirstToken, 0},
		{llmtest.Cut, openai.Cut, 0},
		{llmtest.Reset, openai.Cut, 0},
		{llmtest.Stall, openai.Stall, 0},
		{llmtest.LongLine, openai.Garbage, 0},
		{llmtest.ErrorEvent, openai.Server, 0},
		{llmtest.ErrorChunk, openai.Server, 0},
		{llmtest.ErrorObject, openai.Server, 0},
		{llmtest.WrongFinish, openai.Server, 0},
		{llmtest.FilterFinish, openai.Filtered, 0},
		{llmtest.EmptyAnswer, openai.Empty, 0},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel() // some wait for a time-out
			server := llmtest.Start(t, llmtest.Script{Answer: say(whole), Fault: always(c.fault), RetryAfter: "1.5"})
			text, _, err := collect(t.Context(), client(t, server, nil), question)
			got, ok := errors.AsType[*openai.Error](err)
			if !ok {
				t.Fatalf("got %q, %v; want an *openai.Error", text, err)
			}
			if got.Reason != c.want || got.Status != c.status {
				t.Errorf("got %s, status %d (%v); want %s, %d", got.Reason, got.Status, err, c.want, c.status)
			}
			if !errors.Is(err, fault.Unavailable) {
				t.Errorf("%v is not fault.Unavailable", err)
			}
			if text == whole {
				t.Error("the whole text was shown with an answer that failed")
			}
			if strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "Returns") {
				t.Errorf("the error has text of a page or of the answer: %v", err)
			}
			if c.fault == llmtest.RateLimit && got.RetryAfter != 1500*time.Millisecond {
				t.Errorf("Retry-After: got %v", got.RetryAfter)
			}
		})
	}
}

func TestTruncated(t *testing.T) {
	server := llmtest.Start(t, llmtest.Script{Answer: say(whole), Fault: always(llmtest.LengthFinish)})
	text, last, err := collect(t.Context(), client(t, server, nil), question)
	if err != nil || !last.Truncated || text == "" {
		t.Errorf("got %q, truncated %v, %v", text, last.Truncated, err)
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c := openai.New(openai.Endpoint{BaseURL: "http://" + address + "/v1", Model: "m"})
	_, _, err = collect(t.Context(), c, question)
	if e, ok := errors.AsType[*openai.Error](err); !ok || e.Reason != openai.Connect {
		t.Errorf("got %v, want connect", err)
	}
}

func TestTotal(t *testing.T) {
	server := llmtest.Start(t, llmtest.Script{Answer: say(strings.Repeat(whole, 20)), Pace: 20})
	c := client(t, server, func(e *openai.Endpoint) { e.Timeouts.Total = 500 * time.Millisecond })
	_, _, err := collect(t.Context(), c, question)
	if e, ok := errors.AsType[*openai.Error](err); !ok || e.Reason != openai.Total {
		t.Errorf("got %v, want total", err)
	}
}

// A reader that is slow to take the text is not a server that stalls.
func TestSlowReader(t *testing.T) {
	server := llmtest.Start(t, llmtest.Script{Answer: say(whole)})
	c := client(t, server, func(e *openai.Endpoint) { e.Timeouts.Stall = 400 * time.Millisecond })
	got, slow := "", true
	for chunk, err := range c.Stream(t.Context(), question) {
		if err != nil {
			t.Fatal(err)
		}
		if got += chunk.Text; slow {
			time.Sleep(900 * time.Millisecond)
			slow = false
		}
	}
	if got != whole {
		t.Errorf("got %q", got)
	}
}

func TestCallerLeaves(t *testing.T) {
	server := llmtest.Start(t, llmtest.Script{Fault: always(llmtest.Hang)})
	cause := errors.New("the reader pressed stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
	_, _, err := collect(ctx, client(t, server, nil), question)
	if !errors.Is(err, cause) || errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want the caller's cause and no failure of the endpoint", err)
	}
	for range client(t, llmtest.Start(t, llmtest.Script{Answer: say(whole)}), nil).Stream(t.Context(), question) {
		break // leaving the loop early must not panic or hang
	}
}

func TestCheck(t *testing.T) {
	server := llmtest.Start(t, llmtest.Script{})
	if took, err := client(t, server, nil).Check(t.Context()); err != nil || took <= 0 {
		t.Errorf("got %v, %v", took, err)
	}
	server.Set(llmtest.Script{Fault: always(llmtest.Unauthorized)})
	if _, err := client(t, server, nil).Check(t.Context()); err == nil {
		t.Error("a refused key passes the check")
	}
}
