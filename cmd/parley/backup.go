package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/parley-im/parley/internal/backup"
	"github.com/parley-im/parley/internal/backup/folder"
	pgbackup "github.com/parley-im/parley/internal/backup/server"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

type backupCmd struct {
	place
	JSON bool   `name:"json" help:"Print JSON."`
	Keep int    `help:"If FILE is a folder: how many of the archives in it stay, the newest; 0: all." placeholder:"N"`
	File string `arg:"" help:"Archive to write, such as parley.tar.gz; a folder gets one named for the time; - is standard output."`
}

// archives is how those in a folder are named; sorted by name they are sorted by time.
const archives = "parley-*.tar.gz"

// Run writes an archive of the installation; the server may go on. The archive gets
// its name only when it is whole.
func (c *backupCmd) Run(a *app) (err error) {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	o := backup.Options{Program: version, Now: time.Now()}
	if c.Config != "" {
		if o.Config, err = os.ReadFile(c.Config); err != nil {
			return fmt.Errorf("read configuration: %w", err)
		}
	}
	engine, done, err := engineOf(a.ctx, cfg.Data, string(cfg.Database))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if c.File == "-" {
		_, err := backup.Make(a.ctx, a.stdout, engine, o)
		return err
	}
	dir := ""
	if info, err := os.Stat(c.File); err == nil && info.IsDir() {
		dir = c.File
		c.File = filepath.Join(dir, "parley-"+o.Now.UTC().Format("20060102T150405Z")+".tar.gz")
	}
	m, size, err := c.write(a, engine, o)
	if err == nil && dir != "" && c.Keep > 0 {
		err = keep(dir, c.Keep)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a, m)
	}
	_, err = fmt.Fprintf(a.stdout, "%s holds the installation as it was at %s: %s; %s packed.\n"+
		"Whoever can read it can read everything in it: keep it like a password, and try it now and then with \"parley restore --check\".\n",
		c.File, m.MadeAt.Format(time.RFC3339), content(m), megabytes(size))
	return err
}

func (c *backupCmd) write(a *app, engine backup.Engine, o backup.Options) (m backup.Manifest, size int64, err error) {
	if _, err := os.Lstat(c.File); !errors.Is(err, fs.ErrNotExist) {
		return m, 0, fault.Say(fault.Conflict, "exists", "%s is there already; nothing is overwritten. Choose another name.", c.File)
	}
	out, err := os.CreateTemp(filepath.Dir(c.File), ".parley-backup-*") // readable for its owner only
	if err != nil {
		return m, 0, fmt.Errorf("write archive: %w", err)
	}
	defer func() {
		if err != nil {
			_ = out.Close() // it may be closed already
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	if m, err = backup.Make(a.ctx, out, engine, o); err != nil {
		return m, 0, err
	}
	info, err := out.Stat()
	if err != nil {
		return m, 0, fmt.Errorf("write archive: %w", err)
	}
	if err = errors.Join(out.Sync(), out.Close()); err != nil {
		return m, 0, fmt.Errorf("write archive: %w", err)
	}
	if err = os.Rename(out.Name(), c.File); err != nil {
		return m, 0, fmt.Errorf("write archive: %w", err)
	}
	return m, info.Size(), nil
}

// keep removes all but the newest n archives of a folder.
func keep(dir string, n int) error {
	all, err := filepath.Glob(filepath.Join(dir, archives))
	if err != nil {
		return fmt.Errorf("list archives: %w", err)
	}
	slices.Sort(all)
	for _, old := range all[:max(0, len(all)-n)] {
		if err := os.Remove(old); err != nil {
			return fmt.Errorf("remove an old archive: %w", err)
		}
	}
	return nil
}

type restoreCmd struct {
	place
	Force bool   `help:"Replace what is there. On SQLite it is put aside, on Postgres it is dropped."`
	Check bool   `help:"Only check the archive; nothing is restored."`
	JSON  bool   `name:"json" help:"Print JSON."`
	File  string `arg:"" help:"Archive that \"parley backup\" wrote." type:"existingfile"`
}

// Run checks the whole archive and then fills the installation from it.
func (c *restoreCmd) Run(a *app) error {
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	defer file.Close()
	var m backup.Manifest
	if c.Check {
		m, err = backup.Verify(a.ctx, file)
	} else {
		m, err = c.restore(a, file)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a, m)
	}
	did := "Restored"
	if c.Check {
		did = "The archive is whole"
	}
	_, err = fmt.Fprintf(a.stdout, "%s: made by Parley %s at %s, schema version %d; %s.\n", did,
		m.Program, m.MadeAt.Format(time.RFC3339), m.Schema, content(m))
	return err
}

func (c *restoreCmd) restore(a *app, file io.ReadSeeker) (backup.Manifest, error) {
	cfg, err := c.load(a)
	if err != nil {
		return backup.Manifest{}, err
	}
	engine, done, err := engineOf(a.ctx, cfg.Data, string(cfg.Database))
	if err != nil {
		return backup.Manifest{}, err
	}
	m, err := backup.Restore(a.ctx, file, engine, c.Force)
	return m, errors.Join(err, done())
}

// engineOf returns what is to be backed up or filled, and what lets go of it: the
// database server at the address database, or with none the data folder.
func engineOf(ctx context.Context, data, database string) (backup.Engine, func() error, error) {
	if database == "" {
		return folder.New(data), func() error { return nil }, nil
	}
	db, err := postgres.Open(ctx, database)
	if err != nil {
		return nil, nil, err
	}
	return pgbackup.New(db), db.Close, nil
}

// content tells what is in an archive.
func content(m backup.Manifest) string {
	if m.Engine == "sqlite" {
		return fmt.Sprintf("a database with %d files, %s", m.Files, megabytes(m.Bytes))
	}
	return fmt.Sprintf("%d tables of Postgres, %s", len(m.Tables), megabytes(m.Bytes))
}

// megabytes writes a size for people.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }
