package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-im/parley/internal/config"
	"github.com/parley-im/parley/internal/doctor"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

type doctorCmd struct {
	place
	JSON bool   `name:"json" help:"Print one line of JSON for each check."`
	URL  string `name:"url" help:"Only ask a running server, such as http://127.0.0.1:8080/healthz (for health checks of containers)." placeholder:"URL"`
}

// diagnosis prints findings and remembers whether one of them is bad.
type diagnosis struct {
	a    *app
	json bool
	sick bool
}

func (d *diagnosis) tell(findings ...doctor.Finding) error {
	for _, f := range findings {
		d.sick = d.sick || f.Level == doctor.Fail
		var err error
		if d.json {
			err = printJSON(d.a, f)
		} else {
			mark := map[doctor.Level]string{doctor.OK: "ok  ", doctor.Warn: "warn", doctor.Fail: "FAIL"}[f.Level]
			_, err = fmt.Fprintf(d.a.stdout, "%s  %-14s %s\n", mark, f.Check, f.Detail)
			if err == nil && f.Advice != "" {
				_, err = fmt.Fprintf(d.a.stdout, "      %-14s → %s\n", "", f.Advice)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// status is the error that ends the command: status 1 if something is wrong.
func (d *diagnosis) status() error {
	if d.sick {
		return exitStatus(1)
	}
	return nil
}

// found is fine, or the error with what to do about it.
func found(check string, err error, advice, fine string, args ...any) doctor.Finding {
	if err != nil {
		return doctor.Failed(check, err, advice)
	}
	return doctor.Fine(check, fine, args...)
}

// Run looks at everything that an installation needs. Status 1 if something is wrong.
func (c *doctorCmd) Run(a *app) error {
	d := &diagnosis{a: a, json: c.JSON}
	if c.URL != "" {
		return errors.Join(d.tell(doctor.Answers(a.ctx, c.URL)), d.status())
	}
	cfg, err := c.load(a)
	if e := d.tell(found("configuration", err, "Mend these lines; config.yaml in the source shows every key.", "%s", describe(c.Config))); e != nil || err != nil {
		return errors.Join(e, d.status())
	}
	if err := errors.Join(d.surroundings(cfg), d.servers(string(cfg.Database), string(cfg.Redis), cfg.Embedder != nil)); err != nil || d.sick {
		return errors.Join(err, d.status())
	}
	in, err := open(a.ctx, cfg, newLog(a.stderr, "error"))
	if e := d.tell(found("installation", err, "What the line says; nothing was changed.", "open and up to date")); e != nil || err != nil {
		return errors.Join(e, d.status())
	}
	defer in.Close()
	return errors.Join(d.inside(in), d.status())
}

// surroundings are what Parley needs before it can start.
func (d *diagnosis) surroundings(cfg config.Config) error {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return d.tell(doctor.Failed("files", err, "Name a folder that can be made with --data or \"data\"."))
	}
	err := d.tell(
		found("files", writable(cfg.Data), "Give the folder to the user that Parley runs as.", "%s can be written", cfg.Data),
		doctor.Disk(cfg.Data),
	)
	return errors.Join(err, d.servers(string(cfg.Database), string(cfg.Redis), cfg.Embedder != nil))
}

// servers looks at the database server and at Redis, where there are any. meaning:
// passages are to be found by meaning too.
func (d *diagnosis) servers(database, redis string, meaning bool) error {
	if database != "" {
		db, err := postgres.Open(d.a.ctx, database)
		if err != nil {
			return d.tell(doctor.Failed("database", err, "See that the server runs, that the address in \"database\" is right and that a firewall lets you through."))
		}
		defer db.Close()
		if err := d.tell(doctor.Postgres(d.a.ctx, db, meaning)...); err != nil {
			return err
		}
	}
	if redis == "" {
		return nil
	}
	return d.tell(doctor.Redis(d.a.ctx, redis)...)
}

// inside looks at what the database holds, and at what answers are made with.
func (d *diagnosis) inside(in *installation) error {
	if err := d.integrity(in); err != nil {
		return err
	}
	collections, err := in.base.Collections(d.a.ctx)
	documents, chunks := 0, 0
	for _, one := range collections {
		documents, chunks = documents+one.Documents, chunks+one.Chunks
	}
	err = d.tell(found("knowledge", err, "See the lines above: the database does not answer.", "%d collections, %d documents, %d chunks", len(collections), documents, chunks))
	if err != nil {
		return err
	}
	return errors.Join(d.models(in), d.embedder(in))
}

// integrity reads the SQLite file; a server's tables are its own business.
func (d *diagnosis) integrity(in *installation) error {
	if in.cfg.Database != "" {
		return nil
	}
	if in.stores.file == nil {
		return nil
	}
	var problem string
	err := in.stores.file.Read.QueryRowContext(d.a.ctx, "PRAGMA quick_check(1)").Scan(&problem)
	if err == nil && problem != "ok" {
		err = fmt.Errorf("the database is damaged: %s", problem)
	}
	return d.tell(found("integrity", err, "Stop the server, keep a copy of the folder, and run \"parley restore\" with the last good backup.", "no damage found"))
}

func (d *diagnosis) models(in *installation) error {
	if in.chain == nil {
		return d.tell(doctor.Fine("models", "none configured: answers quote the documents"))
	}
	for _, r := range in.chain.Check(d.a.ctx) {
		err := d.tell(found("model "+r.Name, r.Err, "Look at base_url, api_key and model of this entry; the next model of the list answers meanwhile.",
			"answers, first piece after %v", r.FirstToken.Round(time.Millisecond)))
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *diagnosis) embedder(in *installation) error {
	if in.embedder == nil {
		return d.tell(doctor.Fine("embedder", "none configured: passages are found by their words"))
	}
	took, dimensions, err := in.embedder.Check(d.a.ctx)
	return d.tell(found("embedder", err, "Look at base_url, api_key and model under \"embedder\"; passages are found by words meanwhile.",
		"answers with %d dimensions after %v", dimensions, took.Round(time.Millisecond)))
}

func describe(file string) string {
	if file == "" {
		return "no file, the defaults hold"
	}
	return file + " is in order"
}

// writable reports whether files can be made in dir.
func writable(dir string) error {
	path := filepath.Join(dir, ".doctor")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		return fmt.Errorf("write to the data folder: %w: %w", fault.Denied, err)
	}
	return os.Remove(path)
}
