package llm_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/llm"
	"github.com/parley-im/parley/knowledge"
)

func extract(t *testing.T, language, question string, passages ...knowledge.Passage) (text string, chunks int) {
	t.Helper()
	r := bot.Request{Question: question, Language: language, Passages: passages}
	for c, err := range (llm.Extractive{}).Stream(t.Context(), r) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Mode != bot.ByExtraction || c.Model != "extractive" {
			t.Errorf("not labelled: %+v", c)
		}
		text, chunks = text+c.Text, chunks+1
	}
	return text, chunks
}

func TestExtractive(t *testing.T) {
	filler := strings.Repeat("我们的门店分布在全国各地，欢迎光临。", 15)
	long := filler + "签收后三十天内可以申请退货。退货时请保留原包装。" + filler
	text, _ := extract(t, "zh", "多少天内可以退货？", knowledge.Passage{Text: long, Relevance: 0.9})
	if !strings.HasPrefix(text, "以下内容摘自知识库原文（未使用语言模型）：\n\n> ") {
		t.Errorf("not labelled: %q", text)
	}
	if !strings.Contains(text, "签收后三十天内可以申请退货。") || !strings.HasSuffix(text, " [1]") || len([]rune(text)) > 420 {
		t.Errorf("not the sentences that matter: %q", text)
	}

	english := strings.Repeat("Our shops are found all over the country. ", 20) + "Refunds reach your card within five days. " + strings.Repeat("Visit us soon. ", 20)
	text, _ = extract(t, "en", "When do I get my refund?", knowledge.Passage{Text: english, Relevance: 0.9})
	if !strings.Contains(text, "Refunds reach your card within five days.") || len(text) > 500 {
		t.Errorf("not the sentences that matter: %q", text)
	}
}

func TestExtractiveKeepsShortPassagesWhole(t *testing.T) {
	text, chunks := extract(t, "en", "x", knowledge.Passage{Text: "# Returns\n\nWithin 30 days.\nKeep the box.", Relevance: 0.8},
		knowledge.Passage{Text: "Near.", Relevance: 0.7}, knowledge.Passage{Text: "Far off.", Relevance: 0.3})
	want := "From the knowledge base, quoted as it stands (no language model was used):" +
		"\n\n> Returns\n> Within 30 days.\n> Keep the box. [1]\n\n> Near. [2]"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if chunks != 3 {
		t.Errorf("streamed in %d chunks, want 3", chunks)
	}
}

func TestExtractiveTable(t *testing.T) {
	rows := "| City | Days |\n| --- | --- |\n"
	for _, c := range []string{"Oslo", "Rome", "Lima", "Cairo", "Quito", "Paris", "Tokyo", "Delhi", "Seoul", "Hanoi", "Turin", "Milan", "Genoa"} {
		rows += "| " + c + " and its surroundings | three working days |\n"
	}
	text, _ := extract(t, "en", "How long does delivery to Tokyo take?", knowledge.Passage{Text: rows, Relevance: 0.9})
	if !strings.Contains(text, "> | City | Days |\n> | --- | --- |\n") || !strings.Contains(text, "| Tokyo") || strings.Contains(text, "Oslo") {
		t.Errorf("got\n%s", text)
	}
	if !strings.HasSuffix(text, "|\n\n[1]") {
		t.Errorf("the number stands in the table: %q", text[len(text)-20:])
	}
}

func TestExtractiveEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	cause := errors.New("enough")
	var got error
	for _, err := range (llm.Extractive{}).Stream(ctx, question) {
		cancel(cause)
		got = err
	}
	if !errors.Is(got, cause) {
		t.Errorf("got %v", got)
	}
	for range (llm.Extractive{}).Stream(t.Context(), question) {
		break
	}
}

func BenchmarkExtractive(b *testing.B) {
	r := question
	r.Passages = nil
	for range 8 {
		r.Passages = append(r.Passages, knowledge.Passage{Text: strings.Repeat("签收后三十天内可以申请退货。Refunds reach your card. ", 20), Relevance: 0.9})
	}
	for b.Loop() {
		for range (llm.Extractive{}).Stream(b.Context(), r) {
		}
	}
}
