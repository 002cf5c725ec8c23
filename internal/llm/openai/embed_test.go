package openai_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/llm/llmtest"
	"github.com/parley-im/parley/internal/llm/openai"
)

func embedder(t *testing.T, s *llmtest.Server, change func(*openai.EmbedderConfig)) *openai.Embedder {
	c := openai.EmbedderConfig{Endpoint: openai.Endpoint{BaseURL: s.URL, Key: "sk-test", Model: "e1"}, Batch: 4, Timeout: 10 * time.Second}
	if change != nil {
		change(&c)
	}
	e := openai.NewEmbedder(c)
	t.Cleanup(e.Close)
	return e
}

func texts(n int) (texts []string, vectors [][]float32) {
	for i := range n {
		texts = append(texts, fmt.Sprintf("text %d 退货", i))
		vectors = append(vectors, llmtest.Vector(texts[i], 64))
	}
	return texts, vectors
}

func TestEmbed(t *testing.T) {
	in, want := texts(10)
	for _, c := range []struct {
		name  string
		fault func(int) llmtest.Fault
		calls int
	}{
		{"in batches", nil, 3},
		{"in any order", always(llmtest.ShuffledOrder), 3},
		{"halved when it is too much", always(llmtest.TooLarge), 7 + 7 + 3},
		{"again after a server error", func(call int) llmtest.Fault {
			if call == 1 {
				return llmtest.ServerError
			}
			return llmtest.None
		}, 4},
		{"again when busy", func(call int) llmtest.Fault {
			if call == 2 {
				return llmtest.RateLimit
			}
			return llmtest.None
		}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := llmtest.Start(t, llmtest.Script{Fault: c.fault, RetryAfter: "0.05"})
			got, err := embedder(t, server, nil).Embed(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("vectors (-want +got):\n%s", diff)
			}
			if server.Calls() != c.calls {
				t.Errorf("got %d calls, want %d", server.Calls(), c.calls)
			}
		})
	}
}

func TestEmbedFails(t *testing.T) {
	in, _ := texts(3)
	for _, c := range []struct {
		name  string
		fault llmtest.Fault
		want  openai.Reason
		kind  error
		calls int
	}{
		{"key", llmtest.Unauthorized, openai.Key, fault.Unavailable, 1},
		{"a text that is refused", llmtest.BadRequest, openai.Refused, fault.Invalid, 2},
		{"one vector too few", llmtest.WrongVectors, openai.Garbage, fault.Unavailable, 1},
		{"a web page", llmtest.HTML, openai.Garbage, fault.Unavailable, 1},
		{"a server that stays down", llmtest.ServerError, openai.Server, fault.Unavailable, 2},
		{"a server that hangs", llmtest.Hang, openai.Total, fault.Unavailable, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := llmtest.Start(t, llmtest.Script{Fault: always(c.fault)})
			e := embedder(t, server, func(e *openai.EmbedderConfig) { e.Tries, e.Timeout = 2, time.Second })
			_, err := e.Embed(t.Context(), in)
			got, ok := errors.AsType[*openai.Error](err)
			if !ok || got.Reason != c.want || !errors.Is(err, c.kind) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if server.Calls() != c.calls {
				t.Errorf("got %d calls, want %d", server.Calls(), c.calls)
			}
		})
	}
}

func TestEmbedDimensions(t *testing.T) {
	server := llmtest.Start(t, llmtest.Script{Dimensions: 8})
	e := embedder(t, server, func(e *openai.EmbedderConfig) { e.Dimensions = 16 })
	got, err := e.Embed(t.Context(), []string{"a"})
	if err != nil || len(got[0]) != 16 || e.Model() != "e1@16" {
		t.Errorf("got %d dimensions of %s, %v", len(got[0]), e.Model(), err)
	}
	if body := server.Requests()[0].Body; body["dimensions"] != 16.0 || body["model"] != "e1" {
		t.Errorf("asked %v", body)
	}
	// a server that does not heed the wish
	plain := embedder(t, server, func(e *openai.EmbedderConfig) {
		e.Dimensions, e.ExtraBody = 16, map[string]any{"dimensions": nil}
	})
	if _, err := plain.Embed(t.Context(), []string{"a"}); err == nil {
		t.Error("vectors of another length than asked for were taken")
	}
	if got, err := e.Embed(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("nothing: got %v, %v", got, err)
	}
	if took, n, err := e.Check(t.Context()); err != nil || n != 16 || took <= 0 {
		t.Errorf("Check: got %v, %d, %v", took, n, err)
	}
}

func TestVectorIsAlikeForSharedWords(t *testing.T) {
	dot := func(a, b string) (sum float32) {
		x, y := llmtest.Vector(a, 256), llmtest.Vector(b, 256)
		for i := range x {
			sum += x[i] * y[i]
		}
		return sum
	}
	if near, far := dot("怎么退货", "退货流程"), dot("怎么退货", "会员积分"); near <= far {
		t.Errorf("near %f, far %f", near, far)
	}
	if !slices.Equal(llmtest.Vector("退货", 64), llmtest.Vector("退货", 64)) {
		t.Error("not the same twice")
	}
}
