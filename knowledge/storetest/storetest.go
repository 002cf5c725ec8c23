// Package storetest is the suite that every knowledge.Store runs.
//
// The cases work through a knowledge.Base on real files, with a small extractor
// and embedder of their own (fakes.go), because what people rely on is the two
// together: catalog.go tests what people see, work.go the queue with its crashes,
// index.go that the index says what the chunks say, whatever happened before, and
// meaning.go the vectors.
package storetest

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
)

// Open returns an empty store, which is a Teller; the end of the test closes it.
type Open func(t *testing.T) knowledge.Store

type testCase struct {
	name string
	f    func(*testing.T, *rig)
}

// Run runs the suite.
func Run(t *testing.T, open Open) {
	run(t, open, []testCase{
		{"Collections", collections},
		{"Lifecycle", lifecycle},
		{"Unchanged", unchanged},
		{"NewVersion", newVersion},
		{"FailedVersionKeepsOld", failedVersion},
		{"Failures", failures},
		{"Delete", deleted},
		{"DropCollection", dropped},
		{"Labels", labels},
		{"Title", retitled},
		{"List", listed},
		{"BadUploads", badUploads},
		{"Cancel", cancelled},
		{"CancelRunning", cancelledRunning},
		{"Leases", leases},
		{"Crashes", crashes},
		{"AbandonedAtEachStep", abandoned},
		{"Release", released},
		{"TwoWorkers", twoWorkers},
		{"LargeDocument", largeDocument},
		{"Meaning", meaning},
		{"ModelChange", modelChange},
		{"ModelSwap", modelSwap},
		{"EmbedderDown", embedderDown},
		{"EmbedderTakenAway", embedderTakenAway},
	})
}

// RunIndex runs the cases about the index alone, for stores that keep it in several
// ways.
func RunIndex(t *testing.T, open Open) {
	run(t, open, []testCase{
		{"NewVersion", newVersion},
		{"Delete", deleted},
		{"Labels", labels},
		{"Title", retitled},
		{"AbandonedAtEachStep", abandoned},
		{"IndexSaysWhatChunksSay", indexHolds},
		{"CleaningBitByBit", cleaning},
	})
}

func run(t *testing.T, open Open, cases []testCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // each has a store of its own
			c.f(t, newRig(t, open))
		})
	}
}

// rig is a Base to be tested.
type rig struct {
	*testing.T
	*knowledge.Base
	store      knowledge.Store
	files      *disk.Files
	folder     string
	extractor  *extractor
	collection string
}

func newRig(t *testing.T, open Open) *rig {
	t.Helper()
	folder := t.TempDir()
	files, err := disk.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, store: open(t), files: files, folder: folder, extractor: &extractor{}}
	r.Base = r.base(nil, knowledge.Options{})
	c, err := r.CreateCollection(t.Context(), "Help", "what customers ask")
	if err != nil {
		t.Fatal(err)
	}
	r.collection = c.ID
	return r
}

// base returns another Base on the same store, as another process would have.
func (r *rig) base(e knowledge.Embedder, o knowledge.Options) *knowledge.Base {
	return knowledge.New(r.store, r.files, r.extractor, e, slog.New(slog.DiscardHandler), o)
}

// add uploads without working on it.
func (r *rig) add(name, text string, labels ...string) knowledge.Document {
	r.Helper()
	d, _, err := r.Add(r.Context(), knowledge.Upload{Collection: r.collection, Name: name, Labels: labels, AddedBy: "ann", Body: strings.NewReader(text)})
	if err != nil {
		r.Fatal(err)
	}
	return d
}

// put uploads and works until the end.
func (r *rig) put(name, text string, labels ...string) knowledge.Document {
	r.Helper()
	d, err := r.Process(r.Context(), r.add(name, text, labels...).ID)
	if err != nil {
		r.Fatal(err)
	}
	return d
}

// find returns the texts that are found.
func (r *rig) find(question string, labels ...string) []string {
	r.Helper()
	return texts(r.T, r.Base, knowledge.Query{Text: question, Collections: []string{r.collection}, Labels: labels})
}

func texts(t *testing.T, b *knowledge.Base, q knowledge.Query) []string {
	t.Helper()
	found, err := b.Retrieve(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, p := range found {
		out = append(out, p.Text)
	}
	return out
}

// must ends the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reload returns the document as it is now.
func (r *rig) reload(id string) knowledge.Document {
	r.Helper()
	d, err := r.Document(context.WithoutCancel(r.Context()), id)
	must(r, err)
	return d
}
