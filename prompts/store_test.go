package prompts_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/prompts"
	"github.com/parley-im/parley/prompts/storetest"
)

// shelf is a prompts.Versions in memory.
type shelf struct {
	saved  map[string][]prompts.Prompt
	active map[string]int
	mu     sync.Mutex
	fails  error
}

func newShelf() *shelf {
	return &shelf{saved: map[string][]prompts.Prompt{}, active: map[string]int{}}
}

func (s *shelf) Active(ctx context.Context, name string) (prompts.Prompt, error) {
	list, err := s.List(ctx, name)
	if err != nil {
		return prompts.Prompt{}, err
	}
	for _, p := range list {
		if p.Active {
			return p, nil
		}
	}
	return prompts.Prompt{}, fault.NotFound
}

func (s *shelf) List(_ context.Context, name string) (out []prompts.Prompt, _ error) {
	if s.fails != nil {
		return nil, s.fails
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.saved[name] {
		p.Active = s.active[name] == p.Version
		out = append([]prompts.Prompt{p}, out...)
	}
	return out, nil
}

func (s *shelf) Add(_ context.Context, p prompts.Prompt) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Version = len(s.saved[p.Name]) + 1
	s.saved[p.Name] = append(s.saved[p.Name], p)
	return p.Version, nil
}

func (s *shelf) Activate(_ context.Context, name string, version int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version > len(s.saved[name]) {
		return fault.NotFound
	}
	s.active[name] = version
	return nil
}

func TestShelf(t *testing.T) {
	storetest.Run(t, func(*testing.T) (one, other prompts.Versions) {
		s := newShelf()
		return s, s
	})
}

func TestStore(t *testing.T) {
	ctx := t.Context()
	s := prompts.New(newShelf())
	p, err := s.Active(ctx, "answer-en")
	if err != nil || p.Version != 0 || !p.Active || p.Text == "" {
		t.Fatalf("at first: got version %d, %v; want the default", p.Version, err)
	}
	n, err := s.Save(ctx, prompts.Prompt{Name: "answer-en", Text: "One\r\n{{.Passages}}", Author: "ann"})
	if err != nil || n != 1 {
		t.Fatalf("Save: got %d, %v", n, err)
	}
	if p, _ = s.Active(ctx, "answer-en"); p.Version != 0 {
		t.Error("a saved version answers before it was activated")
	}
	if err := s.Activate(ctx, "answer-en", 1); err != nil {
		t.Fatal(err)
	}
	if p, _ = s.Active(ctx, "answer-en"); p.Version != 1 || p.Text != "One\n{{.Passages}}" || p.Author != "ann" || p.CreatedAt.IsZero() {
		t.Errorf("active: %+v", p)
	}
	versions, err := s.Versions(ctx, "answer-en")
	if err != nil || len(versions) != 2 || !versions[0].Active || versions[1].Active || versions[1].Version != 0 {
		t.Errorf("versions: %+v, %v", versions, err)
	}
	if err := s.Activate(ctx, "answer-en", 0); err != nil {
		t.Fatal(err)
	}
	if versions, _ = s.Versions(ctx, "answer-en"); versions[0].Active || !versions[1].Active {
		t.Errorf("back to the default: %+v", versions)
	}
	if p, err = s.Version(ctx, "answer-en", 1); err != nil || p.Version != 1 {
		t.Errorf("Version: %+v, %v", p, err)
	}
}

func TestStoreRefuses(t *testing.T) {
	ctx := t.Context()
	back := newShelf()
	s := prompts.New(back)
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"save a text that does not render": {second(s.Save(ctx, prompts.Prompt{Name: "answer-en", Text: "{{.Nope}} {{.Passages}}"})), fault.Invalid},
		"save without passages":            {second(s.Save(ctx, prompts.Prompt{Name: "answer-en", Text: "x"})), fault.Invalid},
		"save a long note":                 {second(s.Save(ctx, prompts.Prompt{Name: "answer-en", Text: "{{.Passages}}", Note: strings.Repeat("x", 1001)})), fault.Invalid},
		"save an unknown prompt":           {second(s.Save(ctx, prompts.Prompt{Name: "nope", Text: "x"})), fault.NotFound},
		"read an unknown prompt":           {second(s.Active(ctx, "nope")), fault.NotFound},
		"list an unknown prompt":           {second(s.Versions(ctx, "nope")), fault.NotFound},
		"read an unknown version":          {second(s.Version(ctx, "answer-en", 3)), fault.NotFound},
		"activate an unknown version":      {s.Activate(ctx, "answer-en", 3), fault.NotFound},
		"activate a negative version":      {s.Activate(ctx, "answer-en", -1), fault.NotFound},
		"activate an unknown prompt":       {s.Activate(ctx, "nope", 0), fault.NotFound},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got %v, want %v", name, c.err, c.want)
		}
		if _, ok := errors.AsType[*fault.Error](c.err); !ok {
			t.Errorf("%s: %v has no sentence for people", name, c.err)
		}
	}
	_, err := s.Save(ctx, prompts.Prompt{Name: "answer-en", Text: "a\n  {{.Nope}} {{.Passages}}"})
	if code, sentence := fault.Public(err); code != "unknown_variable" || !strings.HasPrefix(sentence, "Line 2, column 3: ") {
		t.Errorf("got %s: %s", code, sentence)
	}
	back.fails = errors.New("disk")
	if _, err := s.Active(ctx, "answer-en"); !errors.Is(err, back.fails) {
		t.Errorf("a broken store: got %v; the default must not hide it", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestDiff(t *testing.T) {
	show := func(lines []prompts.Line) (out []string) {
		for _, l := range lines {
			out = append(out, map[string]string{"same": " ", "add": "+", "remove": "-"}[l.Op]+l.Text)
		}
		return out
	}
	for _, c := range []struct {
		from, to string
		want     []string
	}{
		{"", "", nil},
		{"a\nb\n", "a\nb", []string{" a", " b"}},
		{"a\nb\nc", "a\nx\nc", []string{" a", "-b", "+x", " c"}},
		{"a\nb\nc\nd", "b\nd\ne", []string{"-a", " b", "-c", " d", "+e"}},
		{"", "a", []string{"+a"}},
		{"a\r\n\r\nb", "", []string{"-a", "-", "-b"}},
	} {
		if diff := cmp.Diff(c.want, show(prompts.Diff(c.from, c.to))); diff != "" {
			t.Errorf("Diff(%q, %q) (-want +got):\n%s", c.from, c.to, diff)
		}
	}
}

// Taking the removed lines away gives the one text, the added ones away the other.
func TestDiffProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []string {
			return rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", ""}), 1, 12).Draw(t, name)
		}
		from, to := append(draw("from"), "end"), append(draw("to"), "end")
		var left, right []string
		for _, l := range prompts.Diff(strings.Join(from, "\n"), strings.Join(to, "\n")) {
			if l.Op != "add" {
				left = append(left, l.Text)
			}
			if l.Op != "remove" {
				right = append(right, l.Text)
			}
		}
		if diff := cmp.Diff(from, left) + cmp.Diff(to, right); diff != "" {
			t.Fatal(diff)
		}
	})
}

func BenchmarkDiff(b *testing.B) {
	from, to := strings.Repeat("a\nb\n", 900), strings.Repeat("b\nc\n", 900)
	for b.Loop() {
		prompts.Diff(from, to)
	}
}
