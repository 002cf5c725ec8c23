package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/parley-im/parley/internal/backup"
	"github.com/parley-im/parley/internal/sqlite"
)

// filler fills a data folder: everything lands in a working folder beside, is checked
// and brought up to date there, and then takes its place by renaming.
type filler struct {
	to    Engine
	work  string
	stamp string // for the name of what is put aside
}

func (f *filler) Part(_ context.Context, name string, _ int64, r io.Reader) error {
	path := filepath.Join(f.work, databaseFile)
	switch {
	case name == backup.DatabaseName:
	case name == backup.ConfigName:
		path = filepath.Join(f.work, configFile)
	case strings.HasPrefix(name, backup.FilesDir):
		path = filepath.Join(f.work, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("make folder for files: %w", err)
		}
	default:
		return backup.Broken(fmt.Sprintf("%q has no place in a backup of SQLite", name), fs.ErrInvalid)
	}
	err := writeFile(path, r)
	if errors.Is(err, fs.ErrExist) {
		return backup.Broken(fmt.Sprintf("%s is in it twice", name), err)
	}
	return err
}

func (f *filler) Finish(ctx context.Context) error {
	if err := f.check(ctx); err != nil {
		return err
	}
	if err := f.aside(); err != nil {
		return err
	}
	// the database comes last: while it is missing nobody takes the folder for whole
	for _, name := range []string{filesFolder, configFile, databaseFile} {
		err := os.Rename(filepath.Join(f.work, name), filepath.Join(f.to.dir, name))
		if err != nil && !(name == configFile && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("put %s in its place: %w", name, err)
		}
	}
	return nil
}

// check opens the restored database, brings it up to date and looks for its files.
func (f *filler) check(ctx context.Context) (err error) {
	path := filepath.Join(f.work, databaseFile)
	if _, err := os.Stat(path); err != nil {
		return backup.Broken("it has no database", err)
	}
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return backup.Broken("its database cannot be opened", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var sound string
	if err := db.Read.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&sound); err != nil || sound != "ok" {
		return backup.Broken("its database is damaged", errors.Join(err, errors.New(sound)))
	}
	if _, _, err := db.Migrate(ctx); err != nil {
		return err
	}
	return f.to.eachFile(ctx, f.work, func(key string) error {
		if _, err := os.Stat(filepath.Join(f.work, filesFolder, filepath.FromSlash(key))); err != nil {
			return backup.Broken("the file of a document is missing in it", err)
		}
		return nil
	})
}

// aside moves what is in the data folder now into a folder of its own. Nothing is
// deleted: the operator does that once the restored installation has shown itself.
func (f *filler) aside() error {
	old := filepath.Join(f.to.dir, "replaced-"+f.stamp)
	for _, name := range []string{databaseFile, databaseFile + "-wal", databaseFile + "-shm", filesFolder, configFile} {
		from := filepath.Join(f.to.dir, name)
		if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.MkdirAll(old, 0o700); err != nil {
			return fmt.Errorf("put the old installation aside: %w", err)
		}
		if err := os.Rename(from, filepath.Join(old, name)); err != nil {
			return fmt.Errorf("put the old installation aside: %w", err)
		}
	}
	return nil
}

func (f *filler) Abandon(context.Context) error {
	if err := os.RemoveAll(f.work); err != nil {
		return fmt.Errorf("remove the working folder: %w", err)
	}
	return nil
}
