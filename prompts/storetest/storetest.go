// Package storetest is the suite that every implementation of prompts.Versions runs.
package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/prompts"
)

// Run runs the suite. open returns an empty store each time.
func Run(t *testing.T, open func(t *testing.T) prompts.Versions) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, prompts.Versions)
	}{
		{"nothing is active at first", nothingActive},
		{"versions count from one for each name", counts},
		{"activate, roll back, default", activates},
		{"an unknown version cannot be activated", unknownVersion},
		{"what was saved comes back whole", whole},
		{"two at once get two numbers", atOnce},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
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
	if err := v.Activate(t.Context(), "answer-en", 7); !errors.Is(err, fault.NotFound) {
		t.Errorf("Activate 7: got %v, want NotFound", err)
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

func atOnce(t *testing.T, v prompts.Versions) {
	const writers = 8
	numbers := make(chan int, writers)
	for range writers {
		go func() {
			n, err := v.Add(t.Context(), prompts.Prompt{Name: "answer-en", Text: "x", CreatedAt: time.Now()})
			if err != nil {
				t.Error(err)
			}
			numbers <- n
		}()
	}
	seen := map[int]bool{}
	for range writers {
		seen[<-numbers] = true
	}
	if len(seen) != writers {
		t.Errorf("%d writers got %d numbers", writers, len(seen))
	}
}
