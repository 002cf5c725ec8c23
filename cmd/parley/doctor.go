package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

type doctorCmd struct {
	place
	JSON bool `name:"json" help:"Print one line of JSON for each check."`
}

// finding is the result of one check.
type finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Run looks at everything that an installation needs. Status 1 if something is wrong.
func (c *doctorCmd) Run(a *app) error {
	sick := false
	tell := func(check string, err error, detail string, args ...any) error {
		f := finding{Check: check, OK: err == nil, Detail: fmt.Sprintf(detail, args...)}
		if err != nil {
			sick = true
			f.Detail = err.Error() // the operator of this machine reads this
		}
		if c.JSON {
			return printJSON(a, f)
		}
		mark := "ok  "
		if !f.OK {
			mark = "FAIL"
		}
		_, err = fmt.Fprintf(a.stdout, "%s  %-14s %s\n", mark, f.Check, f.Detail)
		return err
	}
	cfg, err := c.load(a)
	if e := tell("configuration", err, "%s", describe(c.Config)); e != nil || err != nil {
		return errors.Join(e, exitOn(sick))
	}
	in, err := open(a.ctx, cfg, newLog(a.stderr, "error"))
	if e := tell("database", err, "%s is open and up to date", databaseFile(cfg.Data)); e != nil || err != nil {
		return errors.Join(e, exitOn(sick))
	}
	defer in.Close()
	var problem string
	if err := in.db.Read.QueryRowContext(a.ctx, "PRAGMA quick_check(1)").Scan(&problem); err == nil && problem != "ok" {
		err = fmt.Errorf("the database is damaged: %s", problem)
		if e := tell("integrity", err, ""); e != nil {
			return e
		}
	} else if e := tell("integrity", err, "no damage found"); e != nil {
		return e
	}
	if e := tell("files", writable(cfg.Data), "%s can be written", cfg.Data); e != nil {
		return e
	}
	collections, err := in.base.Collections(a.ctx)
	documents, chunks := 0, 0
	for _, one := range collections {
		documents, chunks = documents+one.Documents, chunks+one.Chunks
	}
	if e := tell("knowledge", err, "%d collections, %d documents, %d chunks", len(collections), documents, chunks); e != nil {
		return e
	}
	if err := c.models(a, in, tell); err != nil {
		return err
	}
	return exitOn(sick)
}

func (c *doctorCmd) models(a *app, in *installation, tell func(string, error, string, ...any) error) error {
	if in.chain == nil {
		if err := tell("models", nil, "none configured: answers quote the documents"); err != nil {
			return err
		}
	} else {
		for _, r := range in.chain.Check(a.ctx) {
			if err := tell("model "+r.Name, r.Err, "answers, first piece after %v", r.FirstToken.Round(time.Millisecond)); err != nil {
				return err
			}
		}
	}
	if in.embedder == nil {
		return tell("embedder", nil, "none configured: passages are found by their words")
	}
	took, dimensions, err := in.embedder.Check(a.ctx)
	return tell("embedder", err, "answers with %d dimensions after %v", dimensions, took.Round(time.Millisecond))
}

func describe(file string) string {
	if file == "" {
		return "no file, the defaults hold"
	}
	return file + " is in order"
}

func exitOn(sick bool) error {
	if sick {
		return exitStatus(1)
	}
	return nil
}

// writable reports whether files can be made in dir.
func writable(dir string) error {
	path := filepath.Join(dir, ".doctor")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		return fmt.Errorf("write to the data folder: %w: %w", fault.Denied, err)
	}
	return os.Remove(path)
}
