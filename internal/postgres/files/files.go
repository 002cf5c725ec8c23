// Package files keeps the uploaded files in Postgres, so that every replica has them
// and one backup holds all. It implements knowledge.Files.
//
// A file is a row of the table files and its bytes in file_pieces, stored in one
// transaction. What comes in from a browser is first written to a folder of this
// machine, and what goes out is copied there: no transaction waits for somebody's
// connection, and the extractor, which reads files by path, gets one. The folder holds
// nothing but such copies. What a process that died left there goes with Each.
//
// Like knowledge/disk, a file's key begins with its hash and ends in a random part:
// the same bytes uploaded twice are two files, and removing one never takes the other.
package files

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/knowledge"
)

// piece is how many bytes a row of file_pieces has.
const piece = 1 << 20

// All pieces of one file may take longer than a statement usually may.
const (
	storeTime    = 5 * time.Minute
	allowMinutes = `SET LOCAL statement_timeout = '5min'`
)

// Files is the files of one installation.
type Files struct {
	db     *postgres.DB
	folder string
}

var _ knowledge.Files = (*Files)(nil)

// New returns the files in db, which must be migrated. Copies lie in folder, which is
// made if need be and belongs to this machine alone.
func New(db *postgres.DB, folder string) (*Files, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for copies of files: %w", err)
	}
	return &Files{db, folder}, nil
}

// Save writes body to a copy first, whose size and hash are then known, and stores it
// in one go.
func (f *Files) Save(ctx context.Context, body io.Reader, limit int64) (s knowledge.Stored, err error) {
	tmp, err := f.temporary()
	if err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	defer func() { err = errors.Join(err, drop(tmp)) }()
	hash := sha256.New()
	s.Size, err = io.Copy(io.MultiWriter(tmp, hash), &reader{ctx, io.LimitReader(body, limit+1)})
	if err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	if s.Size > limit {
		return s, fault.Say(fault.Invalid, "too_large", "The file is larger than %d MB, which is the most that is taken.", limit>>20)
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	s.Hash = hex.EncodeToString(hash.Sum(nil))
	s.Key = s.Hash[:2] + "/" + s.Hash + "-" + strings.ToLower(rand.Text()[:12])
	if err := f.store(ctx, s, tmp); err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	return s, nil
}

const insertFile = `INSERT INTO files (key, size) VALUES ($1, $2)`

func (f *Files) store(ctx context.Context, s knowledge.Stored, body io.Reader) error {
	ctx, done := context.WithTimeout(ctx, storeTime)
	defer done()
	n, buffer := -1, make([]byte, piece)
	next := func() ([]any, error) {
		got, err := io.ReadFull(body, buffer)
		if errors.Is(err, io.EOF) {
			return nil, nil // all rows are there
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		n++
		return []any{s.Key, n, buffer[:got]}, nil
	}
	return f.db.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, allowMinutes); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertFile, s.Key, s.Size); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"file_pieces"}, []string{"key", "n", "data"}, pgx.CopyFromFunc(next))
		return err
	})
}

// Open copies the file, and reads the copy: it can be read to its end whatever happens
// to the file meanwhile.
func (f *Files) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	c, err := f.copy(ctx, key)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Path copies the file to this machine.
func (f *Files) Path(ctx context.Context, key string) (path string, release func(), err error) {
	c, err := f.copy(ctx, key)
	if err != nil {
		return "", nil, err
	}
	path = c.Name()
	if err := c.File.Close(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("copy file: %w", err), os.Remove(path))
	}
	return path, func() { _ = os.Remove(path) }, nil // a copy that stays goes with Each
}

// temp is a copy that is removed when it is closed.
type temp struct{ *os.File }

func (t temp) Close() error { return drop(t.File) }

const (
	selectSize   = `SELECT size FROM files WHERE key = $1`
	selectPieces = `SELECT data FROM file_pieces WHERE key = $1 ORDER BY n`
)

func (f *Files) copy(ctx context.Context, key string) (c temp, err error) {
	key = postgres.Text(key)
	ctx, done := context.WithTimeout(ctx, storeTime)
	defer done()
	tmp, err := f.temporary()
	if err != nil {
		return c, fmt.Errorf("copy file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, drop(tmp))
		}
	}()
	err = f.db.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, allowMinutes); err != nil {
			return err
		}
		var size int64
		err := tx.QueryRow(ctx, selectSize, key).Scan(&size)
		if errors.Is(err, pgx.ErrNoRows) {
			return gone()
		}
		if err != nil {
			return err
		}
		written, err := write(ctx, tx, tmp, key)
		if err == nil && written != size { // removed between the two statements
			return gone()
		}
		return err
	})
	if err != nil {
		return c, fmt.Errorf("copy file: %w", err)
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return c, fmt.Errorf("copy file: %w", err)
	}
	return temp{tmp}, nil
}

func write(ctx context.Context, tx pgx.Tx, w io.Writer, key string) (written int64, err error) {
	rows, err := tx.Query(ctx, selectPieces, key)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var data pgtype.DriverBytes // of this row only: not copied
		if err := rows.Scan(&data); err != nil {
			return 0, err
		}
		n, err := w.Write(data)
		if err != nil {
			return 0, err
		}
		written += int64(n)
	}
	return written, rows.Err()
}

func gone() error {
	return fault.Say(fault.NotFound, "file_gone", "The file is no longer there.")
}

// Remove removes a file with its pieces.
func (f *Files) Remove(ctx context.Context, key string) error {
	if _, err := f.db.Exec(ctx, `DELETE FROM files WHERE key = $1`, key); err != nil {
		return fmt.Errorf("remove file: %w", err)
	}
	return nil
}
