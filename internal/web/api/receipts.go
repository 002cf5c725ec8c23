package api

import (
	"context"
	"time"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/activity"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/web/endpoint"
	"github.com/parley-im/parley/internal/web/problem"
	"github.com/parley-im/parley/knowledge"
)

// Tester answers a question as the bot would, and stores nothing. bot.Bot is one.
type Tester interface {
	Try(ctx context.Context, t bot.TryRequest) (bot.Receipt, error)
}

// Receipt tells how one answer came about.
type Receipt struct {
	ReplyKey      string              `json:"reply_key"`
	Channel       string              `json:"channel"`
	Question      string              `json:"question" doc:"As asked."`
	Standalone    string              `json:"standalone" doc:"As searched for."`
	Language      string              `json:"language"`
	Command       string              `json:"command" doc:"Such as /help: no retrieval, no model."`
	Known         bool                `json:"known"`
	Confidence    float64             `json:"confidence"`
	Passages      []knowledge.Passage `json:"passages" doc:"Best first."`
	Cited         []int               `json:"cited" doc:"Numbers of the passages that the answer cites, from 1."`
	Prompt        string              `json:"prompt"`
	PromptVersion int                 `json:"prompt_version" doc:"0: the default that ships, -1: a draft."`
	System        string              `json:"system" doc:"The final request."`
	Turns         []bot.Turn          `json:"turns"`
	Mode          bot.Mode            `json:"mode" doc:"model, extractive, or empty when nothing was asked."`
	Model         string              `json:"model"`
	Usage         activity.Usage      `json:"usage"`
	Answer        string              `json:"answer"`
	Cached        bool                `json:"cached" doc:"The same was answered before: the model was not asked again."`
	Stopped       bool                `json:"stopped"`
	Error         string              `json:"error" doc:"Kind of failure, for staff."`
	Stages        []ReceiptStage      `json:"stages"`
	At            time.Time           `json:"at"`
}

// ReceiptStage is the time one step took.
type ReceiptStage struct {
	Name   string  `json:"name" doc:"history, rewrite, retrieve, prompt, cache, first_token, answer"`
	TookMS float64 `json:"took_ms"`
}

type receiptOutput struct{ Body Receipt }

func show(r bot.Receipt) *receiptOutput {
	stages := []ReceiptStage{}
	for _, s := range r.Stages {
		stages = append(stages, ReceiptStage{Name: s.Name, TookMS: endpoint.Milliseconds(s.Took)})
	}
	return &receiptOutput{Receipt{
		ReplyKey: r.ReplyKey, Channel: r.Channel, Question: r.Question, Standalone: r.Standalone,
		Language: r.Language, Command: r.Command, Known: r.Known, Confidence: r.Confidence,
		Passages: endpoint.List(r.Passages), Cited: endpoint.List(r.Cited), Prompt: r.Prompt, PromptVersion: r.PromptVersion,
		System: r.System, Turns: endpoint.List(r.Turns), Mode: r.Mode, Model: r.Model,
		Usage:  activity.Usage{Input: r.Usage.Input, Cached: r.Usage.Cached, Output: r.Usage.Output},
		Answer: r.Answer, Cached: r.Cached, Stopped: r.Stopped, Error: r.Error, Stages: stages, At: r.At,
	}}
}

type tryInput struct {
	Body struct {
		Question    string   `json:"question" minLength:"1" maxLength:"4000"`
		Prompt      string   `json:"prompt,omitempty" maxLength:"100" doc:"Name of the prompt that text stands in for."`
		Text        string   `json:"text,omitempty" doc:"The draft."`
		Collections []string `json:"collections,omitempty" maxItems:"100" doc:"IDs; none: all."`
		Language    string   `json:"language,omitempty" maxLength:"20" doc:"Such as zh or en; without it, that of the question."`
	}
}

// try gives a receipt also when the model failed: it tells how far it came. What
// is wrong with the request itself is a problem, as everywhere.
func (a *API) try(ctx context.Context, in *tryInput) (*receiptOutput, error) {
	ids, err := a.library.Scope(ctx, in.Body.Collections)
	if err != nil {
		return nil, err
	}
	r, err := a.Tester.Try(ctx, bot.TryRequest{
		Question: in.Body.Question, Prompt: in.Body.Prompt, Text: in.Body.Text,
		Collections: ids, Language: in.Body.Language,
	})
	if err != nil && (r.Error == "" || fault.Kind(err) != fault.Unavailable) {
		return nil, err
	}
	if err != nil {
		a.Log.WarnContext(ctx, "trial failed", "request", problem.Request(ctx), "err", err)
	}
	return show(r), nil
}

type receiptInput struct {
	ReplyKey string `path:"reply_key" maxLength:"64"`
}

func (a *API) getReceipt(ctx context.Context, in *receiptInput) (*receiptOutput, error) {
	r, err := a.Receipts.Receipt(ctx, in.ReplyKey)
	if err != nil {
		return nil, err
	}
	return show(r), nil
}
