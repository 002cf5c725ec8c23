package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/parley-im/parley/internal/doctor"
	pglibrary "github.com/parley-im/parley/internal/postgres/library"
	"github.com/parley-im/parley/internal/redis"
	"github.com/parley-im/parley/internal/web/api"
)

// askRedis is how long a scrape of the metrics waits for Redis at most.
const askRedis = time.Second

// system is what the console shows of what the installation stands on. Its warnings
// are those of "parley doctor"; a finding that is the text of an error has no code
// and stays on this machine.
func (in *installation) system(ctx context.Context) (api.System, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out := api.System{Redis: api.Redis{State: "none"}}
	if in.sharing.client != nil {
		out.Redis.State = string(in.sharing.client.Health(ctx).State)
	}
	findings := []doctor.Finding{doctor.Disk(in.cfg.Data)}
	if db := in.stores.server; db != nil {
		server, err := pglibrary.New(db).Server(ctx)
		if err != nil {
			return api.System{}, err
		}
		out.Database = api.Database{Kind: "postgres", Version: server.Postgres, Pgvector: server.Pgvector, SecondLock: server.SecondLock}
		findings = append(doctor.Postgres(ctx, db, in.embedder != nil), findings...)
	} else {
		size, err := fileSize(databaseFile(in.cfg.Data))
		if err != nil {
			return api.System{}, err
		}
		out.Database = api.Database{Kind: "sqlite", Bytes: size}
	}
	for _, f := range findings {
		if f.Level != doctor.OK && f.Code != "" {
			out.Warnings = append(out.Warnings, api.SystemWarning{
				Code: f.Code, Level: string(f.Level), Detail: f.Detail, Advice: f.Advice, Values: f.Values,
			})
		}
	}
	return out, nil
}

// fileSize is the size of a database with what is not yet moved into it.
func fileSize(path string) (sum int64, err error) {
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("look at the size of the database: %w", err)
		}
		sum += info.Size()
	}
	return sum, nil
}

// up reports whether Redis answers right now.
func (s sharing) up() bool {
	ctx, cancel := context.WithTimeout(context.Background(), askRedis) // a collector is given none
	defer cancel()
	return s.client.Health(ctx).State == redis.OK
}
