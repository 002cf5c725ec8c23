package evalset

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/extract"
)

// Fill puts passages into a new collection of base, whose extractor must be an
// Extractor. It works on them itself, so base need not run.
func Fill(ctx context.Context, base *knowledge.Base, name string, passages []Passage) (*Set, error) {
	c, err := base.CreateCollection(ctx, name, "")
	if err != nil {
		return nil, err
	}
	s := &Set{Base: base, Collection: c.ID, documents: map[string]string{}, known: map[string]bool{}}
	for i, p := range passages {
		body, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("passage %s: %w", p.ID, err)
		}
		d, _, err := base.Add(ctx, knowledge.Upload{Collection: c.ID, Name: fmt.Sprintf("%d.json", i), Body: strings.NewReader(string(body))})
		if err != nil {
			return nil, fmt.Errorf("passage %s: %w", p.ID, err)
		}
		if d, err = base.Process(ctx, d.ID); err != nil {
			return nil, fmt.Errorf("passage %s: %w", p.ID, err)
		}
		if d.Stage != knowledge.Ready {
			return nil, fmt.Errorf("passage %s is %s: %s", p.ID, d.Stage, d.Reason)
		}
		s.documents[d.ID], s.known[p.ID] = p.ID, true
	}
	return s, nil
}

// Extractor reads back the files that Fill wrote.
type Extractor struct{}

var _ knowledge.Extractor = Extractor{}

// Extract makes a document of one paragraph.
func (Extractor) Extract(_ context.Context, _, path string) (extract.Document, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return extract.Document{}, fmt.Errorf("read passage: %w", err)
	}
	var p Passage
	if err := json.Unmarshal(body, &p); err != nil {
		return extract.Document{}, fmt.Errorf("read passage: %w", err)
	}
	return extract.Document{Type: "txt", Title: p.Title, Blocks: []extract.Block{{Kind: extract.Paragraph, Text: p.Text}}}, nil
}
