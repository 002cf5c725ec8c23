package web_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/internal/web"
	weblibrary "github.com/parley-im/parley/internal/web/library"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
)

var (
	_ weblibrary.Collections = (*knowledge.Base)(nil)
	_ weblibrary.Documents   = (*knowledge.Base)(nil)
	_ weblibrary.Files       = (*knowledge.Base)(nil)
	_ weblibrary.Finder      = (*knowledge.Base)(nil)
)

// The real knowledge base behind the API: what the small one in memory promises, it keeps.
func TestRealKnowledgeBase(t *testing.T) {
	folder := t.TempDir()
	h := staffedWith(t, func(h *house, c *web.Config) {
		files, err := disk.New(folder)
		if err != nil {
			t.Fatal(err)
		}
		base := knowledge.New(library.New(h.db), files, nil, nil, c.Log, knowledge.Options{MaxUpload: 1 << 20})
		c.API.Collections, c.API.Documents, c.API.Files, c.API.Finder = base, base, base, base
	})
	p := h.as(auth.Editor)
	c := p.must(201, "POST", "/collections", map[string]any{"name": "help"}).json(t)["id"].(string)
	p.refused(409, "name_taken", "POST", "/collections", map[string]any{"name": "help"})
	p.refused(404, "unknown_collection", "GET", "/collections/none/documents", nil)
	p.refused(404, "unknown_collection", "PATCH", "/collections/none", map[string]any{"name": "x"})

	if got := p.upload(c, "big.txt", strings.Repeat("x", 1<<20+1)); got.status != 413 {
		t.Errorf("too large: got %d %s", got.status, got.body)
	}
	if left := filesIn(t, folder); len(left) > 0 {
		t.Errorf("files were left behind: %v", left)
	}
	got := p.upload(c, "labels", "b,a", "../../etc/passwd", "# Returns")
	d := got.json(t)
	if got.status != 201 || d["name"] != "passwd" || d["stage"] != "queued" {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	id := d["id"].(string)
	p.must(200, "PATCH", "/documents/"+id, map[string]any{"labels": []string{}})
	if got := p.must(200, "GET", "/documents/"+id, nil); !strings.Contains(got.body, `"labels":[]`) {
		t.Errorf("got %s", got.body)
	}
	if got := p.get("/api/v1/documents/" + id + "/file"); got.body != "# Returns" {
		t.Errorf("got %q", got.body)
	}
	list := p.must(200, "GET", "/collections/"+c+"/documents", nil).json(t)
	if list["counts"].(map[string]any)["queued"] != 1.0 || len(list["documents"].([]any)) != 1 {
		t.Errorf("got %v", list)
	}
	p.must(200, "POST", "/documents/"+id+"/cancel", nil)
	p.must(200, "POST", "/documents/"+id+"/retry", nil)
	p.must(200, "GET", "/documents/"+id+"/chunks", nil)
	p.must(200, "POST", "/search", map[string]any{"question": "returns"})
	p.must(204, "DELETE", "/documents/"+id, nil)
	for _, path := range []string{"", "/file", "/chunks"} {
		if got := p.do("GET", "/documents/"+id+path, nil); got.status != 404 {
			t.Errorf("deleted%s: status %d", path, got.status)
		}
	}
	if left := filesIn(t, folder); len(left) > 0 {
		t.Errorf("files were left behind: %v", left)
	}
}

func filesIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
