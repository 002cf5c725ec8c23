package main

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/config"
	"github.com/parley-im/parley/internal/doctor"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/redistest"
)

func installed(t *testing.T, change func(*config.Config)) *installation {
	t.Helper()
	cfg := config.Default()
	cfg.Data = t.TempDir()
	change(&cfg)
	in, err := open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	return in
}

func metrics(in *installation) string {
	w := httptest.NewRecorder()
	in.meters.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestSystemOnAFile(t *testing.T) {
	in := installed(t, func(*config.Config) {})
	got, err := in.system(t.Context())
	if err != nil || got.Database.Kind != "sqlite" || got.Database.Bytes < 4096 || got.Redis.State != "none" {
		t.Errorf("got %+v, %v", got, err)
	}
	if strings.Contains(metrics(in), "parley_redis_up") {
		t.Error("Redis is measured without being configured")
	}
}

func TestSystemOnServers(t *testing.T) {
	in := installed(t, func(c *config.Config) {
		c.Database = config.Secret(postgrestest.URL(t))
		c.Redis = config.Secret(redistest.Start(t))
	})
	got, err := in.system(t.Context())
	if err != nil || got.Database.Kind != "postgres" || got.Database.Version == "" || got.Redis.State != "ok" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, w := range got.Warnings {
		if w.Code == "" || w.Detail == "" || w.Advice == "" || w.Level == string(doctor.OK) {
			t.Errorf("warning %+v", w)
		}
	}
	if text := metrics(in); !strings.Contains(text, "parley_redis_up 1") {
		t.Error("/metrics does not say that Redis answers")
	}
}
