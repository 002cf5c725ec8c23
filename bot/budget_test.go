package bot

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/knowledge"
)

func words(s string) int { return len(strings.Fields(s)) }

func TestFitTurns(t *testing.T) {
	turns := []Turn{{User, "a a a"}, {Assistant, "b b b"}, {User, "c c c"}, {Assistant, "d d d"}}
	for _, c := range []struct{ room, want int }{{100, 4}, {28, 4}, {27, 2}, {14, 2}, {13, 0}, {-5, 0}} {
		got := fitTurns(turns, c.room, words)
		if len(got) != c.want || c.want > 0 && got[0].Role != User {
			t.Errorf("room %d: got %v, want the last %d", c.room, got, c.want)
		}
	}
}

func TestFitPassages(t *testing.T) {
	p := func(n int) knowledge.Passage {
		return knowledge.Passage{Text: strings.TrimSpace(strings.Repeat("word ", n))}
	}
	for _, c := range []struct {
		room int
		want []int // words of each
	}{{1000, []int{100, 100, 50}}, {220, []int{100, 100}}, {150, []int{100}}} {
		var got []int
		for _, kept := range fitPassages([]knowledge.Passage{p(100), p(100), p(50)}, c.room, words) {
			got = append(got, words(kept.Text))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("room %d (-want +got):\n%s", c.room, diff)
		}
	}
	if got := fitPassages([]knowledge.Passage{p(1000)}, 200, words); len(got) != 1 || words(got[0].Text) > 200 {
		t.Errorf("the best passage is cut to fit: got %d of %d words", len(got), words(got[0].Text))
	}
}

func TestDistinct(t *testing.T) {
	base := "Books can be returned within thirty days if they have not been read. "
	in := []knowledge.Passage{
		{ChunkID: "1", Text: base + "Keep the receipt."},
		{ChunkID: "2", Text: base}, // inside the first
		{ChunkID: "3", Text: "Refunds go to the card that paid."},
		{ChunkID: "4", Text: base + "Then there is a long passage on something else that nobody has said before in this place."},
		{ChunkID: "5", Text: "ok"},
	}
	var got []string
	for _, p := range distinct(in) {
		got = append(got, p.ChunkID)
	}
	if diff := cmp.Diff([]string{"1", "3", "4", "5"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The estimate must not be far below what a real vocabulary counts.
func TestEstimate(t *testing.T) {
	exact := lazyTokens()
	for _, text := range []string{
		strings.Repeat("Returns are free within thirty days of delivery, if the box is whole. ", 300),
		strings.Repeat("签收后三十天内可以申请退货，运费由我们承担，请保留原包装。", 300),
		strings.Repeat("簽收後三十天內可以申請退貨，運費由我們承擔。", 300),
	} {
		if guess, count := Estimate(text), exact(text); guess < count*9/10 || guess > count*3 {
			t.Errorf("estimate %d, counted %d: %.30s", guess, count, text)
		}
	}
	if got := exact("short"); got != Estimate("short") {
		t.Errorf("a short text: got %d", got)
	}
}

func TestNumbered(t *testing.T) {
	p := []knowledge.Passage{{Document: "Returns", Heading: "Books", Text: " text \n"}, {Document: "Prices", Location: "sheet A", Text: "more"}}
	got := numbered(p, "key")
	first, rest, _ := strings.Cut(got, "\n")
	want := "[1] Returns — Books\ntext\n\n[2] Prices — sheet A\nmore\n\n"
	if !strings.HasPrefix(first, "<<<passages ") || !strings.HasPrefix(rest, want) || !strings.HasPrefix(strings.TrimPrefix(rest, want), "<<<end of passages ") {
		t.Errorf("got\n%s", got)
	}
	if got != numbered(p, "key") || got == numbered(p, "other") {
		t.Error("the mark must be the same for one answer and differ between answers")
	}
}
