package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

func cancelled(t *testing.T, r *rig) {
	r.put("a.txt", "The old text.")
	d := r.add("a.txt", "The new text.")
	must(t, r.Cancel(t.Context(), d.ID))
	if d = r.reload(d.ID); d.Stage != knowledge.Cancelled || d.Live != 1 {
		t.Errorf("after cancel: %+v", d)
	}
	if _, ok, err := r.store.Claim(t.Context(), "", time.Minute, 3); ok || err != nil {
		t.Errorf("cancelled work is handed out: %v, %v", ok, err)
	}
	if err := r.Cancel(t.Context(), d.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("cancel twice: %v", err)
	}
	must(t, r.Retry(t.Context(), d.ID))
	if d, _ = r.Process(t.Context(), d.ID); d.Live != 2 || !slices.Equal(r.find("text"), []string{"The new text."}) {
		t.Errorf("retried: %+v, %q", d, r.find("text"))
	}
}

func cancelledRunning(t *testing.T, r *rig) {
	r.extractor.waiting = make(chan struct{})
	d := r.add("a.txt", "!wait")
	stop := r.running()
	<-r.extractor.waiting
	if got := r.reload(d.ID); got.Stage != knowledge.Extracting {
		t.Errorf("while it works the stage is %s", got.Stage)
	}
	must(t, r.Cancel(t.Context(), d.ID))
	next := r.add("b.txt", "Next one.") // the worker is free again
	next, err := r.Wait(t.Context(), next.ID)
	must(t, err)
	stop()
	if d = r.reload(d.ID); d.Stage != knowledge.Cancelled || next.Stage != knowledge.Ready {
		t.Errorf("stages are %s and %s, want cancelled and ready", d.Stage, next.Stage)
	}
}

func leases(t *testing.T, r *rig) {
	ctx := t.Context()
	d := r.add("a.txt", "Some text.")
	first, ok, err := r.store.Claim(ctx, "", time.Minute, 3)
	if err != nil || !ok || first.Document.ID != d.ID || first.File == "" {
		t.Fatalf("claim: %+v, %v, %v", first, ok, err)
	}
	if _, ok, err := r.store.Claim(ctx, d.ID, time.Minute, 3); ok || err != nil {
		t.Errorf("a second claim under the lease: %v, %v", ok, err)
	}
	must(t, r.store.Renew(ctx, first, knowledge.Extracting, 0.2, -time.Second)) // the holder dies
	if got := r.reload(d.ID); got.Stage != knowledge.Extracting || got.Progress != 0.2 {
		t.Errorf("renewed: %+v", got)
	}
	second, ok, err := r.store.Claim(ctx, "", time.Minute, 3)
	if err != nil || !ok || second.Fence <= first.Fence {
		t.Fatalf("claim after the lease: %+v, %v, %v", second, ok, err)
	}
	p := knowledge.Preparation{Total: 1, Chunks: []knowledge.Indexed{{Chunk: knowledge.Chunk{ID: "x", Text: "Some text."}, Fields: []string{"Some text."}}}, Lease: time.Minute}
	late := map[string]error{
		"renew":   r.store.Renew(ctx, first, "", 0, time.Minute),
		"prepare": r.store.Prepare(ctx, first, p),
		"publish": r.store.Publish(ctx, first, knowledge.Publication{Next: knowledge.Ready}),
		"fail":    r.store.Fail(ctx, first, "x", "x"),
		"vectors": r.store.SaveVectors(ctx, first, "m", []int64{1}, [][]float32{{1}}),
	}
	must(t, r.store.Prepare(ctx, second, p))
	if err := r.store.Publish(ctx, second, knowledge.Publication{Type: "txt", Title: "t", Next: knowledge.Ready}); err != nil {
		t.Errorf("publish by the holder: %v", err)
	}
	late["publish again"] = r.store.Publish(ctx, second, knowledge.Publication{Next: knowledge.Ready})
	for name, err := range late {
		if !errors.Is(err, fault.Conflict) {
			t.Errorf("%s by who lost the lease: %v, want a conflict", name, err)
		}
	}
	if found := r.find("text"); len(found) != 1 {
		t.Errorf("found %q", found)
	}
}

func crashes(t *testing.T, r *rig) {
	d := r.add("poison.txt", "Some text.")
	for range 3 {
		if _, ok, err := r.store.Claim(t.Context(), "", -time.Second, 3); !ok || err != nil { // taken, and the process dies
			t.Fatalf("claim: %v, %v", ok, err)
		}
	}
	if _, ok, err := r.store.Claim(t.Context(), "", time.Minute, 3); ok || err != nil {
		t.Errorf("claim after three crashes: %v, %v", ok, err)
	}
	if d = r.reload(d.ID); d.Stage != knowledge.Failed || d.Code != "crashed" || !strings.Contains(d.Reason, "3 times") {
		t.Errorf("after three crashes: %+v", d)
	}
	must(t, r.Retry(t.Context(), d.ID))
	if d, _ = r.Process(t.Context(), d.ID); d.Stage != knowledge.Ready {
		t.Errorf("retried: %+v", d)
	}
}

// abandoned lets the process die after each write of the way to a second version:
// people see the old one wholly or the new one wholly, and the next worker brings
// it to its end with nothing left over.
func abandoned(t *testing.T, r *rig) {
	ctx := t.Context()
	text := func(word string) string { return strings.Repeat("# "+word+" heading\nThe word is "+word+" here.\n", 3) }
	for step := range 4 {
		name := fmt.Sprintf("%d.txt", step)
		old := r.put(name, text(name+"old"))
		r.add(name, text(name+"new"))
		job, ok, err := r.store.Claim(ctx, old.ID, -time.Second, 3)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		chunks := []knowledge.Indexed{}
		for i := range 2 {
			body := fmt.Sprintf("orphan %d", i)
			chunks = append(chunks, knowledge.Indexed{Chunk: knowledge.Chunk{ID: body, Seq: i, Text: body}, Fields: []string{body}})
		}
		if step >= 1 {
			must(t, r.store.Prepare(ctx, job, knowledge.Preparation{Total: 2, Chunks: chunks[:1], Lease: -time.Second}))
		}
		if step >= 2 {
			must(t, r.store.Prepare(ctx, job, knowledge.Preparation{Total: 2, Chunks: chunks[1:], Lease: -time.Second}))
		}
		if step >= 3 {
			must(t, r.store.Publish(ctx, job, knowledge.Publication{Title: "t", Next: knowledge.Ready}))
		}
		seen := strings.Join(r.find(name+"old orphan"), " ")
		if step < 3 && (strings.Contains(seen, "orphan") || !strings.Contains(seen, name+"old")) || step == 3 && (!strings.Contains(seen, "orphan") || strings.Contains(seen, name+"old")) {
			t.Errorf("dead after step %d: people see %q", step, seen)
		}
		d, err := r.Process(ctx, old.ID)
		must(t, err)
		if step == 3 {
			must(t, r.Delete(ctx, d.ID))
			continue
		}
		if d.Stage != knowledge.Ready || d.Live != 2 {
			t.Errorf("after step %d the next worker leaves %+v", step, d)
		}
	}
	if n := r.terms("orphan"); n != 0 {
		t.Errorf("%d postings of abandoned work", n)
	}
	r.holds()
}

func released(t *testing.T, r *rig) {
	r.extractor.waiting = make(chan struct{})
	d := r.add("a.txt", "!wait")
	stop := r.running()
	<-r.extractor.waiting
	stop()
	if d = r.reload(d.ID); d.Stage != knowledge.Queued {
		t.Errorf("a worker that was stopped leaves the stage %s", d.Stage)
	}
	for range 3 { // a stop is no crash: the file is not given up, and the lease is free at once
		job, ok, err := r.store.Claim(t.Context(), d.ID, time.Minute, 1)
		if err != nil || !ok {
			t.Fatalf("claim after a stop: %v, %v", ok, err)
		}
		must(t, r.store.Release(t.Context(), job))
	}
}

// twoWorkers is two processes on one store: each file is read once.
func twoWorkers(t *testing.T, r *rig) {
	other := r.base(nil, knowledge.Options{Workers: 2, Poll: 10 * time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	var g sync.WaitGroup
	for _, b := range []*knowledge.Base{r.Base, other} {
		g.Go(func() {
			if err := b.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	var ids []string
	for i := range 25 {
		ids = append(ids, r.add(fmt.Sprintf("%d.txt", i), fmt.Sprintf("Common words and number%d.", i)).ID)
	}
	for _, id := range ids {
		if d, err := r.Wait(t.Context(), id); err != nil || d.Stage != knowledge.Ready {
			t.Errorf("%+v, %v", d, err)
		}
	}
	stop()
	g.Wait()
	for name, n := range r.extractor.calls {
		if n != 1 {
			t.Errorf("%s was read %d times", name, n)
		}
	}
	r.holds()
}

// running starts the base; the function it returns stops it and waits.
func (r *rig) running() (stop func()) {
	ctx, cancel := context.WithCancel(r.Context())
	var g sync.WaitGroup
	g.Go(func() {
		if err := r.Base.Run(ctx); err != nil {
			r.Error(err)
		}
	})
	return func() {
		cancel()
		g.Wait()
	}
}
