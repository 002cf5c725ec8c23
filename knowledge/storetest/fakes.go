package storetest

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/extract"
	"github.com/parley-im/parley/knowledge/tokens"
)

// extractor reads "# " lines as headings, "title: " as the title, and other lines
// as paragraphs. "!bad" is a file that cannot be read, "!bug" our own mistake, and
// "!wait" never comes to an end by itself.
type extractor struct {
	mu      sync.Mutex
	calls   map[string]int // by file name
	waiting chan struct{}  // closed when "!wait" is reached
}

var _ knowledge.Extractor = (*extractor)(nil)

func (e *extractor) Extract(ctx context.Context, name, path string) (d extract.Document, err error) {
	e.mu.Lock()
	if e.calls == nil {
		e.calls = map[string]int{}
	}
	e.calls[name]++
	e.mu.Unlock()
	body, err := os.ReadFile(path)
	if err != nil {
		return d, err
	}
	d.Type = "txt"
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "!bad":
			return d, fault.Say(fault.Invalid, "encrypted", "%s is protected by a password.", name)
		case line == "!bug":
			return d, errors.New("secret internals")
		case line == "!wait":
			close(e.waiting)
			<-ctx.Done()
			return d, ctx.Err()
		case strings.HasPrefix(line, "title: "):
			d.Title = strings.TrimPrefix(line, "title: ")
		case strings.HasPrefix(line, "# "):
			d.Blocks = append(d.Blocks, extract.Block{Kind: extract.Heading, Level: 1, Text: line[2:]})
		case line != "":
			d.Blocks = append(d.Blocks, extract.Block{Kind: extract.Paragraph, Text: line})
		}
	}
	return d, nil
}

// embedder has one dimension for each topic that it knows; words of one topic are
// near each other though they share no letter.
type embedder struct {
	model  string
	topics [][]string
	mu     sync.Mutex
	calls  int
	fail   bool
}

var _ knowledge.Embedder = (*embedder)(nil)

func (e *embedder) Model() string { return e.model }

func (e *embedder) Embed(_ context.Context, texts []string) ([][]float32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	if e.fail {
		return nil, errors.New("connection refused")
	}
	var out [][]float32
	for _, text := range texts {
		v := make([]float32, len(e.topics)+1)
		v[len(e.topics)] = 0.1
		for _, tok := range tokens.Of(text) {
			for i, topic := range e.topics {
				for _, w := range topic {
					if tok.Text == w {
						v[i]++
					}
				}
			}
		}
		out = append(out, v)
	}
	return out, nil
}

func (e *embedder) set(fail bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = fail
}
