package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/knowledge/filestest"
)

func open(t *testing.T, root string) *disk.Files {
	t.Helper()
	f, err := disk.New(root)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFiles(t *testing.T) {
	filestest.Run(t, func(t *testing.T) (one, other knowledge.Files) {
		root := t.TempDir()
		return open(t, root), open(t, root)
	})
}

func files(t *testing.T, root string) (n int) {
	t.Helper()
	err := filepath.WalkDir(root, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNothingLiesAboutAfterABadUpload(t *testing.T) {
	root := t.TempDir()
	f := open(t, root)
	if _, err := f.Save(t.Context(), strings.NewReader("too long"), 3); err == nil {
		t.Error("stored what is too long")
	}
	if n := files(t, root); n != 0 {
		t.Errorf("%d files are there", n)
	}
}

func TestKeysStayInside(t *testing.T) {
	folder := t.TempDir()
	f := open(t, filepath.Join(folder, "root"))
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"../secret", "/../secret", "aa/../../secret", secret} {
		if p, _, err := f.Path(t.Context(), key); err == nil {
			t.Errorf("Path(%q) = %q", key, p)
		}
		if err := f.Remove(t.Context(), key); err != nil {
			t.Errorf("Remove(%q): %v", key, err)
		}
	}
	if _, err := os.Stat(secret); err != nil {
		t.Errorf("a file outside was removed: %v", err)
	}
}

func TestEachDropsUploadsThatWereBrokenOff(t *testing.T) {
	root := t.TempDir()
	f := open(t, root)
	old, err := f.Save(t.Context(), strings.NewReader("old"), 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Save(t.Context(), strings.NewReader("young"), 10); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(root, "new", "upload-1") // of a process that died
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	day := time.Now().Add(-48 * time.Hour)
	path, _, err := f.Path(t.Context(), old.Key)
	if err := errors.Join(err, os.Chtimes(path, day, day), os.Chtimes(left, day, day)); err != nil {
		t.Fatal(err)
	}
	var seen []string
	err = f.Each(t.Context(), 24*time.Hour, func(key string) error {
		seen = append(seen, key)
		return nil
	})
	if err != nil || len(seen) != 1 || seen[0] != old.Key {
		t.Errorf("visited %q, %v, want %q", seen, err, old.Key)
	}
	if n := files(t, root); n != 2 {
		t.Errorf("%d files are there, want the two whole ones", n)
	}
}
