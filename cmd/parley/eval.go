package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	pglibrary "github.com/parley-im/parley/internal/postgres/library"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/knowledge/evalset"
)

// evalOptions are the flags of parley eval retrieval and parley eval calibrate.
type evalOptions struct {
	Passages  string
	Questions string
	Store     string // "sqlite" or "postgres"
	Database  string // of a Postgres server, on which a throw-away database is made
	JSON      bool
}

// runEval measures retrieval by words in a throw-away store.
func runEval(ctx context.Context, o evalOptions, out io.Writer) error {
	passages, questions, err := readEval(o)
	if err != nil {
		return err
	}
	return withEvalBase(ctx, o, func(base *knowledge.Base) error {
		set, err := evalset.Fill(ctx, base, "eval", passages)
		if err != nil {
			return err
		}
		sets, err := set.Score(ctx, questions)
		if err != nil {
			return err
		}
		if o.JSON {
			return json.NewEncoder(out).Encode(map[string]any{"sets": sets})
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, "set\tn\tR@1\tR@5\tR@10\tMRR@10\tnDCG@10\t")
		for _, name := range slices.Sorted(maps.Keys(sets)) {
			m := sets[name]
			fmt.Fprintf(w, "%s\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t\n", name, m.N, m.Recall1, m.Recall5, m.Recall10, m.MRR10, m.NDCG10)
		}
		return w.Flush()
	})
}

func readEval(o evalOptions) ([]evalset.Passage, []evalset.Question, error) {
	passages, err := readLines[evalset.Passage](o.Passages)
	if err != nil {
		return nil, nil, err
	}
	questions, err := readLines[evalset.Question](o.Questions)
	return passages, questions, err
}

func readLines[T evalset.Passage | evalset.Question](path string) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Say(fault.Invalid, "bad_file", "%s cannot be opened.", path).Because(err)
	}
	defer func() { _ = f.Close() }() // only read
	return evalset.Read[T](f, path)
}

// withEvalBase runs f with an empty knowledge base that is removed afterwards.
func withEvalBase(ctx context.Context, o evalOptions, f func(*knowledge.Base) error) (err error) {
	dir, err := os.MkdirTemp("", "parley-eval-*")
	if err != nil {
		return fmt.Errorf("make throw-away store: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	files, err := disk.New(filepath.Join(dir, "files"))
	if err != nil {
		return err
	}
	with := func(store knowledge.Store) error {
		return f(knowledge.New(store, files, evalset.Extractor{}, nil, slog.New(slog.DiscardHandler), knowledge.Options{}))
	}
	switch {
	case o.Store == "postgres" && o.Database == "":
		return fault.Say(fault.Invalid, "no_database", "--store postgres needs --database postgres://user:password@host/name of a server on which a throw-away database may be made.")
	case o.Store == "postgres":
		return withThrowAway(ctx, o.Database, func(db *postgres.DB) error { return with(pglibrary.New(db)) })
	case o.Store != "" && o.Store != "sqlite":
		return fault.Say(fault.Invalid, "unknown_store", "--store %s is not known; sqlite and postgres are.", o.Store)
	}
	db, err := sqlite.Open(ctx, filepath.Join(dir, "eval.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, _, err := db.Migrate(ctx); err != nil {
		return err
	}
	return with(library.New(db))
}

// withThrowAway runs f with a database of its own on the server of address, and drops it.
func withThrowAway(ctx context.Context, address string, f func(*postgres.DB) error) (err error) {
	server, err := postgres.Open(ctx, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	name := "parley_eval_" + strings.ToLower(rand.Text())
	if _, err := server.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return fmt.Errorf("make throw-away database: %w", err)
	}
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		_, dropped := server.Exec(after, "DROP DATABASE "+name+" WITH (FORCE)")
		err = errors.Join(err, dropped)
	}()
	own, err := url.Parse(address)
	if err != nil {
		return fault.Say(fault.Invalid, "bad_database_url", "The database address is no URL.").Because(err)
	}
	own.Path = "/" + name
	db, err := postgres.Open(ctx, own.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, _, err := db.Migrate(ctx); err != nil {
		return err
	}
	return f(db)
}

// evalCmd measures quality.
type evalCmd struct {
	Retrieval evalRetrievalCmd `cmd:"" help:"Measure how well passages are found."`
	Calibrate evalCalibrateCmd `cmd:"" hidden:"" help:"Fit the relevance of passages (for developers)."`
}

type evalRetrievalCmd struct {
	Passages  string `help:"JSON lines: id, title, text, lang, set." required:"" placeholder:"FILE"`
	Questions string `help:"JSON lines: id, question, passage_id, set." required:"" placeholder:"FILE"`
	Store     string `help:"Where the throw-away index is kept: sqlite or postgres." default:"sqlite"`
	Database  string `help:"Postgres server for --store postgres; a throw-away database is made and dropped." placeholder:"URL"`
	JSON      bool   `help:"Write one JSON object." name:"json"`
}

// Run measures and prints.
func (c *evalRetrievalCmd) Run(a *app) error {
	return runEval(a.ctx, evalOptions{Passages: c.Passages, Questions: c.Questions, Store: c.Store, Database: c.Database, JSON: c.JSON}, a.stdout)
}
