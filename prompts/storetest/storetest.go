// Package storetest is the suite that every implementation of prompts.Versions runs.
// What happens at once goes through two handles of the same store, as replicas do.
package storetest

import (
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/prompts"
)

// Run runs the suite. open returns two handles of one empty store each time; one
// that lives in a single process may return itself twice.
func Run(t *testing.T, open func(t *testing.T) (one, other prompts.Versions)) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, prompts.Versions)
	}{
		{"nothing is active at first", nothingActive},
		{"versions count from one for each name", counts},
		{"activate, roll back, default", activates},
		{"an unknown version cannot be activated", unknownVersion},
		{"what was saved comes back whole", whole},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, _ := open(t)
			c.run(t, one)
		})
	}
	for _, c := range []struct {
		name string
		run  func(t *testing.T, one, other prompts.Versions)
	}{
		{"many at once get the numbers one by one", addAtOnce},
		{"activated at once, one version is active", activateAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, other := open(t)
			c.run(t, one, other)
		})
	}
}

func nothingActive(t *testing.T, v prompts.Versions) {
	if _, err := v.Active(t.Context(), "answer-en"); !errors.Is(err, fault.NotFound) {
		t.Errorf("Active on an empty store: got %v, want NotFound", err)
	}
	got, err := v.List(t.Context(), "answer-en")
	if err != nil || len(got) != 0 {
		t.Errorf("List on an empty store: got %v, %v", got, err)
	}
}

func add(t *testing.T, v prompts.Versions, name, text string) int {
	t.Helper()
	n, err := v.Add(t.Context(), prompts.Prompt{Name: name, Text: text, Author: "ann", Note: "why", CreatedAt: time.Unix(1700000000, 0).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func counts(t *testing.T, v prompts.Versions) {
	got := []int{add(t, v, "answer-en", "a"), add(t, v, "answer-en", "b"), add(t, v, "answer-zh", "c"), add(t, v, "answer-en", "d")}
	if diff := cmp.Diff([]int{1, 2, 1, 3}, got); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	list, err := v.List(t.Context(), "answer-en")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range list {
		texts = append(texts, p.Text)
		if p.Active {
			t.Errorf("version %d is active without Activate", p.Version)
		}
	}
	if diff := cmp.Diff([]string{"d", "b", "a"}, texts); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
}

func activates(t *testing.T, v prompts.Versions) {
	add(t, v, "answer-en", "one")
	add(t, v, "answer-en", "two")
	for _, want := range []struct {
		version int
		text    string
	}{{2, "two"}, {1, "one"}, {2, "two"}} {
		if err := v.Activate(t.Context(), "answer-en", want.version); err != nil {
			t.Fatal(err)
		}
		p, err := v.Active(t.Context(), "answer-en")
		if err != nil || p.Version != want.version || p.Text != want.text {
			t.Errorf("Active: got version %d %q, %v; want %d %q", p.Version, p.Text, err, want.version, want.text)
		}
		list, err := v.List(t.Context(), "answer-en")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			if p.Active != (p.Version == want.version) {
				t.Errorf("List: version %d has Active %v while %d is active", p.Version, p.Active, want.version)
			}
		}
	}
	for range 2 { // the second time there is nothing to take back
		if err := v.Activate(t.Context(), "answer-en", 0); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Active(t.Context(), "answer-en"); !errors.Is(err, fault.NotFound) {
			t.Errorf("Active after going back to the default: got %v, want NotFound", err)
		}
	}
}

func unknownVersion(t *testing.T, v prompts.Versions) {
	add(t, v, "answer-en", "one")
	if err := v.Activate(t.Context(), "answer-en", 1); err != nil {
		t.Fatal(err)
	}
	for _, version := range []int{7, math.MaxInt} {
		if err := v.Activate(t.Context(), "answer-en", version); !errors.Is(err, fault.NotFound) {
			t.Errorf("Activate %d: got %v, want NotFound", version, err)
		}
	}
	if err := v.Activate(t.Context(), "answer-zh", 1); !errors.Is(err, fault.NotFound) {
		t.Errorf("Activate of another name's version: got %v, want NotFound", err)
	}
	if p, err := v.Active(t.Context(), "answer-en"); err != nil || p.Version != 1 {
		t.Errorf("after refused calls: got version %d, %v; want 1 still", p.Version, err)
	}
}

func whole(t *testing.T, v prompts.Versions) {
	want := prompts.Prompt{Name: "answer-zh", Text: "资料：\n{{.Passages}}\n'\"; --", Author: "王芳", Note: "语气", Active: true,
		CreatedAt: time.Date(2026, 11, 23, 4, 5, 6, 789000, time.UTC)}
	n, err := v.Add(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	want.Version = n
	if err := v.Activate(t.Context(), want.Name, n); err != nil {
		t.Fatal(err)
	}
	got, err := v.Active(t.Context(), want.Name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Active (-want +got):\n%s", diff)
	}
	list, err := v.List(t.Context(), want.Name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]prompts.Prompt{want}, list); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

// crowd runs f n times at once, every other time on the other handle.
func crowd(n int, one, other prompts.Versions, f func(i int, v prompts.Versions)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		v := one
		if i%2 == 1 {
			v = other
		}
		wg.Go(func() {
			<-begin
			f(i, v)
		})
	}
	close(begin)
	wg.Wait()
}

func addAtOnce(t *testing.T, one, other prompts.Versions) {
	const writers = 24
	numbers := make(chan int, writers)
	crowd(writers, one, other, func(i int, v prompts.Versions) {
		name := "answer-en"
		if i%4 == 3 {
			name = "answer-zh"
		}
		n, err := v.Add(t.Context(), prompts.Prompt{Name: name, Text: "x", CreatedAt: time.Now()})
		if err != nil {
			t.Error(err)
		}
		if name == "answer-en" {
			numbers <- n
		}
	})
	close(numbers)
	seen := map[int]bool{}
	for n := range numbers {
		seen[n] = true
	}
	for n := 1; n <= writers*3/4; n++ {
		if !seen[n] {
			t.Errorf("nobody got version %d: %v", n, seen)
		}
	}
}

func activateAtOnce(t *testing.T, one, other prompts.Versions) {
	for range 4 {
		add(t, one, "answer-en", "x")
	}
	crowd(24, one, other, func(i int, v prompts.Versions) {
		if err := v.Activate(t.Context(), "answer-en", i%5); err != nil {
			t.Error(err)
		}
		if _, err := v.Active(t.Context(), "answer-en"); err != nil && !errors.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
	active := func() (n int) {
		list, err := other.List(t.Context(), "answer-en")
		if err != nil || len(list) != 4 {
			t.Fatalf("%d versions, %v", len(list), err)
		}
		for _, p := range list {
			if p.Active {
				n++
			}
		}
		return n
	}
	if n := active(); n > 1 {
		t.Errorf("%d versions are active at the same time", n)
	}
	if err := one.Activate(t.Context(), "answer-en", 3); err != nil || active() != 1 {
		t.Errorf("afterwards: %d are active, %v", active(), err)
	}
}
