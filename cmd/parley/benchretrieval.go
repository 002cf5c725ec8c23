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
func openLibrary(ctx context.Context, p *rig.Place) (retrieval.Store, error) {
	if p.URL == "" {
		db, err := sqlite.Open(ctx, databaseFile(p.Dir))
		if err != nil {
			return retrieval.Store{}, err
		}
		if _, _, err := db.Migrate(ctx); err != nil {
			return retrieval.Store{}, errors.Join(err, db.Close())
		}
		return retrieval.Store{Store: library.New(db), Close: db.Close}, nil
	}
	db, err := postgres.Open(ctx, p.URL)
	if err != nil {
		return retrieval.Store{}, err
	}
	if _, _, err := db.Migrate(ctx); err != nil {
		return retrieval.Store{}, errors.Join(err, db.Close())
	}
	vacuum := func(ctx context.Context) error { // as autovacuum does it within minutes
		_, err := db.Exec(ctx, "VACUUM ANALYZE")
		return err
	}
	return retrieval.Store{Store: pglibrary.New(db), Settle: vacuum, Close: db.Close}, nil
}
