package openai_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/llm/llmtest"
	"github.com/parley-im/parley/internal/llm/openai"
)

func TestRequest(t *testing.T) {
	zero := 0.0
	base := func(change map[string]any) map[string]any {
		out := map[string]any{
			"model": "m1", "stream": true, "max_tokens": 100.0,
			"stream_options": map[string]any{"include_usage": true},
			"messages": []any{
				map[string]any{"role": "system", "content": "Be brief."},
				map[string]any{"role": "user", "content": "How long?"},
			},
		}
		for k, v := range change {
			if v == nil {
				delete(out, k)
			} else {
				out[k] = v
			}
		}
		return out
	}
	for _, c := range []struct {
		name   string
		change func(*openai.Endpoint)
		want   map[string]any
	}{
		{"plain", nil, base(nil)},
		{"temperature 0 is sent", func(e *openai.Endpoint) { e.Temperature = &zero }, base(map[string]any{"temperature": 0.0})},
		{"no stream_options", func(e *openai.Endpoint) { e.NoStreamOptions = true }, base(map[string]any{"stream_options": nil})},
		{"extra body", func(e *openai.Endpoint) {
			e.ExtraBody = map[string]any{"enable_thinking": false, "thinking": map[string]any{"type": "disabled"}, "max_tokens": 7, "stream_options": nil}
		}, base(map[string]any{"enable_thinking": false, "thinking": map[string]any{"type": "disabled"}, "max_tokens": 7.0, "stream_options": nil})},
		{"a name that OpenAI's client checks, elsewhere", func(e *openai.Endpoint) { e.Model, e.Temperature = "gpt-5-mini", &zero },
			base(map[string]any{"model": "gpt-5-mini", "temperature": 0.0})},
		{"a name with GPT-6", func(e *openai.Endpoint) { e.Model = "gpt-6-sol" }, base(map[string]any{"model": "gpt-6-sol"})},
		{"max_completion_tokens by setting", func(e *openai.Endpoint) { e.MaxTokensField = "max_completion_tokens" },
			base(map[string]any{"max_tokens": nil, "max_completion_tokens": 100.0})},
		{"no limit by setting", func(e *openai.Endpoint) { e.MaxTokensField = "none" }, base(map[string]any{"max_tokens": nil})},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := llmtest.Start(t, llmtest.Script{Answer: say(whole)})
			if _, _, err := collect(t.Context(), client(t, server, c.change), question); err != nil {
				t.Fatal(err)
			}
			got := server.Requests()[0]
			if diff := cmp.Diff(c.want, got.Body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if got.Path != "/v1/chat/completions" || got.Header.Get("Authorization") != "Bearer sk-test" {
				t.Errorf("path %s, authorization %s", got.Path, got.Header.Get("Authorization"))
			}
		})
	}
}

func TestAzure(t *testing.T) {
	server := llmtest.Start(t, llmtest.Script{Answer: say(whole)})
	c := client(t, server, func(e *openai.Endpoint) {
		e.APIType, e.APIVersion, e.Model = "azure", "2025-01-01", "gpt-5-desk"
		e.Headers = map[string]string{"X-Team": "desk"}
	})
	if got, _, err := collect(t.Context(), c, question); err != nil || got != whole {
		t.Fatalf("got %q, %v", got, err)
	}
	r := server.Requests()[0]
	if r.Path != "/v1/openai/deployments/gpt-5-desk/chat/completions" || r.Query != "api-version=2025-01-01" {
		t.Errorf("asked %s?%s", r.Path, r.Query)
	}
	if r.Header.Get("Api-Key") != "sk-test" || r.Header.Get("Authorization") != "" || r.Header.Get("X-Team") != "desk" {
		t.Errorf("headers: %v", r.Header)
	}
	if r.Body["max_completion_tokens"] != 100.0 || r.Body["max_tokens"] != nil {
		t.Errorf("a model of the gpt-5 family at Azure takes max_completion_tokens: %v", r.Body)
	}
}
