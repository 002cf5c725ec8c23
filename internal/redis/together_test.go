package redis_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/cache"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/llm/answercache"
	"github.com/parley-im/parley/internal/llm/embedcache"
	"github.com/parley-im/parley/internal/ratelimit"
	"github.com/parley-im/parley/internal/redis"
	rediscache "github.com/parley-im/parley/internal/redis/cache"
	"github.com/parley-im/parley/internal/redis/live"
	redislimit "github.com/parley-im/parley/internal/redis/ratelimit"
	"github.com/parley-im/parley/internal/redistest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/prompts"
)

// The parts of a replica that use Redis, as the program joins them.
type replica struct {
	bot     *bot.Bot
	bus     *live.Bus
	limiter *redislimit.Limiter
	asked   atomic.Int64 // of the model
}

func newReplica(t *testing.T, url string) *replica {
	t.Helper()
	c, err := redis.Open(url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{bus: live.New(c, slog.New(slog.DiscardHandler)), limiter: redislimit.New(c, ratelimit.NewMemory(0))}
	vectors := embedcache.New(lengths{}, rediscache.New(c, "vectors", cache.NewMemory(64<<10)), embedcache.Options{})
	r.bot = bot.New(bot.Config{
		Retriever: shelf{vectors}, Prompts: prompts.New(noVersions{}), Model: r, Extractive: r, Memory: nothing{}, Log: slog.New(slog.DiscardHandler),
		Answers: answercache.New(rediscache.New(c, "answers", cache.NewMemory(64<<10)), time.Minute), ModelID: "test",
		Scope: func(_ context.Context, channel string) (bot.Scope, error) {
			return bot.Scope{Collections: []string{channel}}, nil
		},
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- r.bus.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = c.Close()
	})
	return r
}

// Stream answers with what stands in the first passage, which tells who may read it.
func (r *replica) Stream(_ context.Context, q bot.Request) iter.Seq2[bot.Chunk, error] {
	r.asked.Add(1)
	return func(yield func(bot.Chunk, error) bool) {
		yield(bot.Chunk{Text: q.Passages[0].Text + " [1]", Model: "test", Mode: bot.ByModel}, nil)
	}
}

// lengths is an Embedder whose vectors tell the length of the text.
type lengths struct{}

func (lengths) Model() string { return "lengths" }
func (lengths) Embed(_ context.Context, texts []string) (out [][]float32, _ error) {
	for _, text := range texts {
		out = append(out, []float32{float32(len(text)), 1})
	}
	return out, nil
}

// shelf finds one passage, made of the question, of the place that asks, and of the vector.
type shelf struct{ vectors knowledge.Embedder }

func (s shelf) Retrieve(ctx context.Context, q knowledge.Query) ([]knowledge.Passage, error) {
	v, err := s.vectors.Embed(ctx, []string{q.Text})
	if err != nil {
		return nil, err
	}
	return []knowledge.Passage{{DocumentID: q.Collections[0], Text: passage(q.Text, q.Collections[0], int(v[0][0])), Relevance: 0.9}}, nil
}

func passage(question, place string, length int) string {
	return fmt.Sprintf("%s may know of %q (%d)", place, question, length)
}

type noVersions struct{ prompts.Versions }

func (noVersions) Active(context.Context, string) (prompts.Prompt, error) {
	return prompts.Prompt{}, fault.NotFound
}

type nothing struct{ bot.Memory }

func (nothing) Recent(context.Context, string, int, string) ([]bot.Turn, error) { return nil, nil }
func (nothing) Remember(context.Context, string, bot.Receipt) error             { return nil }

type answer struct{ strings.Builder }

func (*answer) Cite(string, []gateway.Source) {}
func (*answer) Notice()                       {}

func (r *replica) ask(t *testing.T, place, question string) string {
	var got answer
	m := gateway.Message{ID: "1", ReplyKey: "k", Text: question, Direct: true, Conversation: gateway.Conversation{Channel: place, Chat: "c"}}
	if err := r.bot.Handle(t.Context(), m, &got); err != nil {
		t.Errorf("%s: %v", question, err)
	}
	return got.String()
}

// Two replicas answer while Redis is killed, frozen and emptied under them: every
// question gets its own answer, from its own shelf, and nobody waits.
func TestEverythingGoesOnWithoutRedis(t *testing.T) {
	server := redistest.Server(t)
	replicas := []*replica{newReplica(t, server.URL()), newReplica(t, server.URL())}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	heard, err := replicas[0].bus.Subscribe(t.Context(), "answered")
	if err != nil {
		t.Fatal(err)
	}
	var answered, allowed atomic.Int64
	var wg sync.WaitGroup
	for i := range 6 {
		r := replicas[i%2]
		wg.Go(func() {
			for ctx.Err() == nil {
				place, question := fmt.Sprint("shelf", rand.IntN(3)), fmt.Sprintf("where is number %d", rand.IntN(40))
				if ok, _ := r.limiter.Allow(ctx, "nobody may", 1, 5); ok {
					allowed.Add(1)
				}
				if got, want := r.ask(t, place, question), passage(question, place, len(question))+" [1]"; got != want {
					t.Errorf("%s at %s: %q, want %q", question, place, got, want)
				}
				_ = r.bus.Publish(t.Context(), "answered", []byte(question))
				answered.Add(1)
			}
		})
	}
	wg.Go(func() {
		for _, step := range []func() error{
			func() error { return admin(server, "FLUSHALL") }, server.Freeze, server.Thaw, server.Kill, server.Start,
			func() error { return admin(server, "SCRIPT", "FLUSH") }, server.Freeze, server.Kill, server.Start,
		} {
			pause, stop := context.WithTimeout(ctx, 500*time.Millisecond)
			<-pause.Done()
			stop()
			if err := step(); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	n := answered.Load()
	if n < 50 {
		t.Errorf("%d answers in six seconds: something waits", n)
	}
	if got := allowed.Load(); got < 5 || got > 10 {
		t.Errorf("%d were allowed of 5 for each replica", got)
	}
	model := replicas[0].asked.Load() + replicas[1].asked.Load()
	if model >= n/2 {
		t.Errorf("the model was asked %d times for %d answers to 120 questions", model, n)
	}
	if len(heard) == 0 {
		t.Error("no hint was heard")
	}
	until(t, "the replicas hear each other again", func() bool { return replicas[0].bus.Online() && replicas[1].bus.Online() })
	t.Logf("%d answers, the model was asked %d times", n, model)
}
