package files_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/files"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/filestest"
)

func open(t testing.TB, db *postgres.DB, folder string) *files.Files {
	t.Helper()
	f, err := files.New(db, folder)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lying counts the copies in a folder.
func lying(t *testing.T, folder string) int {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return len(left)
}

func TestFiles(t *testing.T) {
	filestest.Run(t, func(t *testing.T) (one, other knowledge.Files) {
		address := postgrestest.URL(t)
		here, there := t.TempDir(), t.TempDir() // two machines
		t.Cleanup(func() {
			if n := lying(t, here) + lying(t, there); n != 0 {
				t.Errorf("%d copies were left behind", n)
			}
		})
		return open(t, postgrestest.Connect(t, address), here), open(t, postgrestest.Connect(t, address), there)
	})
}

func TestPiecesGoWithTheirFile(t *testing.T) {
	db := postgrestest.Open(t)
	f := open(t, db, t.TempDir())
	s, err := f.Save(t.Context(), bytes.NewReader(make([]byte, 2<<20+1)), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	pieces := func() (n int) {
		t.Helper()
		if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM file_pieces`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := pieces(); n != 3 {
		t.Errorf("stored in %d pieces, want 3", n)
	}
	if err := f.Remove(t.Context(), s.Key); err != nil || pieces() != 0 {
		t.Errorf("%d pieces outlived their file, %v", pieces(), err)
	}
}

func TestAgeIsOfTheDatabase(t *testing.T) {
	db := postgrestest.Open(t)
	folder := t.TempDir()
	f := open(t, db, folder)
	old, err := f.Save(t.Context(), strings.NewReader("old"), 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Save(t.Context(), strings.NewReader("young"), 10); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE files SET saved_at = now() - interval '2 days' WHERE key = $1`, old.Key); err != nil {
		t.Fatal(err)
	}
	day := time.Now().Add(-48 * time.Hour)
	left, strange := filepath.Join(folder, "file-left"), filepath.Join(folder, "not-ours")
	for _, name := range []string{left, strange} {
		if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Chtimes(name, day, day)); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	err = f.Each(t.Context(), 24*time.Hour, func(key string) error {
		seen = append(seen, key)
		return nil
	})
	if err != nil || len(seen) != 1 || seen[0] != old.Key {
		t.Errorf("visited %q, %v, want %q", seen, err, old.Key)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("the copy of a process that died is still there")
	}
	if _, err := os.Stat(strange); err != nil {
		t.Errorf("what is not ours was removed: %v", err)
	}
}

func BenchmarkFiles20MB(b *testing.B) {
	f := open(b, postgrestest.Open(b), b.TempDir())
	body := make([]byte, 20<<20)
	b.Run("save", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := f.Save(b.Context(), bytes.NewReader(body), 1<<30); err != nil {
				b.Fatal(err)
			}
		}
	})
	s, err := f.Save(b.Context(), bytes.NewReader(body), 1<<30)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			r, err := f.Open(b.Context(), s.Key)
			if err != nil {
				b.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, r); err != nil || n != s.Size || r.Close() != nil {
				b.Fatalf("%d bytes, %v", n, err)
			}
		}
	})
}
