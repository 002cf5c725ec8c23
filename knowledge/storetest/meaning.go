package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/fault"
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

// modelSwap goes to a new model and back: whoever asks gets an answer by meaning all
// the time.
func modelSwap(t *testing.T, r *rig) {
	ctx := t.Context()
	old, fresh := topics("old"), topics("new")
	first := knowledge.Options{EmbedRetry: 10 * time.Millisecond, Poll: 10 * time.Millisecond}
	r.Base = r.base(old, first)
	r.put("a.txt", "The kitten sleeps.")
	r.runUntil(func() bool { return r.space("old").Serving })
	if found := r.find("felines"); len(found) != 1 {
		t.Errorf("the first model finds %q", found)
	}
	both := first
	both.Former = old
	r.Base = r.base(fresh, both)
	fresh.set(true) // the new model cannot be reached yet
	stop := r.running()
	r.put("b.txt", "A vehicle was towed.")
	r.wait(func() bool {
		return len(r.find("automobiles")) > 0 && strings.Contains(r.find("automobiles")[0], "vehicle")
	})
	if found := r.find("felines"); len(found) == 0 || !strings.Contains(found[0], "kitten") {
		t.Errorf("while the new model has no vectors the old one finds %q", found)
	}
	if err := r.Serve(ctx, "new"); err == nil {
		t.Error("a model without vectors serves")
	}
	fresh.set(false)
	r.wait(func() bool { return r.space("new").Serving })
	if s := r.space("old"); s.Serving || s.Vectors != 2 || !s.Complete || s.Dimensions != 4 || s.Chunks != 2 {
		t.Errorf("after the swap the old space is %+v", s)
	}
	old.set(true)
	if found := r.find("felines"); len(found) == 0 || !strings.Contains(found[0], "kitten") {
		t.Errorf("after the swap the new model finds %q", found)
	}
	old.set(false)
	must(t, r.Serve(ctx, "old"))
	r.put("c.txt", "Reimbursement takes a week.") // both are kept up
	r.wait(func() bool { return r.space("old").Vectors == 3 && r.space("new").Vectors == 3 })
	if s := r.space("old"); !s.Serving || r.space("new").Serving {
		t.Errorf("people went back, and the old space is %+v", s)
	}
	if err := r.Forget(ctx, "new"); !errors.Is(err, fault.Conflict) {
		t.Errorf("the wanted model is forgotten: %v", err)
	}
	stop()
	r.Base = r.base(old, first) // as the configuration says from now on
	if err := r.store.Forget(ctx, "old"); !errors.Is(err, fault.Conflict) {
		t.Errorf("the serving model is forgotten: %v", err)
	}
	must(t, r.Forget(ctx, "new"))
	if all, err := r.Spaces(ctx); err != nil || len(all) != 1 || all[0].Vectors != 3 || !all[0].Serving {
		t.Errorf("spaces are %+v, %v", all, err)
	}
	for name, err := range map[string]error{"serve": r.store.Serve(ctx, "new"), "forget": r.Forget(ctx, "new")} {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("%s a forgotten model: %v", name, err)
		}
	}
	if found := r.find("felines"); len(found) == 0 || !strings.Contains(found[0], "kitten") {
		t.Errorf("after all that %q is found", found)
	}
}

// space returns the space of a model.
func (r *rig) space(model string) knowledge.Space {
	r.Helper()
	all, err := r.Spaces(r.Context())
	must(r, err)
	for _, s := range all {
		if s.Model == model {
			return s
		}
	}
	return knowledge.Space{}
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
	r.wait(ok)
}

func (r *rig) wait(ok func() bool) {
	r.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.Fatal(fmt.Sprintf("not reached within 20 s; %d fallbacks", r.Fallbacks()))
		}
	}
}
