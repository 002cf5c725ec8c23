package embedcache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/cache"
	"github.com/parley-im/parley/internal/llm/embedcache"
	"github.com/parley-im/parley/internal/redis"
	rediscache "github.com/parley-im/parley/internal/redis/cache"
	"github.com/parley-im/parley/internal/redistest"
)

// model is an Embedder whose vectors tell the text they are of.
type model struct {
	name  string
	size  int
	calls [][]string
	fails error
	short bool
}

func (m *model) Model() string { return m.name }

func (m *model) Embed(_ context.Context, texts []string) ([][]float32, error) {
	m.calls = append(m.calls, slices.Clone(texts))
	if m.fails != nil {
		return nil, m.fails
	}
	var out [][]float32
	for _, text := range texts {
		v := make([]float32, m.size)
		for i := range v {
			v[i] = float32(len(text)) + 1/float32(i+3)
		}
		out = append(out, v)
	}
	if m.short {
		out = out[1:]
	}
	return out, nil
}

// caches are the two that the program may be given.
func caches(t *testing.T, run func(t *testing.T, c cache.Cache)) {
	t.Run("memory", func(t *testing.T) { run(t, cache.NewMemory(1<<20)) })
	t.Run("redis", func(t *testing.T) {
		c, err := redis.Open(redistest.Server(t).URL()+"?read_timeout=1s", slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		run(t, rediscache.New(c, "vectors", cache.NewMemory(0)))
	})
}

func TestEachTextIsEmbeddedOnce(t *testing.T) {
	caches(t, func(t *testing.T, c cache.Cache) {
		m := &model{name: "m@4", size: 4}
		e := embedcache.New(m, c, embedcache.Options{})
		var want [][]float32
		for i, texts := range [][]string{{"a", "bb"}, {"a", "ccc", "bb"}, {"bb", "a"}} {
			got, err := e.Embed(t.Context(), texts)
			if err != nil {
				t.Fatal(err)
			}
			want, _ = (&model{size: 4}).Embed(t.Context(), texts)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("call %d (-want +got):\n%s", i, diff)
			}
		}
		if diff := cmp.Diff([][]string{{"a", "bb"}, {"ccc"}}, m.calls); diff != "" {
			t.Errorf("asked the model (-want +got):\n%s", diff)
		}
		if hits, misses := e.Counts(); hits != 4 || misses != 3 {
			t.Errorf("%d hits and %d misses, want 4 and 3", hits, misses)
		}
		other := &model{name: "m@8", size: 8}
		got, err := embedcache.New(other, c, embedcache.Options{}).Embed(t.Context(), []string{"a"})
		if err != nil || len(got[0]) != 8 {
			t.Errorf("another model got %v, %v", got, err)
		}
	})
}

func TestImportsPassBy(t *testing.T) {
	m := &model{name: "m", size: 4}
	c := cache.NewMemory(1 << 20)
	e := embedcache.New(m, c, embedcache.Options{Most: 2})
	for range 2 {
		if got, err := e.Embed(t.Context(), []string{"a", "b", "c"}); err != nil || len(got) != 3 {
			t.Fatal(got, err)
		}
	}
	if len(m.calls) != 2 || c.Size() != 0 {
		t.Errorf("%d calls and %d bytes kept, want 2 and none", len(m.calls), c.Size())
	}
	if got, err := e.Embed(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no texts: %v, %v", got, err)
	}
}

func TestWhatCannotBeRightIsEmbedded(t *testing.T) {
	for name, value := range map[string]string{
		"not a vector": "xyz", "zero": "\x00\x00\x00\x00", "not a number": "\x00\x00\xc0\x7f", "infinite": "\x00\x00\x80\x7f",
	} {
		m := &model{name: "m", size: 1}
		e := embedcache.New(m, always(value), embedcache.Options{})
		got, err := e.Embed(t.Context(), []string{"abc"})
		if err != nil || len(m.calls) != 1 || got[0][0] < 3 {
			t.Errorf("%s: %v, %v after %d calls", name, got, err, len(m.calls))
		}
	}
}

// The provider has put another model under the same name.
func TestOtherDimensions(t *testing.T) {
	c := cache.NewMemory(1 << 20)
	old := &model{name: "m", size: 4}
	if _, err := embedcache.New(old, c, embedcache.Options{}).Embed(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	m := &model{name: "m", size: 6}
	e := embedcache.New(m, c, embedcache.Options{})
	for range 2 {
		got, err := e.Embed(t.Context(), []string{"a", "b"})
		if err != nil || len(got[0]) != 6 || len(got[1]) != 6 {
			t.Errorf("got %v, %v", got, err)
		}
	}
	if len(m.calls) != 2 {
		t.Errorf("%d calls, want one for the new text and one for both", len(m.calls))
	}
}

func TestFailures(t *testing.T) {
	broken := errors.New("model down")
	m := &model{name: "m", size: 4, fails: broken}
	e := embedcache.New(m, cache.NewMemory(1<<20), embedcache.Options{})
	if _, err := e.Embed(t.Context(), []string{"a"}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	m.fails, m.short = nil, true
	if got, err := e.Embed(t.Context(), []string{"a", "b"}); err == nil {
		t.Errorf("one vector for two texts: %v", got)
	}
}

// always is a Cache that has the same value for every key.
type always string

func (a always) Get(_ context.Context, keys ...string) [][]byte {
	out := make([][]byte, len(keys))
	for i := range out {
		out[i] = []byte(a)
	}
	return out
}

func (always) Set(context.Context, time.Duration, ...cache.Entry) {}

func BenchmarkHit(b *testing.B) {
	e := embedcache.New(&model{name: "m", size: 768}, cache.NewMemory(1<<20), embedcache.Options{})
	for b.Loop() {
		if _, err := e.Embed(b.Context(), []string{"how do I return a book?"}); err != nil {
			b.Fatal(fmt.Errorf("embed: %w", err))
		}
	}
}
