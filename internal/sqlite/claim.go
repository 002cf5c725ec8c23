package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/parley-im/parley/internal/fault"
)

// Claim says that this process serves the data folder, until release is called or
// the process ends, however that happens: two servers on one file would both answer.
// It locks a small file of its own at path, so that other commands can still use the
// database. fault.Conflict: another process has it.
func Claim(ctx context.Context, path string) (release func() error, err error) {
	name := (&url.URL{Scheme: "file", Opaque: filepath.ToSlash(path)}).String() + "?_pragma=locking_mode(EXCLUSIVE)&_pragma=busy_timeout(0)&_txlock=exclusive"
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("claim %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(context.WithoutCancel(ctx), nil) // held until release
	if err != nil {
		return nil, errors.Join(fault.Say(fault.Conflict, "in_use",
			"Another Parley serves the data folder %s. Stop it, or name another folder with --data.", filepath.Dir(path)).Because(err), db.Close())
	}
	return func() error { return errors.Join(rollback(tx), db.Close()) }, nil
}
