package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/knowledge"
)

func topics(model string) *embedder {
	return &embedder{model: model, topics: [][]string{{"car", "automobil", "vehicl"}, {"money", "refund", "reimburs"}, {"cat", "kitten", "felin"}}}
}

func meaning(t *testing.T, r *rig) {
	e := topics("topics-1")
	r.Base = r.base(e, knowledge.Options{EmbedBatch: 2})
	d := r.put("a.txt", "# One\nThe automobile is parked here since Monday and nobody knows whose it is, so please tell us about it.\n"+
		"# Two\nYour refund arrives within a week, unless the bank takes longer, which it sometimes does in the month of May.\n"+
		"# Three\nThe kitten sleeps on the sofa all day long and does not want to be disturbed by anybody at all, ever.")
	if d.Stage != knowledge.Ready || d.Progress != 1 {
		t.Errorf("with an embedder: %+v", d)
	}
	found, err := r.Retrieve(t.Context(), knowledge.Query{Text: "felines", Collections: []string{r.collection}, Limit: 3})
	must(t, err)
	if len(found) == 0 || !strings.Contains(found[0].Text, "kitten") || found[0].Meaning < 0.9 || found[0].Words != 0 {
		t.Errorf("another word for the same finds %+v", found)
	}
	if found := r.find("sofa"); len(found) == 0 || !strings.Contains(found[0], "sofa") {
		t.Errorf("a word finds %q", found)
	}
	// a label filter holds for meaning too
	if found := r.find("felines", "nobody"); len(found) != 0 {
		t.Errorf("an unknown label finds %q", found)
	}
	calls := e.calls
	// what stayed the same is not sent to the model again
	r.put("a.txt", "# One\nThe automobile is parked here since Monday and nobody knows whose it is, so please tell us about it.\n"+
		"# Two\nYour refund arrives within a week, unless the bank takes longer, which it sometimes does in the month of May.")
	if e.calls != calls {
		t.Errorf("%d calls for chunks that have vectors already", e.calls-calls)
	}
	if found := r.find("felines"); len(found) > 0 && strings.Contains(strings.Join(found, " "), "kitten") {
		t.Errorf("the old version is found by meaning: %q", found)
	}
	if found := r.find("vehicles"); len(found) == 0 || !strings.Contains(found[0], "automobile") {
		t.Errorf("kept vectors find %q", found)
	}
	must(t, r.Delete(t.Context(), d.ID))
	if found := r.find("vehicles"); len(found) != 0 {
		t.Errorf("a deleted document is found by meaning: %q", found)
	}
}

func modelChange(t *testing.T, r *rig) {
	r.Base = r.base(topics("old"), knowledge.Options{})
	d := r.put("a.txt", "The kitten sleeps.")
	r.Base = r.base(topics("new"), knowledge.Options{}) // same topics, but another space by name
	if found := r.find("felines"); len(found) != 0 {
		t.Errorf("vectors of the old model answer the new one: %q", found)
	}
	if found := r.find("kitten"); len(found) != 1 {
		t.Errorf("by words: %q", found)
	}
	if ok, err := r.store.Waiting(t.Context(), "new"); !ok || err != nil {
		t.Errorf("no work for the new model: %v, %v", ok, err)
	}
	r.runUntil(func() bool { return len(r.find("felines")) == 1 })
	if d = r.reload(d.ID); d.Stage != knowledge.Ready || d.Version != 1 {
		t.Errorf("re-embedding shows as %+v", d)
	}
}

func embedderDown(t *testing.T, r *rig) {
	e := topics("flaky")
	e.set(true)
	r.Base = r.base(e, knowledge.Options{EmbedRetry: 20 * time.Millisecond, Poll: 10 * time.Millisecond})
	d := r.put("a.txt", "The kitten sleeps.")
	if d.Stage != knowledge.Ready || d.Code != "" {
		t.Errorf("with the model down: %+v", d)
	}
	before := r.Fallbacks()
	if found := r.find("kitten"); len(found) != 1 {
		t.Errorf("with the model down words find %q", found)
	}
	if n := r.Fallbacks() - before; n != 1 {
		t.Errorf("%d fallbacks counted, want 1", n)
	}
	e.set(false)
	r.runUntil(func() bool { return len(r.find("felines")) == 1 })
}

func embedderTakenAway(t *testing.T, r *rig) {
	e := topics("m")
	r.Base = r.base(e, knowledge.Options{})
	d := r.add("a.txt", "The kitten sleeps.")
	job, _, err := r.store.Claim(t.Context(), d.ID, time.Minute, 3)
	must(t, err)
	c := knowledge.Indexed{Chunk: knowledge.Chunk{ID: "x", Text: "The kitten sleeps."}, Fields: []string{"The kitten sleeps."}}
	must(t, r.store.Prepare(t.Context(), job, knowledge.Preparation{Total: 1, Chunks: []knowledge.Indexed{c}, Lease: time.Minute}))
	must(t, r.store.Publish(t.Context(), job, knowledge.Publication{Title: "a", Next: knowledge.Embedding}))
	if found := r.find("kitten"); len(found) != 1 {
		t.Errorf("in the stage embedding words find %q", found)
	}
	r.Base = r.base(nil, knowledge.Options{}) // started again without an embedder
	if d, err = r.Process(t.Context(), d.ID); err != nil || d.Stage != knowledge.Ready {
		t.Errorf("without an embedder: %+v, %v", d, err)
	}
	// the model that comes back finds its work
	if ok, err := r.store.Waiting(t.Context(), "m"); !ok || err != nil {
		t.Errorf("no work for the model: %v, %v", ok, err)
	}
}

// runUntil lets the base run until ok, some seconds at most.
func (r *rig) runUntil(ok func() bool) {
	r.Helper()
	stop := r.running()
	defer stop()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.Fatal(fmt.Sprintf("not reached within 10 s; %d fallbacks", r.Fallbacks()))
		}
	}
}
