// Package disk keeps the uploaded files in a folder, each under a key of its own:
// the first two digits of its hash, the hash, and a random part, so that the same
// bytes uploaded twice are two files and removing one never takes the other.
package disk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

// Files is a folder of files.
type Files struct{ root string }

var _ knowledge.Files = (*Files)(nil)

// New returns the files in the folder root, which is made if need be.
func New(root string) (*Files, error) {
	if err := os.MkdirAll(filepath.Join(root, "new"), 0o700); err != nil {
		return nil, fmt.Errorf("make folder for files: %w", err)
	}
	return &Files{root}, nil
}

// Save writes body to a temporary file, synced, and only then gives it its name.
func (f *Files) Save(ctx context.Context, body io.Reader, limit int64) (s knowledge.Stored, err error) {
	tmp, err := os.CreateTemp(filepath.Join(f.root, "new"), "upload-*")
	if err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	defer func() {
		if err != nil {
			_ = tmp.Close() // it may be closed already
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	hash := sha256.New()
	s.Size, err = io.Copy(io.MultiWriter(tmp, hash), &reader{ctx, io.LimitReader(body, limit+1)})
	if err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	if s.Size > limit {
		return s, fault.Say(fault.Invalid, "too_large", "The file is larger than %d MB, which is the most that is taken.", limit>>20)
	}
	if err = tmp.Sync(); err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	s.Hash = hex.EncodeToString(hash.Sum(nil))
	s.Key = s.Hash[:2] + "/" + s.Hash + "-" + strings.ToLower(rand.Text()[:12])
	folder := filepath.Join(f.root, s.Hash[:2])
	if err = os.MkdirAll(folder, 0o700); err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	if err = tmp.Close(); err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	if err = os.Rename(tmp.Name(), f.path(s.Key)); err != nil {
		return s, fmt.Errorf("store upload: %w", err)
	}
	if err := syncFolder(folder); err != nil {
		return s, errors.Join(fmt.Errorf("store upload: %w", err), os.Remove(f.path(s.Key)))
	}
	return s, nil
}

// syncFolder makes a new name durable, where the system can do that.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	_ = d.Sync() // Windows cannot sync a folder and needs not
	return d.Close()
}

// Open opens a file.
func (f *Files) Open(_ context.Context, key string) (io.ReadCloser, error) {
	file, err := os.Open(f.path(key))
	if err != nil {
		return nil, gone(err)
	}
	return file, nil
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Say(fault.NotFound, "file_gone", "The file is no longer there.").Because(err)
	}
	return fmt.Errorf("open file: %w", err)
}

// Path returns where the file itself lies: there is nothing to release.
func (f *Files) Path(_ context.Context, key string) (string, func(), error) {
	p := f.path(key)
	if _, err := os.Stat(p); err != nil {
		return "", nil, gone(err)
	}
	return p, func() {}, nil
}

func (f *Files) path(key string) string {
	return filepath.Join(f.root, filepath.FromSlash(filepath.Clean("/"+key)))
}

// Remove removes a file.
func (f *Files) Remove(_ context.Context, key string) error {
	if err := os.Remove(f.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove file: %w", err)
	}
	return nil
}

// Each visits the files that are older than age. Uploads that were broken off are
// removed on the way.
func (f *Files) Each(ctx context.Context, age time.Duration, visit func(key string) error) error {
	before := time.Now().Add(-age)
	return filepath.WalkDir(f.root, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil || d.IsDir() || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		info, err := d.Info()
		if err != nil || info.ModTime().After(before) {
			return nil //nolint:nilerr // gone meanwhile
		}
		rel, err := filepath.Rel(f.root, p)
		if err != nil {
			return err
		}
		key := filepath.ToSlash(rel)
		if strings.HasPrefix(key, "new/") {
			return f.Remove(ctx, key)
		}
		return visit(key)
	})
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
