package library

import (
	"context"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/endpoint"
	"github.com/parley-im/parley/knowledge"
)

type searchInput struct {
	Body struct {
		Question    string   `json:"question" minLength:"1" maxLength:"2000"`
		Collections []string `json:"collections,omitempty" maxItems:"100" doc:"IDs; none: all."`
		Labels      []string `json:"labels,omitempty" maxItems:"50"`
		Limit       int      `json:"limit,omitempty" minimum:"0" maximum:"50" doc:"0: 8."`
	}
}

type searchOutput struct {
	Body struct {
		Passages   []knowledge.Passage `json:"passages"`
		Known      bool                `json:"known" doc:"An assistant would call this known."`
		Confidence float64             `json:"confidence"`
		TookMS     float64             `json:"took_ms"`
		Embedder   string              `json:"embedder" doc:"Empty: words alone."`
	}
}

// Search finds passages for a question.
func (l *Library) Search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	ids, err := l.Scope(ctx, in.Body.Collections)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	found, err := l.Finder.Retrieve(ctx, knowledge.Query{
		Text: in.Body.Question, Collections: ids, Labels: in.Body.Labels, Limit: in.Body.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := &searchOutput{}
	out.Body.Passages, out.Body.TookMS, out.Body.Embedder = endpoint.List(found), endpoint.Milliseconds(time.Since(began)), l.Embedder
	for _, p := range found {
		out.Body.Confidence = max(out.Body.Confidence, p.Relevance)
	}
	out.Body.Known = len(found) > 0 && out.Body.Confidence >= l.KnownAt
	return out, nil
}

// Scope turns the collections a caller names into IDs that exist; none is all.
func (l *Library) Scope(ctx context.Context, ids []string) ([]string, error) {
	all, err := l.Collections.Collections(ctx)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	every := []string{}
	for _, c := range all {
		there[c.ID] = true
		every = append(every, c.ID)
	}
	if len(ids) == 0 {
		return every, nil
	}
	for _, id := range ids {
		if !there[id] {
			return nil, fault.Say(fault.NotFound, "unknown_collection", "There is no collection with the ID %q.", id)
		}
	}
	return ids, nil
}
