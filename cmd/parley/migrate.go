package main

import (
	"errors"
	"fmt"
	"os"
)

type migrateCmd struct {
	place
	Check bool `help:"Only tell whether something is to be done; status 1 if so."`
	JSON  bool `name:"json" help:"Print JSON."`
}

type migrated struct {
	From    int64 `json:"from"`
	To      int64 `json:"to"`
	Current bool  `json:"current"`
}

func (c *migrateCmd) Run(a *app) error {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	db, err := openSchema(a.ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	var out migrated
	if c.Check {
		out.From, out.To, err = db.Version(a.ctx)
		out.Current = out.From == out.To
	} else {
		out.From, out.To, err = db.Migrate(a.ctx)
		out.Current = err == nil
	}
	if err != nil {
		return err
	}
	if err := c.print(a, out); err != nil {
		return err
	}
	if !out.Current {
		return exitStatus(1)
	}
	return nil
}

func (c *migrateCmd) print(a *app, out migrated) (err error) {
	switch {
	case c.JSON:
		return printJSON(a, out)
	case out.From == out.To:
		_, err = fmt.Fprintf(a.stdout, "The database is at schema version %d, as this program needs it.\n", out.To)
	case c.Check:
		_, err = fmt.Fprintf(a.stdout, "The database is at schema version %d, this program needs %d. Run \"parley migrate\".\n", out.From, out.To)
	default:
		_, err = fmt.Fprintf(a.stdout, "The database went from schema version %d to %d.\n", out.From, out.To)
	}
	if err != nil {
		return errors.Join(errors.New("write result"), err)
	}
	return nil
}
