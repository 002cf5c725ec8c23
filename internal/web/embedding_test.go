package web_test

import (
	"context"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/internal/web"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/knowledge/extract"
)

// named is an embedder that sees one direction in every text.
type named string

func (n named) Model() string { return string(n) }

func (n named) Embed(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i := range out {
		out[i] = []float32{1, 0}
	}
	return out, nil
}

// plain takes every file to be one line of text.
type plain struct{}

func (plain) Extract(context.Context, string, string) (extract.Document, error) {
	return extract.Document{Blocks: []extract.Block{{Text: "Returns are free."}}}, nil
}

// A change of the model, as an administrator sees it, on a real knowledge base: filled,
// swapped, back, and the old one forgotten when it is configured no more.
func TestChangeOfEmbeddingModel(t *testing.T) {
	var with func(embedder, former knowledge.Embedder) *knowledge.Base
	m := &current{}
	h := staffedWith(t, func(h *house, c *web.Config) {
		files, err := disk.New(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		store := library.New(h.db)
		with = func(embedder, former knowledge.Embedder) *knowledge.Base {
			return knowledge.New(store, files, plain{}, embedder, c.Log, knowledge.Options{Former: former, Poll: time.Millisecond})
		}
		m.Base = with(named("vendor/old"), nil)
		c.API.Embedding, c.API.Collections, c.API.Documents, c.API.Files, c.API.Finder = m, m, m, m, m
	})
	p := h.as(auth.Admin)
	id := p.must(201, "POST", "/collections", map[string]any{"name": "help"}).json(t)["id"].(string)
	document := p.upload(id, "returns.txt", "Returns are free.").json(t)["id"].(string)
	process := func() {
		t.Helper()
		if _, err := m.Process(t.Context(), document); err != nil {
			t.Fatal(err)
		}
	}
	state := func() map[string]string {
		t.Helper()
		out := map[string]string{}
		for _, one := range p.must(200, "GET", "/embedding-models", nil).json(t)["models"].([]any) {
			model, words := one.(map[string]any), ""
			for _, word := range []string{"configured", "wanted", "complete", "serving"} {
				if model[word] == true {
					words += word + " "
				}
			}
			out[model["model"].(string)] = words
		}
		return out
	}
	expect := func(what, model, want string) {
		t.Helper()
		if got := state()[model]; got != want {
			t.Errorf("%s: %s is %q, want %q", what, model, got, want)
		}
	}
	expect("before the first document", "vendor/old", "configured wanted ")
	process()
	serve, forget := "/embedding-models/serve", "/embedding-models/forget"
	body := func(model string) map[string]any { return map[string]any{"model": model} }
	p.must(204, "POST", serve, body("vendor/old"))
	expect("the first one", "vendor/old", "configured wanted complete serving ")

	m.Base = with(named("new"), named("vendor/old"))
	expect("before it is filled", "new", "configured wanted ")
	p.refused(404, "unknown_model", "POST", serve, body("new"))
	run, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(run) }()
	for deadline := time.Now().Add(20 * time.Second); state()["new"] != "configured wanted complete serving "; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the new model does not serve: %v", state())
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	p.must(204, "POST", serve, body("vendor/old"))
	expect("gone back", "vendor/old", "configured complete serving ")
	p.must(204, "POST", serve, body("new"))
	p.refused(409, "still_configured", "POST", forget, body("vendor/old"))

	m.Base = with(named("new"), nil)
	p.refused(409, "no_embedder", "POST", serve, body("vendor/old"))
	p.must(204, "POST", forget, body("vendor/old"))
	if got := state(); len(got) != 1 || got["new"] != "configured wanted complete serving " {
		t.Errorf("at the end: %v", got)
	}
}

// current is the base of the moment: a new configuration is a new one.
type current struct{ *knowledge.Base }
