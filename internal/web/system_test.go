package web_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web"
	"github.com/parley-im/parley/internal/web/api"
	"github.com/parley-im/parley/knowledge"
)

var _ api.Embedding = (*knowledge.Base)(nil)

// models is an api.Embedding that remembers what it was told.
type models struct {
	list []knowledge.EmbeddingModel
	told []string
}

func (m *models) EmbeddingModels(context.Context) ([]knowledge.EmbeddingModel, error) {
	return m.list, nil
}

func (m *models) Serve(_ context.Context, model string) error {
	if model == "half" {
		return fault.Say(fault.Conflict, "vectors_incomplete", "The vectors of %s are not complete yet.", model)
	}
	m.told = append(m.told, "serve "+model)
	return nil
}

func (m *models) Forget(_ context.Context, model string) error {
	m.told = append(m.told, "forget "+model)
	return nil
}

func TestEmbeddingModels(t *testing.T) {
	m := &models{list: []knowledge.EmbeddingModel{
		{Space: knowledge.Space{Model: "BAAI/bge-m3", Vectors: 10, Chunks: 10, Complete: true, Serving: true}, Configured: true},
		{Space: knowledge.Space{Model: "half", Vectors: 4, Chunks: 10}, Configured: true, Wanted: true},
	}}
	h := staffed(t, func(c *web.Config) { c.API.Embedding = m })
	for _, role := range []auth.Role{auth.Viewer, auth.Editor} {
		p := h.as(role)
		p.refused(403, "denied", "GET", "/embedding-models", nil)
		p.refused(403, "denied", "POST", "/embedding-models/serve", map[string]any{"model": "BAAI/bge-m3"})
		p.refused(403, "denied", "POST", "/embedding-models/forget", map[string]any{"model": "BAAI/bge-m3"})
	}
	h.nobody().refused(401, "sign_in_required", "GET", "/embedding-models", nil)
	if len(m.told) > 0 {
		t.Fatalf("refused and done all the same: %v", m.told)
	}

	p := h.as(auth.Admin)
	list := p.must(200, "GET", "/embedding-models", nil).json(t)["models"].([]any)
	second := list[1].(map[string]any)
	if len(list) != 2 || second["model"] != "half" || second["vectors"] != 4.0 || second["chunks"] != 10.0 || second["wanted"] != true || second["complete"] != false {
		t.Errorf("got %v", list)
	}
	p.must(204, "POST", "/embedding-models/serve", map[string]any{"model": "BAAI/bge-m3"})
	p.must(204, "POST", "/embedding-models/forget", map[string]any{"model": "old"})
	p.refused(409, "vectors_incomplete", "POST", "/embedding-models/serve", map[string]any{"model": "half"})
	p.refused(422, "invalid", "POST", "/embedding-models/forget", map[string]any{"model": ""})
	if want := []string{"serve BAAI/bge-m3", "forget old"}; !slices.Equal(m.told, want) {
		t.Errorf("got %v, want %v", m.told, want)
	}
	if got, want := h.audit("%embedding%"), []string{"serve-embedding-model BAAI/bge-m3", "forget-embedding-model old"}; !slices.Equal(got, want) {
		t.Errorf("audit %v, want %v", got, want)
	}
}

// audit is what was recorded under actions like pattern, with its targets.
func (h *house) audit(pattern string) (lines []string) {
	h.t.Helper()
	rows, err := h.db.Read.QueryContext(h.t.Context(), `SELECT action || ' ' || target FROM audit WHERE action LIKE ? ORDER BY id`, pattern)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		line := ""
		if err := rows.Scan(&line); err != nil {
			h.t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	return lines
}

func TestSystem(t *testing.T) {
	var failing error
	h := staffed(t, func(c *web.Config) {
		c.API.System = func(context.Context) (api.System, error) {
			return api.System{
				Database: api.Database{Kind: "postgres", Version: "17.2", Pgvector: "0.8.0"}, Redis: api.Redis{State: "degraded"},
				Warnings: []api.SystemWarning{{Code: "second_lock", Level: "warn", Detail: "D.", Advice: "A."}},
			}, failing
		}
	})
	h.nobody().refused(401, "sign_in_required", "GET", "/system", nil)
	got := h.as(auth.Viewer).must(200, "GET", "/system", nil).body
	for _, want := range []string{`"kind":"postgres"`, `"pgvector":"0.8.0"`, `"second_lock":false`, `"state":"degraded"`, `"code":"second_lock"`, `"values":{}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	failing = errors.New("secret cause")
	if got := h.as(auth.Editor).do("GET", "/system", nil); got.status != 500 || strings.Contains(got.body, "secret cause") {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestStandbyIsNotDown(t *testing.T) {
	h := staffed(t, func(c *web.Config) {
		c.API.Channels = func() []gateway.Health {
			return []gateway.Health{{Name: "im", Kind: "lark", State: gateway.Standby, Since: time.Now(), Error: "The connection broke."}}
		}
	})
	channels := h.as(auth.Viewer).must(200, "GET", "/channels", nil).json(t)["channels"].([]any)
	if one := channels[0].(map[string]any); one["state"] != "standby" || one["error"] != "" {
		t.Errorf("got %v", one)
	}
	doc, err := web.OpenAPI()
	if err != nil || !strings.Contains(string(doc), `"standby"`) {
		t.Errorf("the document does not know the state: %v", err)
	}
}
