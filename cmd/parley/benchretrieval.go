package main

import (
	"context"
	"errors"

	"github.com/parley-im/parley/internal/bench/retrieval"
	"github.com/parley-im/parley/internal/bench/rig"
	"github.com/parley-im/parley/internal/postgres"
	pglibrary "github.com/parley-im/parley/internal/postgres/library"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/knowledge"
)

type benchRetrievalCmd struct {
	benchOn
	Chunks    int    `help:"Chunks in the knowledge base." default:"10000"`
	Questions int    `help:"Questions for each figure." default:"200"`
	Rights    int    `help:"Questions with drawn rights, after which nothing foreign may have been found." default:"1000"`
	Seed      uint64 `help:"Of documents and questions." default:"1"`
}

func (c *benchRetrievalCmd) Run(a *app) error {
	if c.Chunks < 50 || c.Questions < 1 || c.Rights < 0 {
		return errors.New("--chunks must be at least 50, --questions at least 1")
	}
	servers, err := c.start(false)
	if err != nil {
		return err
	}
	defer servers.Close()
	report, err := retrieval.Trial{
		Open: openLibrary, Database: servers.database, Chunks: c.Chunks, Questions: c.Questions, Rights: c.Rights, Seed: c.Seed,
	}.Run(a.ctx)
	if err != nil {
		return err
	}
	return c.show(a, report, report.Fault())
}

// openLibrary opens the store of documents in a new database.
func openLibrary(ctx context.Context, p *rig.Place) (knowledge.Store, func() error, error) {
	if p.URL == "" {
		db, err := sqlite.Open(ctx, databaseFile(p.Dir))
		if err != nil {
			return nil, nil, err
		}
		if _, _, err := db.Migrate(ctx); err != nil {
			return nil, nil, errors.Join(err, db.Close())
		}
		return library.New(db), db.Close, nil
	}
	db, err := postgres.Open(ctx, p.URL)
	if err != nil {
		return nil, nil, err
	}
	if _, _, err := db.Migrate(ctx); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return pglibrary.New(db), db.Close, nil
}
