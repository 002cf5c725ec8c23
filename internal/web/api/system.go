package api

import (
	"context"

	"github.com/parley-im/parley/internal/web/endpoint"
)

// System is what the installation stands on, as this replica sees it.
type System struct {
	Database Database        `json:"database"`
	Redis    Redis           `json:"redis"`
	Warnings []SystemWarning `json:"warnings" doc:"What should be changed, as parley doctor says it."`
}

// Database is where everything lasts.
type Database struct {
	Kind       string `json:"kind" enum:"sqlite,postgres"`
	Bytes      int64  `json:"bytes" doc:"Size of the SQLite file with its log; 0 for Postgres."`
	Version    string `json:"version" doc:"Of Postgres, or empty."`
	Pgvector   string `json:"pgvector" doc:"Version of the extension, or empty if the database does not have it."`
	SecondLock bool   `json:"second_lock" doc:"Searches run as a role of Postgres that sees their collections only."`
}

// Redis is what replicas share that may be lost.
type Redis struct {
	State string `json:"state" enum:"none,ok,degraded" doc:"none: not configured. degraded: it does not answer, and all goes on a little less well."`
}

// SystemWarning is one thing that should be changed.
type SystemWarning struct {
	Code   string            `json:"code" doc:"Stable; what programs test."`
	Level  string            `json:"level" enum:"warn,fail"`
	Detail string            `json:"detail" doc:"An English sentence for people."`
	Advice string            `json:"advice" doc:"What to do."`
	Values map[string]string `json:"values" doc:"What the sentence names."`
}

type systemOutput struct {
	Body System
}

func (a *API) system(ctx context.Context, _ *struct{}) (*systemOutput, error) {
	s, err := a.System(ctx)
	if err != nil {
		return nil, err
	}
	s.Warnings = endpoint.List(s.Warnings)
	for i := range s.Warnings {
		if s.Warnings[i].Values == nil {
			s.Warnings[i].Values = map[string]string{}
		}
	}
	return &systemOutput{s}, nil
}
