// Package folder backs up and restores an installation in a data folder: an SQLite
// file and the uploaded files beside it.
//
// snapshot.go makes a copy of both at one moment while the server writes; fill.go
// puts an archive into a folder.
package folder

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/backup"
	"github.com/parley-im/parley/internal/diskspace"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite"
)

const (
	databaseFile = "parley.db" // in the data folder, as cmd/parley names it
	filesFolder  = "files"
	configFile   = "restored-config.yaml"
	staging      = ".backup-" // folders that a backup or a restore works in
)

// Engine is an installation in a data folder.
type Engine struct{ dir string }

// New returns the installation in the folder dir, which may be empty or not there.
func New(dir string) Engine { return Engine{dir} }

var _ backup.Engine = Engine{}

func (e Engine) About(ctx context.Context) (m backup.Manifest, err error) {
	m.Engine = "sqlite"
	path := filepath.Join(e.dir, databaseFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return m, nil // a target may be empty; dump says what it misses
	} else if err != nil {
		return m, fmt.Errorf("look at database: %w", err)
	}
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	have, want, err := db.Version(ctx)
	if err != nil {
		return m, err
	}
	if have > want {
		return m, backup.TooNew(have, want)
	}
	m.Schema = have
	if err := db.Read.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&m.Server); err != nil {
		return m, fmt.Errorf("ask database: %w", err)
	}
	return m, nil
}

// sqlFiles names the uploaded files that the rows of package library point to.
const sqlFiles = `SELECT file FROM documents WHERE file <> '' UNION SELECT live_file FROM documents WHERE live_file <> ''`

// dump copies the database as it is at one moment, holds on to the files that this
// copy names by linking them, and only then begins to write: what people delete
// meanwhile is still whole in the archive.
func (e Engine) Dump(ctx context.Context, w *backup.Writer, m *backup.Manifest) (err error) {
	if m.Schema == 0 {
		return fault.Say(fault.NotFound, "no_database", "There is no database in %s. Name the folder of the installation with --data or --config.", e.dir)
	}
	sweep(e.dir)
	if info, err := os.Stat(filepath.Join(e.dir, databaseFile)); err == nil {
		if err := room(e.dir, info.Size()); err != nil { // for the copy
			return err
		}
	}
	work, err := os.MkdirTemp(e.dir, staging)
	if err != nil {
		return fmt.Errorf("make a working folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := e.snapshot(ctx, work); err != nil {
		return err
	}
	if err := addFile(ctx, w, backup.DatabaseName, filepath.Join(work, databaseFile)); err != nil {
		return err
	}
	return e.eachFile(ctx, work, func(key string) error {
		m.Files++
		return addFile(ctx, w, backup.FilesDir+key, filepath.Join(work, filesFolder, filepath.FromSlash(key)))
	})
}

// spare is what must be left beside what is written.
const spare = 64 << 20

// room checks that need bytes fit beside what is there.
func room(dir string, need int64) error {
	s, err := diskspace.Of(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Free < uint64(need)+spare {
		return fault.Say(fault.Unavailable, "disk_full", "%d MB are needed at %s and %d MB are free. Make room first.", (need+spare)>>20, dir, s.Free>>20)
	}
	return nil
}

// sweep removes what an earlier backup or restore left when it was killed.
func sweep(folder string) {
	old, _ := filepath.Glob(filepath.Join(folder, staging+"*")) // the pattern is sound
	for _, path := range old {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(path) // it will be tried again
		}
	}
}

// eachFile visits the keys of the files that the database in folder names.
func (e Engine) eachFile(ctx context.Context, folder string, visit func(key string) error) (err error) {
	db, err := sqlite.Open(ctx, filepath.Join(folder, databaseFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return eachKey(ctx, db.Read, visit)
}

// asker is a pool or one connection of it.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func eachKey(ctx context.Context, db asker, visit func(key string) error) error {
	rows, err := db.QueryContext(ctx, sqlFiles)
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return fmt.Errorf("list files: %w", err)
		}
		if !fs.ValidPath(key) {
			return fmt.Errorf("list files: %q is no key: %w", key, fault.Invalid)
		}
		if err := visit(key); err != nil {
			return err
		}
	}
	return rows.Err()
}

func addFile(ctx context.Context, w *backup.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("add %s: %w", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("add %s: %w", name, err)
	}
	return w.Part(ctx, name, info.Size(), f)
}

func copyFile(ctx context.Context, from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("hold a file: %w", err)
	}
	defer f.Close()
	return writeFile(to, backup.Reader(ctx, f))
}

// writeFile makes a new file of r, on disk when it returns.
func writeFile(path string, r io.Reader) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(f, r); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func (e Engine) Begin(ctx context.Context, m backup.Manifest, force bool) (backup.Loader, error) {
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if err := e.free(ctx, force); err != nil {
		return nil, err
	}
	sweep(e.dir)
	if err := room(e.dir, m.Bytes); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(e.dir, staging)
	if err != nil {
		return nil, fmt.Errorf("make a working folder: %w", err)
	}
	if err := os.Mkdir(filepath.Join(work, filesFolder), 0o700); err != nil {
		return nil, errors.Join(err, os.RemoveAll(work))
	}
	return &filler{to: e, work: work, stamp: time.Now().UTC().Format("20060102T150405Z")}, nil
}

// free checks that the folder may be filled: it holds no installation, or force is
// set and no server works on it.
func (e Engine) free(ctx context.Context, force bool) error {
	database := filepath.Join(e.dir, databaseFile)
	_, err := os.Stat(database)
	there := !errors.Is(err, fs.ErrNotExist)
	if !there {
		some, err := filepath.Glob(filepath.Join(e.dir, filesFolder, "??", "*"))
		there = err == nil && len(some) > 0
	}
	if !there {
		return nil
	}
	if !force {
		return fault.Say(fault.Conflict, "not_empty",
			"There is an installation in %s already. Restore into another folder with --data, or add --force to put this one aside.", e.dir)
	}
	if _, err := os.Stat(database); err != nil {
		return nil //nolint:nilerr // files without a database: nobody works on them
	}
	return unused(ctx, database)
}

// unused checks that no other process has the database open: leaving the
// write-ahead log needs it alone.
func unused(ctx context.Context, database string) (err error) {
	db, err := sql.Open("sqlite", "file:"+strings.ReplaceAll(filepath.ToSlash(database), "?", "%3f")+"?_pragma=busy_timeout(500)")
	if err != nil {
		return fmt.Errorf("look at database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode=DELETE").Scan(&mode)
	if err == nil && mode == "delete" {
		return nil
	}
	if err != nil && !strings.Contains(err.Error(), "locked") {
		return nil //nolint:nilerr // damaged, which may be why it is to be replaced
	}
	return fault.Say(fault.Conflict, "in_use", "A server is running on %s. Stop it first.", database).Because(err)
}
