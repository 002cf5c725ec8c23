package disk_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge/disk"
)

func open(t *testing.T) (*disk.Files, string) {
	t.Helper()
	root := t.TempDir()
	f, err := disk.New(root)
	if err != nil {
		t.Fatal(err)
	}
	return f, root
}

func TestSaveOpenRemove(t *testing.T) {
	f, _ := open(t)
	a, err := f.Save(t.Context(), strings.NewReader("same"), 10)
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Save(t.Context(), strings.NewReader("same"), 10)
	if err != nil || a.Key == b.Key || a.Hash != b.Hash || a.Size != 4 || !strings.HasPrefix(a.Key, a.Hash[:2]+"/") {
		t.Fatalf("saved twice: %+v, %+v, %v", a, b, err)
	}
	if err := errors.Join(f.Remove(t.Context(), a.Key), f.Remove(t.Context(), a.Key)); err != nil {
		t.Error(err)
	}
	if _, err := f.Open(t.Context(), a.Key); !errors.Is(err, fault.NotFound) {
		t.Errorf("a removed file: %v", err)
	}
	r, err := f.Open(t.Context(), b.Key)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r); string(body) != "same" || err != nil || r.Close() != nil {
		t.Errorf("reads %q, %v", body, err)
	}
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

func TestNothingIsLeftOfABadUpload(t *testing.T) {
	f, root := open(t)
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := f.Save(t.Context(), strings.NewReader(strings.Repeat("x", 1<<20+1)), 1<<20); !errors.Is(err, fault.Invalid) {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := f.Save(ended, strings.NewReader("x"), 10); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if s, err := f.Save(t.Context(), strings.NewReader(strings.Repeat("x", 1<<20)), 1<<20); err != nil || s.Size != 1<<20 {
		t.Errorf("just at the limit: %+v, %v", s, err)
	}
	if n := files(t, root); n != 1 {
		t.Errorf("%d files are there, want 1", n)
	}
}

func TestPathStaysInside(t *testing.T) {
	f, root := open(t)
	for _, key := range []string{"../../etc/passwd", "/etc/passwd", "aa/../../x"} {
		if p := f.Path(key); !strings.HasPrefix(p, root+string(filepath.Separator)) {
			t.Errorf("Path(%q) = %q", key, p)
		}
	}
}

func TestEach(t *testing.T) {
	f, root := open(t)
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
	if err := errors.Join(os.Chtimes(f.Path(old.Key), day, day), os.Chtimes(left, day, day)); err != nil {
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
