package storetest

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

func collections(t *testing.T, r *rig) {
	ctx := t.Context()
	if _, err := r.CreateCollection(ctx, " Help ", ""); !errors.Is(err, fault.Conflict) {
		t.Errorf("a second collection of one name: %v, want a conflict", err)
	}
	if _, err := r.CreateCollection(ctx, "  ", ""); !errors.Is(err, fault.Invalid) {
		t.Errorf("a collection without a name: %v, want invalid", err)
	}
	b, err := r.CreateCollection(ctx, "Internal", "")
	must(t, err)
	if _, err := r.UpdateCollection(ctx, b.ID, "Help", ""); !errors.Is(err, fault.Conflict) {
		t.Errorf("rename to a taken name: %v, want a conflict", err)
	}
	b, err = r.UpdateCollection(ctx, b.ID, "Archive", "old things")
	must(t, err)
	if b.Name != "Archive" || b.Note != "old things" {
		t.Errorf("after rename: %+v", b)
	}
	all, err := r.Collections(ctx)
	must(t, err)
	if len(all) != 2 || all[0].Name != "Archive" || all[1].Name != "Help" {
		t.Errorf("collections are %+v, want Archive and Help", all)
	}
	c, err := r.CollectionByName(ctx, "Help")
	must(t, err)
	if c.ID != r.collection {
		t.Errorf("found %s by name, want %s", c.ID, r.collection)
	}
	_, byName := r.CollectionByName(ctx, "Nothing")
	_, rename := r.UpdateCollection(ctx, "nothing", "x", "")
	_, _, add := r.Add(ctx, knowledge.Upload{Collection: "nothing", Name: "a.txt", Body: strings.NewReader("a")})
	_, retrieve := r.Retrieve(ctx, knowledge.Query{Text: "a", Collections: []string{r.collection, "nothing"}})
	_, list := r.Documents(ctx, knowledge.Filter{Collection: "nothing"})
	for name, err := range map[string]error{"by name": byName, "rename": rename, "add": add, "retrieve": retrieve, "list": list, "delete": r.DeleteCollection(ctx, "nothing")} {
		if code, _ := fault.Public(err); !errors.Is(err, fault.NotFound) || code != "unknown_collection" {
			t.Errorf("%s with an unknown collection: %v, want unknown_collection", name, err)
		}
	}
	if n := len(r.onDisk()); n != 0 {
		t.Errorf("%d files are left of an upload to nowhere", n)
	}
}

// onDisk lists the files that are stored.
func (r *rig) onDisk() (files []string) {
	r.Helper()
	must(r, filepath.WalkDir(r.folder, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, p)
		}
		return err
	}))
	return files
}

func lifecycle(t *testing.T, r *rig) {
	d := r.add("dir/sub\\faq.txt", "title: Questions\n# Delivery\nParcels arrive within two days.\n# 退貨\n七天內可以無理由退貨。", "public")
	if d.Stage != knowledge.Queued || d.Version != 1 || d.Live != 0 || d.Name != "faq.txt" || d.Hash == "" || d.Size == 0 {
		t.Errorf("after upload: %+v", d)
	}
	if found := r.find("parcels"); len(found) != 0 {
		t.Errorf("found %q before the document was worked on", found)
	}
	d, err := r.Process(t.Context(), d.ID)
	must(t, err)
	if d.Stage != knowledge.Ready || d.Live != 1 || d.Progress != 1 || d.Title != "Questions" || d.Type != "txt" || d.AddedBy != "ann" ||
		!slices.Equal(d.Labels, []string{"public"}) || d.Code != "" || d.UpdatedAt.Before(d.CreatedAt) {
		t.Errorf("when ready: %+v", d)
	}
	found, err := r.Retrieve(t.Context(), knowledge.Query{Text: "几天内可以退货", Collections: []string{r.collection}, Limit: 1})
	must(t, err)
	if len(found) != 1 || found[0].Text != "七天內可以無理由退貨。" && !strings.Contains(found[0].Text, "七天內可以無理由退貨。") {
		t.Fatalf("a simplified question finds %+v in a traditional text", found)
	}
	p := found[0]
	if p.DocumentID != d.ID || p.Version != 1 || p.Document != "Questions" || p.Score <= 0 || p.Words <= 0 || p.Relevance <= 0.5 || p.Meaning != 0 {
		t.Errorf("passage is %+v", p)
	}
	chunks, err := r.Chunks(t.Context(), d.ID, -1, 10)
	must(t, err)
	if len(chunks) != d.Chunks || chunks[p.Seq].ID != p.ChunkID || chunks[p.Seq].Text != p.Text {
		t.Errorf("passage %+v is not among the %d chunks %+v", p, d.Chunks, chunks)
	}
	rest, err := r.Chunks(t.Context(), d.ID, len(chunks)-1, 10)
	if err != nil || len(rest) != 0 {
		t.Errorf("behind the last chunk: %v, %v", rest, err)
	}
	file, _, err := r.File(t.Context(), d.ID)
	must(t, err)
	body, err := io.ReadAll(file)
	must(t, errors.Join(err, file.Close()))
	if !strings.HasPrefix(string(body), "title: Questions") {
		t.Errorf("the file reads %q", body)
	}
	c, err := r.CollectionByName(t.Context(), "Help")
	if err != nil || c.Documents != 1 || c.Chunks != d.Chunks {
		t.Errorf("collection is %+v, %v", c, err)
	}
	for _, q := range []knowledge.Query{{Text: "parcels"}, {Text: "?!", Collections: []string{r.collection}}, {Collections: []string{r.collection}}} {
		if found, err := r.Retrieve(t.Context(), q); err != nil || len(found) != 0 {
			t.Errorf("%+v finds %v, %v, want nothing", q, found, err)
		}
	}
}

func unchanged(t *testing.T, r *rig) {
	first := r.put("a.txt", "The red house.")
	d, changed, err := r.Add(t.Context(), knowledge.Upload{Collection: r.collection, Name: "a.txt", Labels: []string{"new"}, Body: strings.NewReader("The red house.")})
	must(t, err)
	if changed || d.Version != 1 || d.Stage != knowledge.Ready || d.ID != first.ID {
		t.Errorf("the same bytes again: changed %v, %+v", changed, d)
	}
	if !slices.Equal(d.Labels, []string{"new"}) {
		t.Errorf("labels given with the same bytes: %v", d.Labels)
	}
	if n := len(r.onDisk()); n != 1 {
		t.Errorf("%d files are stored, want 1", n)
	}
	// the same bytes under another name are another document
	if other := r.put("b.txt", "The red house."); other.ID == first.ID || len(r.find("red house")) != 2 {
		t.Errorf("another name gave document %s", other.ID)
	}
	must(t, r.Delete(t.Context(), first.ID))
	if found := r.find("red house"); len(found) != 1 {
		t.Errorf("deleting one of two equal documents leaves %q", found)
	}
}

func newVersion(t *testing.T, r *rig) {
	old := r.put("prices.txt", "# Prices\nShipping costs 8 yuan.\n# Hours\nOpen from nine to five.")
	d := r.add("prices.txt", "# Prices\nShipping costs 12 yuan.\n# Hours\nOpen from nine to five.")
	if d.ID != old.ID || d.Version != 2 || d.Live != 1 || d.Stage != knowledge.Queued {
		t.Errorf("second upload: %+v", d)
	}
	if found := r.find("shipping costs"); len(found) == 0 || !strings.Contains(found[0], "8 yuan") {
		t.Errorf("while the new version waits: %q", found)
	}
	before, err := r.Chunks(t.Context(), d.ID, -1, 9)
	must(t, err)
	d, err = r.Process(t.Context(), d.ID)
	must(t, err)
	if d.Live != 2 || d.Stage != knowledge.Ready {
		t.Errorf("second version: %+v", d)
	}
	for _, text := range r.find("shipping costs 8 yuan") {
		if strings.Contains(text, "8 yuan") {
			t.Errorf("the old version still answers: %q", text)
		}
	}
	after, err := r.Chunks(t.Context(), d.ID, -1, 9)
	must(t, err)
	for _, b := range before {
		for _, a := range after {
			if (a.Text == b.Text) != (a.ID == b.ID) {
				t.Errorf("chunk %q has ID %s, %q has %s", b.Text, b.ID, a.Text, a.ID)
			}
		}
	}
	if n := len(r.onDisk()); n != 1 {
		t.Errorf("%d files are stored, want only the live one", n)
	}
}

func failedVersion(t *testing.T, r *rig) {
	r.put("a.txt", "Whales are mammals.")
	d := r.put("a.txt", "!bad")
	if d.Stage != knowledge.Failed || d.Code != "encrypted" || !strings.Contains(d.Reason, "a.txt") || d.Live != 1 || d.Version != 2 {
		t.Errorf("failed version: %+v", d)
	}
	if found := r.find("whales"); len(found) != 1 {
		t.Errorf("the version before answers %q", found)
	}
	must(t, r.Retry(t.Context(), d.ID))
	if again := r.reload(d.ID); again.Stage != knowledge.Queued || again.Code != "" || again.Reason != "" {
		t.Errorf("after retry: %+v", again)
	}
	if d, _ = r.Process(t.Context(), d.ID); d.Stage != knowledge.Failed {
		t.Errorf("the same file again: %+v", d)
	}
	if d = r.put("a.txt", "Whales sing."); d.Live != 3 || d.Stage != knowledge.Ready {
		t.Errorf("third version: %+v", d)
	}
	if found := r.find("whales"); len(found) != 1 || found[0] != "Whales sing." {
		t.Errorf("third version answers %q", found)
	}
	if err := r.Retry(t.Context(), d.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("retry of what did not fail: %v", err)
	}
	if n := len(r.onDisk()); n != 1 {
		t.Errorf("%d files are stored, want 1", n)
	}
}

func failures(t *testing.T, r *rig) {
	for _, tt := range []struct{ name, text, code, says string }{
		{"empty.txt", "", "empty", "empty.txt is empty"},
		{"blank.txt", " \n\n", "no_text", "no text in blank.txt"},
		{"locked.txt", "!bad", "encrypted", "locked.txt is protected"},
		{"bug.txt", "!bug", "internal", "on our side"},
	} {
		d := r.put(tt.name, tt.text)
		if d.Stage != knowledge.Failed || d.Code != tt.code || !strings.Contains(d.Reason, tt.says) || strings.Contains(d.Reason, "secret") {
			t.Errorf("%s: stage %s, code %s, reason %q", tt.name, d.Stage, d.Code, d.Reason)
		}
		if d.Chunks != 0 || d.Live != 0 {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
}
