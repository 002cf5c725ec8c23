package endpoint

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web/problem"
)

// Document is the OpenAPI document of all operations that were added.
func (m *Mux) Document() *huma.OpenAPI { return m.huma.OpenAPI() }

// humaConfig leaves out what huma adds by default: pages that load scripts from
// elsewhere, and $schema fields.
func (m *Mux) humaConfig() huma.Config {
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	registry := huma.NewMapRegistry("#/components/schemas/", m.schemaName)
	registry.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), reflect.TypeFor[problem.Problem]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Parley", Version: "1", Description: "Everything that the console does. Errors are application/problem+json; test their code."},
			Servers: []*huma.Server{{URL: m.Prefix}},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: "parley", Description: "Made by POST /session. Over https the cookie's name is __Host-parley."},
					"key":     {Type: "http", Scheme: "bearer", Description: "An API key: pk_…"},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{m.ownProblems},
	}
}

// schemaName keeps types of the same name apart.
func (m *Mux) schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name, ok := m.Names[t]; ok {
		return name
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// Finish completes the document when all operations are there: arrays are never
// null, and each operation says who may use it.
func (m *Mux) Finish() {
	doc := m.huma.OpenAPI()
	for _, s := range doc.Components.Schemas.Map() {
		neverNull(s)
	}
	for _, path := range doc.Paths {
		for _, op := range []*huma.Operation{path.Get, path.Post, path.Patch, path.Delete} {
			if op == nil {
				continue
			}
			need, _ := op.Metadata[metaNeed].(auth.Permission)
			op.Extensions = map[string]any{"x-permission": need}
			switch need {
			case auth.Public:
			case auth.SignedIn:
				op.Security = []map[string][]string{{"session": {}}}
			default:
				op.Security = []map[string][]string{{"session": {}}, {"key": {}}}
			}
		}
	}
}

// neverNull says that arrays are arrays: huma makes them nullable, we send [].
func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
		neverNull(s.Items)
	}
	for _, p := range s.Properties {
		neverNull(p)
	}
	s.PrecomputeMessages()
}
