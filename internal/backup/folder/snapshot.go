package folder

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	driver "modernc.org/sqlite"

	"github.com/parley-im/parley/internal/sqlite"
)

// pagesAtOnce is how much of a database is copied before we look whether to go on.
const pagesAtOnce = 4096

// snapshot puts a copy of the database into work, with links to its files.
//
// Rows and files must be of one moment. Writers are held off while a reading
// transaction begins and the files it sees are linked, which takes as long as
// linking takes; most of them are linked before, so that there is little left.
// Then writers go on, into the write-ahead log, and the transaction is copied.
func (e Engine) snapshot(ctx context.Context, work string) (err error) {
	db, err := sqlite.Open(ctx, filepath.Join(e.dir, databaseFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	hold := func(key string) error { return e.hold(ctx, work, key) }
	err = eachKey(ctx, db.Read, func(key string) error {
		if err := hold(key); !errors.Is(err, fs.ErrNotExist) { // it may be gone since we asked
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	conn, err := db.Read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = db.InTx(ctx, func(*sql.Tx) error {
		if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
			return fmt.Errorf("copy database: %w", err)
		}
		return eachKey(ctx, conn, hold) // the first question is what fixes the moment
	})
	if err == nil {
		err = conn.Raw(func(c any) error { return copyPages(ctx, c, filepath.Join(work, databaseFile)) })
	}
	_, end := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	return errors.Join(err, end)
}

// hold keeps a file from going away by giving it a second name below work.
func (e Engine) hold(ctx context.Context, work, key string) error {
	at := filepath.Join(work, filesFolder, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return fmt.Errorf("make a working folder: %w", err)
	}
	from := filepath.Join(e.dir, filesFolder, filepath.FromSlash(key))
	if _, err := os.Lstat(at); err == nil {
		return nil // held before
	}
	err := os.Link(from, at)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("hold file %s: %w", key, err)
	}
	return copyFile(ctx, from, at) // this file system has no links
}

// copyPages copies what the transaction of connection c sees into a new file.
func copyPages(ctx context.Context, c any, path string) (err error) {
	from, ok := c.(interface {
		NewBackup(uri string) (*driver.Backup, error)
	})
	if !ok {
		return fmt.Errorf("copy database: the driver cannot: %w", errors.ErrUnsupported)
	}
	to := (&url.URL{Scheme: "file", Opaque: filepath.ToSlash(path)}).String() + "?_pragma=synchronous(0)"
	b, err := from.NewBackup(to)
	if err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	defer func() { err = errors.Join(err, b.Finish()) }()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = b.Step(pagesAtOnce); err != nil {
			return fmt.Errorf("copy database: %w", err)
		}
	}
	return nil
}
