package extract

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sample = "../../docs/sample"

// TestSample reads the sample help centre and checks that each question about it
// has its answer in one block of the document that is named.
func TestSample(t *testing.T) {
	files, err := os.ReadDir(filepath.Join(sample, "help-centre"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := make(map[string][]string)
	for _, f := range files {
		d, err := File(t.Context(), f.Name(), filepath.Join(sample, "help-centre", f.Name()), Limits{CacheDir: cacheDir(t)})
		if err != nil {
			t.Fatalf("File(%s) = %v", f.Name(), err)
		}
		if got, want := d.Type, strings.TrimPrefix(filepath.Ext(f.Name()), "."); got != want {
			t.Errorf("%s has type %q, want %q", f.Name(), got, want)
		}
		if d.Title == "" && d.Type != "csv" {
			t.Errorf("%s has no title", f.Name())
		}
		for _, b := range d.Blocks {
			blocks[f.Name()] = append(blocks[f.Name()], folded(Text(Document{Blocks: []Block{b}})))
		}
	}
	questions, err := os.Open(filepath.Join(sample, "questions.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer questions.Close()
	lines := bufio.NewScanner(questions)
	for lines.Scan() {
		var q struct {
			Question, Document, Contains string
			Known                        bool
		}
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		if !q.Known {
			continue
		}
		found := false
		for _, b := range blocks[q.Document] {
			found = found || strings.Contains(b, folded(q.Contains))
		}
		if !found {
			t.Errorf("%s: %q is not in %s", q.Question, q.Contains, q.Document)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
