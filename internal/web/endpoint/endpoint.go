// Package endpoint is how an operation of the HTTP API is declared and guarded.
//
// Add puts an operation on a Mux together with the permission that it needs. Every
// request then takes the same way: who calls (identify), may they (authorize, the
// one place that asks), the handler, and a line in the audit if something was
// changed (record). Bodies are strict JSON; errors go out through package problem.
// The OpenAPI document is made from the same declarations.
package endpoint

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web/problem"
)

// Config is what a Mux works with.
type Config struct {
	Prefix   string // of all paths
	Accounts *auth.Service
	Sessions *auth.Sessions
	Names    map[reflect.Type]string // of types in the document whose own names are taken
	Log      *slog.Logger
}

// Mux serves operations.
type Mux struct {
	Config
	huma huma.API
	mux  *http.ServeMux
}

// New returns a Mux without operations.
func New(c Config) *Mux {
	m := &Mux{Config: c, mux: http.NewServeMux()}
	m.huma = humago.NewWithPrefix(m.mux, c.Prefix, m.humaConfig())
	m.huma.UseMiddleware(keep, m.authorize, m.record)
	return m
}

// Names under which an operation's metadata is kept.
const (
	metaNeed   = "permission"
	metaRecord = "record"
	metaLimit  = "limit"
)

// Option changes an operation.
type Option func(*huma.Operation)

// Created lets an operation answer 201.
func Created(op *huma.Operation) { op.DefaultStatus = http.StatusCreated }

// Unrecorded marks an operation that changes nothing though it is a POST.
func Unrecorded(op *huma.Operation) { op.Metadata[metaRecord] = false }

// Slow gives an operation more time: a model is asked, or a file comes in.
func Slow(op *huma.Operation) { op.Metadata[metaLimit] = 10 * time.Minute }

// Add adds one operation. What it changes is recorded in the audit.
func Add[I, O any](m *Mux, method, path string, need auth.Permission, id, summary string,
	f func(context.Context, *I) (*O, error), options ...Option) {
	op := huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary,
		Metadata:                     map[string]any{metaNeed: need, metaRecord: method != http.MethodGet, metaLimit: 30 * time.Second},
		RejectUnknownQueryParameters: true,
		MaxBodyBytes:                 1 << 20,
	}
	for _, o := range options {
		o(&op)
	}
	limit, _ := op.Metadata[metaLimit].(time.Duration)
	huma.Register(m.huma, op, func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		out, err := f(ctx, in)
		if err != nil {
			return nil, problem.From(ctx, m.Log, err)
		}
		return out, nil
	})
}

// List makes an empty list of none, so that callers never meet null.
func List[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// Milliseconds is d as the API writes times.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ID is the input of an operation on one thing.
type ID struct {
	ID string `path:"id" maxLength:"64"`
}
