package library_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/knowledge/evalset"
)

// open makes a knowledge base whose database file the test can look into.
func open(t *testing.T) (*knowledge.Base, *sqlite.DB, string) {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "parley.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := disk.New(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	return knowledge.New(library.New(db), files, evalset.Extractor{}, nil, slog.New(slog.DiscardHandler), knowledge.Options{}), db, dir
}

func passages(n int) (out []evalset.Passage) {
	for i := range n {
		out = append(out, evalset.Passage{ID: fmt.Sprint(i), Title: fmt.Sprintf("Title%d", i), Text: fmt.Sprintf("Quokka%d lives on an island. 袋鼠%d住在岛上。", i, i)})
	}
	return out
}

// TestDeletedTextLeavesNoTrace looks for the words in every byte of every file.
func TestDeletedTextLeavesNoTrace(t *testing.T) {
	base, _, dir := open(t)
	set, err := evalset.Fill(t.Context(), base, "c", passages(30))
	if err != nil {
		t.Fatal(err)
	}
	traces := func() (n int) {
		err := filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() || strings.HasSuffix(p, "-shm") {
				return err
			}
			body, err := os.ReadFile(p)
			for _, word := range []string{"uokka7", "袋鼠7", "quokka7", "itle7"} {
				n += bytes.Count(body, []byte(word))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if traces() == 0 {
		t.Fatal("the test looks for the wrong words")
	}
	found, err := base.Retrieve(t.Context(), knowledge.Query{Text: "Title7 quokka 7 袋鼠7", Collections: []string{set.Collection}, Limit: 1})
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Text, "Quokka7 ") {
		t.Fatalf("found %+v, %v", found, err)
	}
	if err := base.Delete(t.Context(), found[0].DocumentID); err != nil {
		t.Fatal(err)
	}
	if n := traces(); n != 0 {
		t.Errorf("%d traces of the deleted document are left", n)
	}
	if err := base.DeleteCollection(t.Context(), set.Collection); err != nil {
		t.Fatal(err)
	}
	err = filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || strings.HasSuffix(p, "-shm") {
			return err
		}
		body, err := os.ReadFile(p)
		if n := bytes.Count(body, []byte("uokka")) + bytes.Count(body, []byte("袋鼠")); n != 0 {
			t.Errorf("%d traces of the dropped collection are in %s", n, filepath.Base(p))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOldRulesAreIndexedAnew is what an upgrade does that cuts words differently.
func TestOldRulesAreIndexedAnew(t *testing.T) {
	base, db, _ := open(t)
	set, err := evalset.Fill(t.Context(), base, "c", passages(20))
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{`UPDATE library_state SET value = 'older' WHERE name = 'rules'`,
		`UPDATE parts SET data = x'00000000'`, `DELETE FROM postings`, `UPDATE collections SET length = 12345`} {
		if _, err := db.Write.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	store := library.New(db) // a new process: nothing is cached
	for more := true; more; {
		if more, err = store.Clean(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	files, err := disk.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	again := knowledge.New(store, files, evalset.Extractor{}, nil, slog.New(slog.DiscardHandler), knowledge.Options{})
	for _, p := range passages(20) {
		found, err := again.Retrieve(t.Context(), knowledge.Query{Text: p.Text, Collections: []string{set.Collection}, Limit: 1})
		if err != nil || len(found) != 1 || found[0].Document != p.Title {
			t.Errorf("%s finds %+v, %v", p.Title, found, err)
		}
	}
	length := 0
	if err := db.Read.QueryRowContext(t.Context(), `SELECT length - (SELECT sum(length) FROM documents) FROM collections`).Scan(&length); err != nil || length != 0 {
		t.Errorf("the collection is %d terms longer than its documents, %v", length, err)
	}
}
