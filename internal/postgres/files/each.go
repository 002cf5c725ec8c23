package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
)

// page is how many keys are read at once: no connection is held while they are visited.
const page = 1000

// inUse is how long a copy may be worked on.
const inUse = time.Hour

const selectOld = `SELECT key FROM files WHERE key > $1 AND saved_at <= now() - make_interval(secs => $2) ORDER BY key LIMIT $3`

// Each visits the files that are older than age, by the clock of the database.
// Copies of that age, left by a process that died, are removed on the way.
func (f *Files) Each(ctx context.Context, age time.Duration, visit func(key string) error) error {
	if err := f.sweep(ctx, max(age, inUse)); err != nil {
		return fmt.Errorf("remove old copies: %w", err)
	}
	for after := ""; ; {
		keys, err := postgres.Rows(ctx, f.db, pgx.RowTo[string], selectOld, after, age.Seconds(), page)
		if err != nil {
			return fmt.Errorf("list files: %w", err)
		}
		for _, key := range keys {
			if err := visit(key); err != nil {
				return err
			}
			after = key
		}
		if len(keys) < page {
			return nil
		}
	}
}

// prefix begins the name of every copy.
const prefix = "file-"

func (f *Files) temporary() (*os.File, error) { return os.CreateTemp(f.folder, prefix+"*") }

// drop closes and removes a copy.
func drop(file *os.File) error {
	err := file.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return errors.Join(err, os.Remove(file.Name()))
}

// sweep removes copies that nobody can be using any more.
func (f *Files) sweep(ctx context.Context, age time.Duration) error {
	left, err := os.ReadDir(f.folder)
	if err != nil {
		return err
	}
	before := time.Now().Add(-age)
	for _, d := range left {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || info.IsDir() || !strings.HasPrefix(d.Name(), prefix) || info.ModTime().After(before) {
			continue //nolint:nilerr // gone meanwhile, or not ours
		}
		if err := os.Remove(filepath.Join(f.folder, d.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// reader stops when the caller is gone.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
