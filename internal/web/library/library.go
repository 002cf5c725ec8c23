// Package library is the part of the HTTP API that deals with what the assistant
// knows: collections, documents, their files and chunks, and the search test.
// Package api puts its methods on the routes.
package library

import (
	"context"
	"log/slog"

	"github.com/parley-im/parley/knowledge"
)

// Config is what a Library works with. knowledge.Base is all four.
type Config struct {
	Collections Collections
	Documents   Documents
	Files       Files
	Finder      Finder
	Embedder    string  // name of the embedding model, "": words alone
	KnownAt     float64 // relevance from which something counts as found
	MaxUpload   int64   // bytes of one file
	Log         *slog.Logger
}

// Library holds the handlers.
type Library struct{ Config }

// New returns the handlers.
func New(c Config) *Library { return &Library{c} }

// Collections keeps the sets of documents. knowledge.Base is one.
type Collections interface {
	Collections(ctx context.Context) ([]knowledge.Collection, error)
	CreateCollection(ctx context.Context, name, note string) (knowledge.Collection, error)
	UpdateCollection(ctx context.Context, id, name, note string) (knowledge.Collection, error)
	DeleteCollection(ctx context.Context, id string) error
}

// Finder finds passages. knowledge.Base is one.
type Finder interface {
	Retrieve(ctx context.Context, q knowledge.Query) ([]knowledge.Passage, error)
}
