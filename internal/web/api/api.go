// Package api is the HTTP API under /api/v1. routes.go is its table: every operation
// with who may use it. The handlers are here, one resource a file, and in package
// library for documents; what they have in common is in package endpoint.
//
// Handlers are thin: they call auth, knowledge, prompts, bot or activity through
// small interfaces and return what those gave. The OpenAPI document that Document
// returns is made from the same table; the console's types are generated from it.
package api

import (
	"context"
	"log/slog"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/activity"
	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web/endpoint"
	"github.com/parley-im/parley/internal/web/library"
	"github.com/parley-im/parley/prompts"
)

// Prefix is where the API is mounted.
const Prefix = "/api/v1"

// Config is what the API works with.
type Config struct {
	Version   string   // of the program
	Models    []string // names of the chat models, none: answers are extractive
	Embedder  string   // name of the embedding model, "": words alone
	KnownAt   float64  // relevance from which something counts as found
	MaxUpload int64    // bytes of one file

	Accounts    *auth.Service
	Sessions    *auth.Sessions
	Collections library.Collections
	Documents   library.Documents
	Files       library.Files
	Finder      library.Finder
	Prompts     Prompts
	Tester      Tester
	Receipts    Receipts
	Activity    Activity
	Channels    func() []gateway.Health
	Embedding   Embedding
	System      func(context.Context) (System, error)
	Log         *slog.Logger
}

// Prompts keeps the versions of prompts. prompts.Store is one.
type Prompts interface {
	Active(ctx context.Context, name string) (prompts.Prompt, error)
	Versions(ctx context.Context, name string) ([]prompts.Prompt, error)
	Version(ctx context.Context, name string, version int) (prompts.Prompt, error)
	Save(ctx context.Context, p prompts.Prompt) (version int, err error)
	Activate(ctx context.Context, name string, version int) error
}

// Receipts keeps how each answer came about.
type Receipts interface {
	// Receipt returns the receipt of one answer; fault.NotFound if there is none.
	Receipt(ctx context.Context, replyKey string) (bot.Receipt, error)
}

// Activity tells what was asked and answered.
type Activity interface {
	Conversations(ctx context.Context, f activity.Filter) (page []activity.Conversation, next string, err error)
	Conversation(ctx context.Context, id string) (activity.Conversation, []activity.ConversationTurn, error)
	Overview(ctx context.Context, days int) (activity.Figures, []activity.Day, error)
}

// API serves the operations.
type API struct {
	Config
	*endpoint.Mux
	library *library.Library
}

// New makes the API. Its handler wants paths with Prefix.
func New(c Config) *API {
	a := &API{
		Config: c,
		Mux:    endpoint.New(endpoint.Config{Prefix: Prefix, Accounts: c.Accounts, Sessions: c.Sessions, Names: names(), Log: c.Log}),
		library: library.New(library.Config{
			Collections: c.Collections, Documents: c.Documents, Files: c.Files, Finder: c.Finder,
			Embedder: c.Embedder, KnownAt: c.KnownAt, MaxUpload: c.MaxUpload, Log: c.Log,
		}),
	}
	a.routes(a.library)
	a.finishDocument()
	return a
}

// address is where a request came from, for rate limits.
// address is where a request came from, for rate limits: see package web.
func (a *API) address(ctx context.Context) string { return endpoint.Of(ctx).Request.RemoteAddr }
