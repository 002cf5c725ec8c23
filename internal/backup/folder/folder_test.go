package folder_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/backup"
	"github.com/parley-im/parley/internal/backup/folder"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/knowledge/disk"
)

var options = backup.Options{Program: "test", Now: time.Unix(1_800_000_000, 0), Config: []byte("listen: 127.0.0.1:1\n")}

// house is an installation in a folder.
type house struct {
	dir   string
	db    *sqlite.DB
	files *disk.Files
}

func build(t *testing.T, dir string) house {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "parley.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := disk.New(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	h := house{dir, db, files}
	h.exec(t, `INSERT INTO collections (num, id, name, note, created_at) VALUES (1, 'c', 'help', '', 0)`)
	return h
}

func (h house) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := h.db.Write.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// add adds a document with its file.
func (h house) add(ctx context.Context, name, text string) error {
	s, err := h.files.Save(ctx, strings.NewReader(text), 1<<30)
	if err != nil {
		return err
	}
	_, err = h.db.Write.ExecContext(ctx, `INSERT INTO documents (id, collection, name, file, live_file, hash, size, stage, queued_at, created_at, updated_at)
		VALUES (?1, 1, ?1, ?2, ?2, ?3, ?4, 'ready', 0, 0, 0)`, name, s.Key, s.Hash, s.Size)
	return err
}

// drop takes a document away, row first, as the library does.
func (h house) drop(ctx context.Context, name string) error {
	var key string
	if err := h.db.Write.QueryRowContext(ctx, `DELETE FROM documents WHERE name = ? RETURNING file`, name).Scan(&key); err != nil {
		return err
	}
	return h.files.Remove(ctx, key)
}

// busy writes until ctx ends: pairs of settings in one transaction, documents that come and go.
func (h house) busy(ctx context.Context) error {
	for i := 0; ctx.Err() == nil; i++ {
		err := h.db.InTx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES (?, 'x'), (?, 'x')`, fmt.Sprintf("left-%d", i), fmt.Sprintf("right-%d", i))
			return err
		})
		if err == nil {
			err = h.add(ctx, fmt.Sprintf("come-%d", i), fmt.Sprint("text ", i))
		}
		if err == nil && i >= 40 {
			err = h.drop(ctx, fmt.Sprintf("come-%d", i-40))
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

func makeArchive(t *testing.T, e backup.Engine) (backup.Manifest, []byte) {
	t.Helper()
	var out bytes.Buffer
	m, err := backup.Make(t.Context(), &out, e, options)
	if err != nil {
		t.Fatal(err)
	}
	return m, out.Bytes()
}

func TestSQLiteWhileItIsWrittenTo(t *testing.T) {
	h := build(t, t.TempDir())
	for i := range 20 {
		if err := h.add(t.Context(), fmt.Sprintf("keep-%d", i), strings.Repeat("k", i*1000)); err != nil {
			t.Fatal(err)
		}
	}
	h.exec(t, `INSERT INTO prompt_versions (name, version, text, author, note, created_at) VALUES ('answer', 1, 'be kind', 'a', '', 0)`)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	var trouble error
	writers.Go(func() { trouble = h.busy(ctx) })
	var last []byte
	for range 5 {
		_, last = makeArchive(t, folder.New(h.dir))
	}
	stop()
	writers.Wait()
	if trouble != nil {
		t.Fatal(trouble)
	}
	to := t.TempDir()
	m, err := backup.Restore(t.Context(), bytes.NewReader(last), folder.New(to), false)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(to, "parley.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var kept, odd int
	var prompt string
	err = errors.Join(
		db.Read.QueryRow(`SELECT count(*) FROM documents WHERE name LIKE 'keep-%'`).Scan(&kept),
		db.Read.QueryRow(`SELECT count(*) FROM settings a WHERE name LIKE 'left-%'
			AND NOT EXISTS (SELECT 1 FROM settings b WHERE b.name = 'right-' || substr(a.name, 6))`).Scan(&odd),
		db.Read.QueryRow(`SELECT text FROM prompt_versions`).Scan(&prompt))
	if err != nil || kept != 20 || odd != 0 || prompt != "be kind" {
		t.Errorf("restored: %d documents, %d halves, prompt %q, %v", kept, odd, prompt, err)
	}
	if n := sameFiles(t, db, to); n != int(m.Files) || n < 20 {
		t.Errorf("%d documents have their file, the manifest says %d", n, m.Files)
	}
	if left, _ := filepath.Glob(filepath.Join(h.dir, ".backup-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// sameFiles checks that each document has the file whose hash it names, and that there are no others.
func sameFiles(t *testing.T, db *sqlite.DB, dir string) int {
	t.Helper()
	rows, err := db.Read.Query(`SELECT file, hash FROM documents`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var key, want string
		if err := rows.Scan(&key, &want); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "files", filepath.FromSlash(key)))
		if sum := sha256.Sum256(text); err != nil || hex.EncodeToString(sum[:]) != want {
			t.Errorf("file %s: %v", key, err)
		}
		n++
	}
	on, _ := filepath.Glob(filepath.Join(dir, "files", "??", "*"))
	if len(on) != n {
		t.Errorf("%d files on disk for %d documents", len(on), n)
	}
	return n
}

func TestRestoreRefusesWhatIsThere(t *testing.T) {
	h := build(t, t.TempDir())
	_, archive := makeArchive(t, folder.New(h.dir))
	old := build(t, t.TempDir())
	old.exec(t, `INSERT INTO settings (name, value) VALUES ('mine', 'x')`)
	restore := func(force bool) error {
		_, err := backup.Restore(t.Context(), bytes.NewReader(archive), folder.New(old.dir), force)
		return err
	}
	if err := restore(false); !errors.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "--force") {
		t.Errorf("over an installation: %v", err)
	}
	if err := restore(true); !errors.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "Stop it") {
		t.Errorf("under a server's feet: %v", err)
	}
	if err := old.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := restore(true); err != nil {
		t.Fatal(err)
	}
	aside, _ := filepath.Glob(filepath.Join(old.dir, "replaced-*", "parley.db"))
	if len(aside) != 1 {
		t.Errorf("what was there is not kept: %v", aside)
	}
	if text, err := os.ReadFile(filepath.Join(old.dir, "restored-config.yaml")); err != nil || !bytes.Contains(text, []byte("127.0.0.1:1")) {
		t.Errorf("configuration: %q, %v", text, err)
	}
}

// repack copies an archive entry by entry; change may alter or drop (nil) each.
func repack(t *testing.T, archive []byte, change func(h *tar.Header, text []byte) []byte) []byte {
	t.Helper()
	in, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	gz := gzip.NewWriter(&out)
	from, to := tar.NewReader(in), tar.NewWriter(gz)
	for {
		h, err := from.Next()
		if err != nil {
			break
		}
		text, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		if text = change(h, text); text == nil {
			continue
		}
		h.Size = int64(len(text))
		if h.Typeflag != tar.TypeReg {
			h.Size, text = 0, nil
		}
		if err := to.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(to.Close(), gz.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBadArchivesChangeNothing(t *testing.T) {
	h := build(t, t.TempDir())
	noise := make([]byte, 300_000) // does not shrink, so that damage in the middle hits it
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	if err := h.add(t.Context(), "noise", string(noise)); err != nil {
		t.Fatal(err)
	}
	_, good := makeArchive(t, folder.New(h.dir))
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	renamed := func(is, to string) []byte {
		return repack(t, good, func(h *tar.Header, text []byte) []byte {
			if strings.HasPrefix(h.Name, is) {
				h.Name = to
			}
			return text
		})
	}
	without := func(is string) []byte {
		return repack(t, good, func(h *tar.Header, text []byte) []byte {
			if strings.HasPrefix(h.Name, is) {
				return nil
			}
			return text
		})
	}
	tests := []struct {
		name    string
		archive []byte
		want    string
	}{
		{"nothing", nil, "not an archive"},
		{"something else", []byte("hello, I am a text"), "not an archive"},
		{"cut in the middle", good[:len(good)/2], "cut short or damaged"},
		{"cut at the end", good[:len(good)-9], "cut short or damaged"},
		{"a bit flipped", flipped, "cannot be used"},
		{"content changed", repack(t, good, func(h *tar.Header, text []byte) []byte {
			if strings.HasPrefix(h.Name, "files/") {
				text[7] ^= 1
			}
			return text
		}), "sha256 differs"},
		{"database changed", repack(t, good, func(h *tar.Header, text []byte) []byte {
			if h.Name == "sqlite/parley.db" {
				text[len(text)-1] ^= 1
			}
			return text
		}), "sha256 differs"},
		{"up and away", renamed("files/", "files/../../evil"), "plain name"},
		{"absolute", renamed("files/", "/etc/evil"), "plain name"},
		{"windows path", renamed("files/", `files/..\evil`), "plain name"},
		{"unknown place", renamed("files/", "bin/evil"), "unknown"},
		{"table of the other engine", renamed("files/", "tables/users/000001"), "sha256 differs"},
		{"a link", repack(t, good, func(h *tar.Header, text []byte) []byte {
			if strings.HasPrefix(h.Name, "files/") {
				h.Typeflag, h.Linkname = tar.TypeSymlink, "/etc/passwd"
			}
			return text
		}), "plain file"},
		{"a file missing", without("files/"), "does not fit"},
		{"database missing", without("sqlite/"), "does not fit"},
		{"sums missing", without("sums/"), "does not fit"},
		{"manifest missing", without("manifest.json"), "manifest is missing"},
		{"about missing", without("about.json"), "not a backup of Parley"},
		{"of a later format", repack(t, good, func(h *tar.Header, text []byte) []byte {
			return bytes.Replace(text, []byte(`"format": 1`), []byte(`"format": 2`), 1)
		}), "older than the one"},
		{"of the other engine", repack(t, good, func(h *tar.Header, text []byte) []byte {
			return bytes.Replace(text, []byte(`"engine": "sqlite"`), []byte(`"engine": "other!"`), 1)
		}), "sha256 differs"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			to := t.TempDir()
			_, err := backup.Restore(t.Context(), bytes.NewReader(test.archive), folder.New(filepath.Join(to, "data")), true)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if left, _ := os.ReadDir(to); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	if _, err := backup.Verify(t.Context(), bytes.NewReader(good)); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestBackupOfNothing(t *testing.T) {
	var out bytes.Buffer
	if _, err := backup.Make(t.Context(), &out, folder.New(t.TempDir()), options); !errors.Is(err, fault.NotFound) {
		t.Error(err)
	}
}
