package evalset_test

import (
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/knowledge/evalset"
)

func base(t *testing.T) *knowledge.Base {
	t.Helper()
	files, err := disk.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return knowledge.New(library.New(sqlitetest.Open(t)), files, evalset.Extractor{}, nil, slog.New(slog.DiscardHandler), knowledge.Options{})
}

func TestScore(t *testing.T) {
	passages := []evalset.Passage{
		{ID: "p1", Title: "Cats", Text: "Cats sleep most of the day."},
		{ID: "p2", Title: "Dogs", Text: "Dogs sleep at night and bark at cats."},
		{ID: "p3", Title: "Cats too", Text: "Cats sleep, cats sleep, cats sleep."},
	}
	set, err := evalset.Fill(t.Context(), base(t), "set", passages)
	if err != nil {
		t.Fatal(err)
	}
	no := false
	got, err := set.Score(t.Context(), []evalset.Question{
		{ID: "1", Text: "who barks at night", PassageID: "p2", Set: "a"},
		{ID: "2", Text: "cats sleep cats sleep", PassageID: "p1", Set: "a"}, // p3 comes first
		{ID: "3", Text: "cats sleep cats sleep", PassageID: "p1", Set: "b", Also: []string{"p3"}},
		{ID: "4", Text: "xyzzy", PassageID: "p1", Set: "b"},
		{ID: "5", Text: "cats", PassageID: "p1", Set: "c", Answerable: &no},
	})
	if err != nil {
		t.Fatal(err)
	}
	ndcg := math.Round(1e4*(1+1/math.Log2(3))/2) / 100
	want := map[string]evalset.Metrics{
		"a": {N: 2, Recall1: 50, Recall5: 100, Recall10: 100, MRR10: 75, NDCG10: ndcg},
		"b": {N: 2, Recall1: 50, Recall5: 50, Recall10: 50, MRR10: 50, NDCG10: 50},
	}
	if len(got) != len(want) || *got["a"] != want["a"] || *got["b"] != want["b"] {
		t.Errorf("scores are %+v and %+v of %d sets, want %+v", *got["a"], *got["b"], len(got), want)
	}
	if _, err := set.Score(t.Context(), []evalset.Question{{ID: "6", PassageID: "p9"}}); !errors.Is(err, fault.Invalid) {
		t.Errorf("an unknown passage: %v", err)
	}
	if _, err := evalset.Read[evalset.Question](strings.NewReader("{\"id\":\"1\"}\n\n{\"id\":"), "q.jsonl"); err == nil || !strings.Contains(err.Error(), "q.jsonl: line 3") {
		t.Errorf("a broken line: %v", err)
	}
}

// shop reads the help centre of testdata: one document for each heading.
func shop(t *testing.T, lang string) (out []evalset.Passage) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "shop-"+lang+".md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range strings.Split(string(body), "# ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		out = append(out, evalset.Passage{ID: strings.ReplaceAll(title, " ", "_"), Title: title, Text: text})
	}
	return out
}

// In a collection of a dozen documents most questions about the shop are known
// and the others are not, in either language, alone and both together.
func TestKnownAndUnknownInASmallCollection(t *testing.T) {
	lines, err := os.ReadFile(filepath.Join("testdata", "shop-questions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	b := base(t)
	for _, collection := range []string{"zh", "en", "both"} {
		var passages []evalset.Passage
		for _, lang := range []string{"zh", "en"} {
			if collection == lang || collection == "both" {
				passages = append(passages, shop(t, lang)...)
			}
		}
		set, err := evalset.Fill(t.Context(), b, collection, passages)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range []string{"zh", "en"} {
			if collection != lang && collection != "both" {
				continue
			}
			t.Run(collection+"/"+lang, func(t *testing.T) {
				known, refused, wrong := 0, 0, 0
				for line := range strings.Lines(string(lines)) {
					f := strings.SplitN(strings.TrimSpace(line), " ", 4)
					if f[0] != lang {
						continue
					}
					r, err := set.Ask(t.Context(), evalset.Question{Text: f[3], PassageID: f[2]})
					if err != nil {
						t.Fatal(err)
					}
					says := len(r.Found) > 0 && r.Found[0].Relevance >= 0.5
					if f[1] == "unknown" {
						if says {
							t.Errorf("%q is taken for known: %.2f by %q", f[3], r.Found[0].Relevance, r.Found[0].Text)
						}
						continue
					}
					known++
					if !says {
						refused++
						t.Logf("%q is refused", f[3])
					}
					if r.Rank() != 1 {
						wrong++
						t.Logf("%q finds the right document at place %d", f[3], r.Rank())
					}
				}
				if known < 15 || refused > 2 || wrong > 2 {
					t.Errorf("of %d known questions %d are refused and %d find another document first, want at most 2 each", known, refused, wrong)
				}
			})
		}
	}
}
