package llm

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

var _ bot.Model = Extractive{}

// Extractive answers without a model: it quotes the sentences of the best passages
// that bear on the question, and says so in the first line. The zero value is ready.
type Extractive struct{}

const (
	mostQuotes = 3
	// A passage is quoted beside the best one if it is about as relevant.
	besideBest = 0.75
)

// Stream quotes r.Passages. It fails with fault.Unavailable if there are none.
func (Extractive) Stream(ctx context.Context, r bot.Request) iter.Seq2[bot.Chunk, error] {
	return func(yield func(bot.Chunk, error) bool) {
		if len(r.Passages) == 0 {
			yield(bot.Chunk{}, fmt.Errorf("quote passages: there are none: %w", fault.Unavailable))
			return
		}
		show := func(text string) bool {
			return yield(bot.Chunk{Text: text, Model: "extractive", Mode: bot.ByExtraction}, nil)
		}
		if !show(introduction(r.Language)) {
			return
		}
		terms := termsOf(r.Question)
		for _, n := range chosen(r.Passages) {
			if ctx.Err() != nil {
				yield(bot.Chunk{}, fmt.Errorf("quote passages: %w", context.Cause(ctx)))
				return
			}
			if !show("\n\n" + quote(r.Passages[n], terms, n+1)) {
				return
			}
		}
	}
}

// introduction labels the answer for what it is.
func introduction(language string) string {
	if language == "zh" {
		return "以下内容摘自知识库原文（未使用语言模型）："
	}
	return "From the knowledge base, quoted as it stands (no language model was used):"
}

// chosen picks the indexes of the passages to quote: the most relevant, and those
// close to it, in the order of the ranking.
func chosen(passages []knowledge.Passage) []int {
	best := 0
	for i, p := range passages {
		if p.Relevance > passages[best].Relevance {
			best = i
		}
	}
	var out []int
	for i, p := range passages {
		near := p.Relevance >= besideBest*passages[best].Relevance && p.Relevance > 0
		if i == best || near && len(out) < mostQuotes {
			out = append(out, i)
		}
	}
	return out
}

// quote shows the part of a passage that bears on the question, with its number.
func quote(p knowledge.Passage, terms []string, number int) string {
	text := excerpt(p.Text, terms)
	lines := strings.Split(text, "\n")
	table := strings.HasPrefix(lines[len(lines)-1], "|")
	for i, line := range lines {
		lines[i] = strings.TrimRight("> "+line, " ")
	}
	mark := fmt.Sprintf("[%d]", number)
	if table { // a number after the last row would become a cell
		return strings.Join(lines, "\n") + "\n\n" + mark
	}
	return strings.Join(lines, "\n") + " " + mark
}
