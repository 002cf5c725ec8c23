package answercache_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/cache"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/llm/answercache"
	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/knowledge/extract"
	"github.com/parley-im/parley/prompts"
)

// plain reads a file as one paragraph.
type plain struct{}

func (plain) Extract(_ context.Context, _, path string) (extract.Document, error) {
	text, err := os.ReadFile(path)
	return extract.Document{Type: "txt", Blocks: []extract.Block{{Kind: extract.Paragraph, Text: string(text)}}}, err
}

// reader answers with all that it is shown.
type reader struct{ asked int }

func (m *reader) Stream(_ context.Context, r bot.Request) iter.Seq2[bot.Chunk, error] {
	m.asked++
	return func(yield func(bot.Chunk, error) bool) {
		var all []string
		for _, p := range r.Passages {
			all = append(all, p.Text)
		}
		yield(bot.Chunk{Text: strings.Join(all, " | ") + " [1]", Model: "reader", Mode: bot.ByModel}, nil)
	}
}

type noVersions struct{ prompts.Versions }

func (noVersions) Active(context.Context, string) (prompts.Prompt, error) {
	return prompts.Prompt{}, fault.NotFound
}

type nothing struct{ bot.Memory }

func (nothing) Recent(context.Context, string, int, string) ([]bot.Turn, error) { return nil, nil }
func (nothing) Remember(context.Context, string, bot.Receipt) error             { return nil }

// A real library, and everything that can happen to it between two equal questions.
func TestNoAnswerIsOlderThanTheLibrary(t *testing.T) {
	files, err := disk.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	base := knowledge.New(library.New(sqlitetest.Open(t)), files, plain{}, nil, quiet, knowledge.Options{})
	c, err := base.CreateCollection(t.Context(), "shop", "")
	if err != nil {
		t.Fatal(err)
	}
	add := func(name, text string, labels ...string) knowledge.Document {
		t.Helper()
		d, _, err := base.Add(t.Context(), knowledge.Upload{Collection: c.ID, Name: name, Labels: labels, Body: strings.NewReader(text)})
		if err == nil {
			d, err = base.Process(t.Context(), d.ID)
		}
		if err != nil || d.Live == 0 {
			t.Fatalf("%s is %+v, %v", name, d, err)
		}
		return d
	}
	model, scope, n := &reader{}, bot.Scope{Collections: []string{c.ID}}, 0
	b := bot.New(bot.Config{
		Retriever: base, Prompts: prompts.New(noVersions{}), Model: model, Extractive: model, Memory: nothing{}, Log: quiet, AskAnyway: true,
		Answers: answercache.New(cache.NewMemory(1<<20), time.Hour), ModelID: "reader",
		Scope: func(context.Context, string) (bot.Scope, error) { return scope, nil },
	})
	// ask wants the answer to have, and not to have, some words, and to be made anew or not.
	ask := func(what string, anew bool, has, hasNot string) {
		t.Helper()
		n++
		var reply strings.Builder
		before := model.asked
		err := b.Handle(t.Context(), gateway.Message{ID: "1", ReplyKey: fmt.Sprint("key-", n), Text: "How many days to return a book?", Direct: true,
			Conversation: gateway.Conversation{Channel: "web", Chat: fmt.Sprint(n)}}, &reply)
		if err != nil {
			t.Fatal(err)
		}
		if (model.asked > before) != anew {
			t.Errorf("%s: the model was asked %v, want %v", what, model.asked > before, anew)
		}
		if got := reply.String(); !strings.Contains(got, has) || hasNot != "" && strings.Contains(got, hasNot) {
			t.Errorf("%s: %q, want %q in it and not %q", what, got, has, hasNot)
		}
	}

	add("returns.txt", "A book can be returned within thirty days.", "public")
	ask("at first", true, "thirty", "")
	ask("again", false, "thirty", "")
	add("weather.txt", "Rain falls often in autumn.", "public") // has no word of the question
	ask("after something else was added", false, "thirty", "")
	add("returns.txt", "A book can be returned within ten days.", "public")
	ask("after a new version", true, "ten", "thirty")
	ask("again", false, "ten", "thirty")
	secret := add("staff.txt", "Staff return a book within ninety days.", "staff")
	ask("after another document", true, "ninety", "")
	scope.Labels = []string{"public"}
	ask("with fewer rights", true, "ten", "ninety")
	scope.Labels = nil
	ask("with all rights", false, "ninety", "")
	if _, err := base.Update(t.Context(), secret.ID, knowledge.Change{Labels: &[]string{"board"}}); err != nil {
		t.Fatal(err)
	}
	scope.Labels = []string{"public", "staff"}
	ask("after it was given to others", true, "ten", "ninety")
	scope.Labels = nil
	if err := base.Delete(t.Context(), secret.ID); err != nil {
		t.Fatal(err)
	}
	ask("after it was removed, as before there was one", false, "ten", "ninety")
}
