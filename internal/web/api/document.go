package api

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web/library"
	"github.com/parley-im/parley/internal/web/problem"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/prompts"
)

// Document returns the OpenAPI 3.1 document of the operations, the same bytes for
// the same source.
func Document() ([]byte, error) {
	doc, err := json.MarshalIndent(New(Config{}).Mux.Document(), "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write OpenAPI document: %w", err)
	}
	return append(doc, '\n'), nil
}

// names keeps types of the same name apart in the document.
func names() map[reflect.Type]string {
	return map[reflect.Type]string{
		reflect.TypeFor[prompts.Problem](): "PromptProblem",
		reflect.TypeFor[prompts.Line]():    "DiffLine",
		reflect.TypeFor[problem.Field]():   "ProblemField",
	}
}

// finishDocument tells what Go's types cannot.
func (a *API) finishDocument() {
	a.Finish()
	doc := a.Mux.Document()
	schemas := doc.Components.Schemas.Map()
	enum(schemas["Document"].Properties["stage"], knowledge.Queued, knowledge.Extracting, knowledge.Chunking,
		knowledge.Indexing, knowledge.Embedding, knowledge.Ready, knowledge.Failed, knowledge.Cancelled)
	enum(schemas["DiffLine"].Properties["op"], "same", "add", "remove")
	for _, s := range schemas {
		if p := s.Properties["permissions"]; p != nil {
			enum(p.Items, auth.All()...)
		}
	}
	for _, name := range []string{"answer", "receipt", "rating"} {
		p := schemas["ConversationTurn"].Properties
		p[name] = &huma.Schema{OneOf: []*huma.Schema{p[name], {Type: "null"}}}
	}
	library.FinishDocument(doc)
}

func enum[T ~string](s *huma.Schema, values ...T) {
	s.Enum = nil
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	s.PrecomputeMessages()
}

type openAPIOutput struct {
	Body func(huma.Context)
}

func (a *API) openAPI(ctx context.Context, _ *struct{}) (*openAPIOutput, error) {
	doc, err := json.Marshal(a.Mux.Document())
	if err != nil {
		return nil, fmt.Errorf("write OpenAPI document: %w", err)
	}
	return &openAPIOutput{func(h huma.Context) {
		h.SetHeader("Content-Type", "application/json")
		_, _ = h.BodyWriter().Write(doc) // the connection is gone if this fails
	}}, nil
}
