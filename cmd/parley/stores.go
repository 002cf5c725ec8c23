package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/alexedwards/scs/v2"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/config"
	"github.com/parley-im/parley/internal/postgres"
	pgaccounts "github.com/parley-im/parley/internal/postgres/accounts"
	pgactivity "github.com/parley-im/parley/internal/postgres/activity"
	pgfiles "github.com/parley-im/parley/internal/postgres/files"
	pgleases "github.com/parley-im/parley/internal/postgres/leases"
	pglibrary "github.com/parley-im/parley/internal/postgres/library"
	pgmessages "github.com/parley-im/parley/internal/postgres/messages"
	pgprompts "github.com/parley-im/parley/internal/postgres/promptversions"
	pgreceipts "github.com/parley-im/parley/internal/postgres/receipts"
	pgwebchats "github.com/parley-im/parley/internal/postgres/webchats"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/accounts"
	"github.com/parley-im/parley/internal/sqlite/activity"
	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/internal/sqlite/messages"
	"github.com/parley-im/parley/internal/sqlite/promptversions"
	"github.com/parley-im/parley/internal/sqlite/receipts"
	"github.com/parley-im/parley/internal/sqlite/webchats"
	"github.com/parley-im/parley/internal/web/api"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/prompts"
)

// schema is a database whose tables have a version.
type schema interface {
	Version(ctx context.Context) (have, want int64, err error)
	Migrate(ctx context.Context) (from, to int64, err error)
	Close() error
}

// stores are everything that lasts, on SQLite or on Postgres.
type stores struct {
	schema
	ledger   gateway.Ledger
	leases   gateway.Leases // nil: one process has the ledger for itself
	chats    webchat.Store
	receipts receiptStore
	prompts  prompts.Versions
	library  knowledge.Store
	files    knowledge.Files
	accounts auth.Store
	sessions scs.CtxStore
	activity api.Activity
	file     *sqlite.DB   // or nil
	server   *postgres.DB // or nil
}

type receiptStore interface {
	bot.Memory
	api.Receipts
}

// databaseFile is the one database of the data folder.
func databaseFile(data string) string { return filepath.Join(data, "parley.db") }

// openSchema opens the database that cfg names and leaves its tables as they are.
func openSchema(ctx context.Context, cfg config.Config) (schema, error) {
	if cfg.Database != "" {
		return postgres.Open(ctx, string(cfg.Database))
	}
	return sqlite.Open(ctx, databaseFile(cfg.Data))
}

// openStores opens the database that cfg names. A file, and a database that is still
// empty, is brought up to date; one of many programs is so by "parley migrate" only,
// since others may be using it.
func openStores(ctx context.Context, cfg config.Config) (*stores, error) {
	db, err := openSchema(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &stores{schema: db}
	switch db := db.(type) {
	case *sqlite.DB:
		err = s.onFile(ctx, cfg, db)
	case *postgres.DB:
		err = s.onServer(ctx, cfg, db)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *stores) onFile(ctx context.Context, cfg config.Config, db *sqlite.DB) (err error) {
	if _, _, err := db.Migrate(ctx); err != nil {
		return err
	}
	s.file = db
	s.ledger, s.chats, s.prompts = messages.New(db), webchats.New(db), promptversions.New(db)
	s.receipts = receipts.New(db, cfg.Answers.SessionIdle)
	s.library, s.accounts, s.sessions, s.activity = library.New(db), accounts.New(db), accounts.NewSessions(db), activity.New(db)
	s.files, err = disk.New(filepath.Join(cfg.Data, "files"))
	return err
}

func (s *stores) onServer(ctx context.Context, cfg config.Config, db *postgres.DB) (err error) {
	if have, _, err := db.Version(ctx); err != nil {
		return err
	} else if have == 0 {
		if _, _, err := db.Migrate(ctx); err != nil {
			return err
		}
	}
	if err := db.Check(ctx); err != nil {
		return err
	}
	s.server = db
	s.ledger, s.leases, s.chats, s.prompts = pgmessages.New(db), pgleases.New(db), pgwebchats.New(db), pgprompts.New(db)
	s.receipts = pgreceipts.New(db, cfg.Answers.SessionIdle)
	s.library, s.accounts, s.sessions, s.activity = pglibrary.New(db), pgaccounts.New(db), pgaccounts.NewSessions(db), pgactivity.New(db)
	s.files, err = pgfiles.New(db, filepath.Join(cfg.Data, "copies"))
	return err
}

// ready reports whether the database answers and has the schema of this program, or a
// newer one: in a rolling upgrade the older replicas go on.
func (s *stores) ready(ctx context.Context) error {
	have, want, err := s.Version(ctx)
	if err != nil {
		return err
	}
	if have < want {
		return fmt.Errorf("the database is at schema version %d, this program needs %d", have, want)
	}
	return nil
}
