package bot

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/prompts"
)

// Answers keeps answers for a while, so that a question which was answered before
// need not be put to the model again. Neither method fails: what is not found is
// answered anew, what cannot be kept is not.
//
// A kept answer is used only where the model would be asked the same thing. The key
// is made after the passages were retrieved with the asker's own rights, and holds
// all that the model would be shown: the question (but for case, spaces and closing
// punctuation), the prompt as it is rendered today, and each passage with its
// document, version and text. So a changed document, another right, another prompt
// or another day has another key, and there is nothing to withdraw. Collections and
// labels are part of it as well: an answer never crosses from one to another even
// if both see the same passages. What has a history or a draft is never kept.
type Answers interface {
	Find(ctx context.Context, key string) (Answer, bool)
	Keep(ctx context.Context, key string, a Answer)
}

// Answer is a whole answer of a model that cites its sources.
type Answer struct {
	Text  string    `json:"text"`
	Cited []int     `json:"cited"` // numbers of the passages, as in Receipt
	Model string    `json:"model"`
	At    time.Time `json:"at"`
}

// fits reports whether a can be an answer that draws on so many passages.
func (a Answer) fits(passages int) bool {
	return a.Text != "" && a.Model != "" && len(a.Cited) > 0 && slices.Min(a.Cited) >= 1 && slices.Max(a.Cited) <= passages
}

// repeat writes the answer that is kept under key, if there is one.
func (b *Bot) repeat(ctx context.Context, key string, r *Receipt, reply io.Writer) (bool, error) {
	if key == "" {
		return false, nil
	}
	began := time.Now()
	a, ok := b.Answers.Find(ctx, key)
	if !ok || !a.fits(len(r.Passages)) {
		return false, nil
	}
	r.stage("cache", began)
	r.Cached, r.Known, r.Mode, r.Model = true, true, ByModel, a.Model
	r.Answer, r.Cited = a.Text, slices.Clone(a.Cited)
	r.System, r.Turns = "", []Turn{} // nothing was sent
	return true, write(reply, a.Text)
}

// keep keeps the answer of r, which is whole.
func (b *Bot) keep(ctx context.Context, key string, r *Receipt) {
	a := Answer{Text: r.Answer, Cited: r.Cited, Model: r.Model, At: r.At}
	if key != "" && r.Mode == ByModel && ctx.Err() == nil && a.fits(len(r.Passages)) {
		b.Answers.Keep(ctx, key, a)
	}
}

// answerKey names what the model is about to be asked, or is "" where no answer is
// kept. vars are those of the request.
func (b *Bot) answerKey(q asked, r *Receipt, p prompts.Prompt, vars prompts.Vars) (string, error) {
	if b.Answers == nil || b.Model == nil || !q.keep || len(q.history) > 0 || r.Question != r.Standalone {
		return "", nil
	}
	vars.Question = sameQuestion(r.Question)
	vars.Passages = numbered(r.Passages, "the same for everybody") // no mark: the model never sees this one
	text, err := p.Render(vars)
	if err != nil {
		return "", fmt.Errorf("render %s version %d: %w", p.Name, p.Version, err)
	}
	h := sha256.New()
	list := func(parts ...string) {
		fmt.Fprintf(h, "%d\n", len(parts))
		for _, part := range parts {
			fmt.Fprintf(h, "%d:%s", len(part), part)
		}
	}
	list("answer 1", b.ModelID, fmt.Sprint(b.MaxAnswer), r.Language, p.Name, fmt.Sprint(p.Version), vars.Question, text)
	list(slices.Sorted(slices.Values(q.scope.Collections))...)
	list(slices.Sorted(slices.Values(q.scope.Labels))...)
	list(flat(r.Passages)...)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// flat is what of passages makes an answer.
func flat(passages []knowledge.Passage) (parts []string) {
	for _, p := range passages {
		parts = append(parts, p.DocumentID, fmt.Sprint(p.Version), p.ChunkID, p.Document, p.Heading, p.Location, p.URL, p.Text)
	}
	return parts
}

// sameQuestion drops what does not change a question.
func sameQuestion(question string) string {
	plain := strings.Join(strings.Fields(strings.ToLower(question)), " ")
	return cmp.Or(strings.TrimRight(plain, " ?？!！.。…"), plain)
}
