package bot

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/parley-im/parley/bot/language"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/prompts"
)

// TryRequest is a question that is asked to see how it would be answered.
type TryRequest struct {
	Question    string   `json:"question"`
	Prompt      string   `json:"prompt,omitempty"`      // name of the prompt that Text is a draft of; "": the answer prompt of the language
	Text        string   `json:"text,omitempty"`        // the draft; "": what is active
	Collections []string `json:"collections,omitempty"` // IDs; none: what Channel may draw on
	Labels      []string `json:"labels,omitempty"`
	Channel     string   `json:"channel,omitempty"`  // whose scope is used
	Language    string   `json:"language,omitempty"` // "": the question's own
	History     []Turn   `json:"history,omitempty"`
}

// Draft is the PromptVersion in the receipt of an answer that was tried with a draft.
const Draft = -1

// Try answers like Handle, with a draft in place of the active prompt if there is
// one, and stores nothing. When the model fails, the receipt tells how far it came.
func (b *Bot) Try(ctx context.Context, t TryRequest) (Receipt, error) {
	return b.TryTo(ctx, t, io.Discard)
}

// TryTo is Try with the answer written to reply as it comes.
func (b *Bot) TryTo(ctx context.Context, t TryRequest, reply io.Writer) (Receipt, error) {
	question := strings.TrimSpace(t.Question)
	if question == "" {
		return Receipt{}, fault.Say(fault.Invalid, "question_empty", "The question is empty.")
	}
	if utf8.RuneCountInString(question) > b.MaxQuestion {
		return Receipt{}, fault.Say(fault.Invalid, "question_too_long", "The question may have %d characters at most.", b.MaxQuestion)
	}
	r := newReceipt(t.Channel, question)
	if r.Language = t.Language; r.Language == "" {
		r.Language = language.Choose(question, "", lastQuestion(t.History))
	}
	q := asked{history: t.History}
	if len(q.history) > b.Turns {
		q.history = q.history[len(q.history)-b.Turns:]
	}
	if t.Text != "" {
		name := t.Prompt
		if name == "" {
			name = "answer-" + language.Prompt(r.Language)
		}
		if _, err := prompts.Default(name); err != nil {
			return r, err
		}
		if problems := prompts.Check(name, t.Text); len(problems) > 0 {
			p := problems[0]
			return r, fault.Say(fault.Invalid, p.Code, "Line %d, column %d: %s", p.Line, p.Column, p.Message)
		}
		q.draft = draft{prompts.Prompt{Name: name, Text: t.Text, Version: Draft}}
	}
	var err error
	if q.scope, err = b.Scope(ctx, t.Channel); err != nil && len(t.Collections) == 0 {
		return r, fmt.Errorf("find what channel %s may draw on: %w", t.Channel, err)
	}
	if len(t.Collections) > 0 {
		q.scope.Collections, q.scope.Labels = t.Collections, t.Labels
	}
	if err := b.answer(ctx, q, &r, reply); err != nil {
		r.Error, _ = fault.Public(err)
		return r, err
	}
	return r, nil
}
