package storetest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

func deleted(t *testing.T, r *rig) {
	keep := r.put("keep.txt", "Bees make honey.")
	d := r.put("gone.txt", "Bees make zanzibarium.")
	must(t, r.Delete(t.Context(), d.ID))
	if found := r.find("bees zanzibarium"); !slices.Equal(found, []string{"Bees make honey."}) {
		t.Errorf("after delete: %q", found)
	}
	_, err := r.Document(t.Context(), d.ID)
	_, chunks := r.Chunks(t.Context(), d.ID, -1, 1)
	_, _, file := r.File(t.Context(), d.ID)
	for name, err := range map[string]error{"document": err, "chunks": chunks, "file": file, "delete": r.Delete(t.Context(), d.ID),
		"retry": r.Retry(t.Context(), d.ID), "cancel": r.Cancel(t.Context(), d.ID)} {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("%s of a deleted document: %v, want not found", name, err)
		}
	}
	for _, f := range r.onDisk() {
		body, err := os.ReadFile(f)
		must(t, err)
		if strings.Contains(string(body), "zanzibarium") {
			t.Errorf("%s still has the text", f)
		}
	}
	if got := r.terms("zanzibarium"); got != 0 {
		t.Errorf("%d postings are left", got)
	}
	c, err := r.CollectionByName(t.Context(), "Help")
	if err != nil || c.Chunks != keep.Chunks || c.Documents != 1 {
		t.Errorf("collection is %+v, %v", c, err)
	}
}

func dropped(t *testing.T, r *rig) {
	other, err := r.CreateCollection(t.Context(), "Other", "")
	must(t, err)
	r.put("a.txt", "Alpha beta.")
	waiting := r.add("b.txt", "Gamma delta.")
	must(t, r.DeleteCollection(t.Context(), r.collection))
	if _, err := r.Document(t.Context(), waiting.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("document of a dropped collection: %v", err)
	}
	if _, err := r.Retrieve(t.Context(), knowledge.Query{Text: "alpha", Collections: []string{r.collection}}); !errors.Is(err, fault.NotFound) {
		t.Errorf("search in a dropped collection: %v", err)
	}
	if _, ok, err := r.store.Claim(t.Context(), "", 1, 3); ok || err != nil {
		t.Errorf("work of a dropped collection is handed out: %v, %v", ok, err)
	}
	all, err := r.Collections(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != other.ID {
		t.Errorf("collections are %+v, %v", all, err)
	}
	if files := r.onDisk(); len(files) != 0 {
		t.Errorf("files are left: %q", files)
	}
	c, err := r.CreateCollection(t.Context(), "Help", "")
	must(t, err)
	r.collection = c.ID
	if found := r.find("alpha"); len(found) != 0 {
		t.Errorf("a new collection of the old name has %q", found)
	}
}

func labels(t *testing.T, r *rig) {
	for i := range 35 { // more than are looked at closely
		r.put(fmt.Sprintf("public%d.txt", i), fmt.Sprintf("The canteen opens at %d.", i), "public")
	}
	hidden := r.put("staff.txt", "The canteen code, which only staff know, is long and has many words that dilute the one that matters.", "staff")
	r.put("none.txt", "The canteen is closed.")
	if found := r.find("canteen", "staff"); len(found) != 1 || !strings.HasPrefix(found[0], "The canteen code") {
		t.Errorf("staff find %q", found)
	}
	for _, text := range r.find("canteen code staff", "public") {
		if !strings.Contains(text, "opens at") {
			t.Errorf("the public find %q", text)
		}
	}
	if found := r.find("canteen", "nobody"); len(found) != 0 {
		t.Errorf("an unknown label finds %q", found)
	}
	if found := r.find("canteen code", "staff", "public"); len(found) != 8 || !strings.HasPrefix(found[0], "The canteen code") {
		t.Errorf("two labels find %q", found)
	}
	d, err := r.Update(t.Context(), hidden.ID, knowledge.Change{Labels: &[]string{"board", " board "}, URL: ptr("https://shop.example/x")})
	must(t, err)
	if !slices.Equal(d.Labels, []string{"board"}) || d.URL != "https://shop.example/x" || d.Stage != knowledge.Ready {
		t.Errorf("after change: %+v", d)
	}
	if found := r.find("canteen", "staff"); len(found) != 0 {
		t.Errorf("the label was taken away, still found: %q", found)
	}
	if found := r.find("canteen", "board"); len(found) != 1 {
		t.Errorf("the new label finds %q", found)
	}
}

func ptr[T any](v T) *T { return &v }

func retitled(t *testing.T, r *rig) {
	d := r.put("a.txt", "title: First\nThe quick brown fox.")
	d, err := r.Update(t.Context(), d.ID, knowledge.Change{Title: ptr("Xylophone  lessons")})
	must(t, err)
	if d.Title != "Xylophone lessons" {
		t.Errorf("title is %q", d.Title)
	}
	d, err = r.Process(t.Context(), d.ID)
	must(t, err)
	if found := r.find("xylophone"); len(found) != 1 || d.Stage != knowledge.Ready {
		t.Errorf("the new title finds %q, stage %s", found, d.Stage)
	}
	if n := r.terms("first"); n != 0 {
		t.Errorf("the old title has %d postings", n)
	}
	// the given title outlives a new version
	if d = r.put("a.txt", "title: Second\nThe slow red fox."); d.Title != "Xylophone lessons" {
		t.Errorf("title of the next version is %q", d.Title)
	}
	if n := len(r.onDisk()); n != 1 {
		t.Errorf("%d files are stored, want 1", n)
	}
	for _, bad := range []string{"", "  ", strings.Repeat("x", 301)} {
		if _, err := r.Update(t.Context(), d.ID, knowledge.Change{Title: &bad}); !errors.Is(err, fault.Invalid) {
			t.Errorf("title of %d letters: %v", len(bad), err)
		}
	}
}

func listed(t *testing.T, r *rig) {
	for i := range 7 {
		r.put(fmt.Sprintf("File %d.txt", i), fmt.Sprintf("text %d", i), []string{"even", "odd"}[i%2])
	}
	r.put("bad.txt", "!bad")
	var names []string
	f := knowledge.Filter{Collection: r.collection, Limit: 3}
	for pages := 0; pages < 9; pages++ {
		page, err := r.Documents(t.Context(), f)
		must(t, err)
		for _, d := range page.Documents {
			names = append(names, d.Name)
		}
		if page.Counts[knowledge.Ready] != 7 || page.Counts[knowledge.Failed] != 1 {
			t.Errorf("counts are %v", page.Counts)
		}
		if f.After = page.Next; f.After == "" {
			break
		}
	}
	want := []string{"bad.txt", "File 6.txt", "File 5.txt", "File 4.txt", "File 3.txt", "File 2.txt", "File 1.txt", "File 0.txt"}
	if !slices.Equal(names, want) {
		t.Errorf("pages have %q, want %q", names, want)
	}
	for _, tt := range []struct {
		f    knowledge.Filter
		want int
	}{
		{knowledge.Filter{Text: "file 3"}, 1},
		{knowledge.Filter{Text: "%"}, 0},
		{knowledge.Filter{Stage: knowledge.Failed}, 1},
		{knowledge.Filter{Label: "even"}, 4},
		{knowledge.Filter{Label: "even", Text: "6"}, 1},
	} {
		tt.f.Collection = r.collection
		page, err := r.Documents(t.Context(), tt.f)
		if err != nil || len(page.Documents) != tt.want || page.Next != "" {
			t.Errorf("%+v lists %d, %v, want %d", tt.f, len(page.Documents), err, tt.want)
		}
	}
	if _, err := r.Documents(t.Context(), knowledge.Filter{Collection: r.collection, After: "x"}); !errors.Is(err, fault.Invalid) {
		t.Errorf("a wrong cursor: %v", err)
	}
}

func badUploads(t *testing.T, r *rig) {
	small := r.base(nil, knowledge.Options{MaxUpload: 2 << 20})
	for _, tt := range []struct {
		name, file string
		body       io.Reader
		labels     []string
		code       string
	}{
		{"too large", "a.txt", strings.NewReader(strings.Repeat("x", 2<<20+1)), nil, "too_large"},
		{"no name", "dir/", nil, nil, "name_missing"},
		{"dots", "..", nil, nil, "name_missing"},
		{"long name", strings.Repeat("x", 256), nil, nil, "name_too_long"},
		{"bad label", "a.txt", nil, []string{strings.Repeat("x", 101)}, "label_invalid"},
		{"broken off", "a.txt", io.MultiReader(strings.NewReader("half"), broken{}), nil, "internal"},
	} {
		body := tt.body
		if body == nil {
			body = strings.NewReader("x")
		}
		name := tt.file
		if tt.name == "no name" {
			name = "\x01"
		}
		_, _, err := small.Add(t.Context(), knowledge.Upload{Collection: r.collection, Name: name, Labels: tt.labels, Body: body})
		if code, sentence := fault.Public(err); err == nil || code != tt.code || tt.code == "too_large" && !strings.Contains(sentence, "2 MB") {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
		}
	}
	page, err := r.Documents(t.Context(), knowledge.Filter{Collection: r.collection})
	if err != nil || len(page.Documents) != 0 || len(r.onDisk()) != 0 {
		t.Errorf("left behind: %+v, %q, %v", page.Documents, r.onDisk(), err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
