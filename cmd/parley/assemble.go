package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/internal/config"
	"github.com/parley-im/parley/internal/llm"
	"github.com/parley-im/parley/internal/llm/answercache"
	"github.com/parley-im/parley/internal/llm/embedcache"
	"github.com/parley-im/parley/internal/llm/openai"
	"github.com/parley-im/parley/internal/telemetry"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/extract"
	"github.com/parley-im/parley/prompts"
)

// installation is one data folder with what every command needs of it.
type installation struct {
	cfg      config.Config
	log      *slog.Logger
	stores   *stores
	sharing  sharing
	base     *knowledge.Base
	prompts  *prompts.Store
	chain    *llm.Chain       // nil: no model is configured
	embedder *openai.Embedder // nil: words alone
	former   *openai.Embedder // of the vectors before, or nil
	bot      *bot.Bot
	runner   extract.Runner
	meters   *telemetry.Telemetry
}

// open makes the data folder if it is not there, opens the database and joins the
// parts. It starts nothing.
func open(ctx context.Context, cfg config.Config, log *slog.Logger) (*installation, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	stores, err := openStores(ctx, cfg)
	if err != nil {
		return nil, err
	}
	in := &installation{cfg: cfg, log: log, stores: stores, meters: telemetry.New(version)}
	if err := errors.Join(in.share(), in.assemble()); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return in, nil
}

func (in *installation) assemble() error {
	cfg := in.cfg
	runner, err := newRunner(cfg, filepath.Join(cfg.Data, "cache"))
	if err != nil {
		return err
	}
	in.runner = runner
	// The Base must not get a nil pointer in an interface.
	var embedder, former knowledge.Embedder
	if cfg.Embedder != nil {
		in.embedder = newEmbedder("embedder", *cfg.Embedder)
		cached := embedcache.New(in.embedder, in.sharing.cache("vectors"), embedcache.Options{})
		in.meters.Cache("vectors", cached.Counts)
		embedder = cached
	}
	if cfg.Former != nil {
		in.former = newEmbedder("former_embedder", *cfg.Former)
		former = in.former
	}
	in.base = knowledge.New(in.stores.library, in.stores.files, in.runner, embedder, in.log, knowledge.Options{
		MaxUpload: int64(cfg.Uploads.MaxSize), ExtractTime: cfg.Uploads.ParseTime * 2, Workers: cfg.Uploads.Workers, Former: former,
	})
	in.prompts = prompts.New(in.stores.prompts)
	in.bot = bot.New(in.botConfig())
	return nil
}

func newEmbedder(name string, e config.Embedder) *openai.Embedder {
	return openai.NewEmbedder(openai.EmbedderConfig{
		Endpoint: openai.Endpoint{
			Name: name, BaseURL: e.BaseURL, Key: string(e.APIKey), Model: e.Model, APIType: e.API, APIVersion: e.APIVersion,
		},
		Dimensions: e.Dimensions, Batch: e.Batch, Timeout: e.Timeout,
	})
}

func (in *installation) botConfig() bot.Config {
	cfg := in.cfg
	c := bot.Config{
		Retriever: in.base, Prompts: in.prompts, Extractive: llm.Extractive{}, Memory: in.meters.Memory(in.stores.receipts),
		Scope: in.scope, Manners: in.manners, Log: in.log, Name: cfg.Assistant.Name, KnownAt: cfg.Answers.KnownAt,
		AskAnyway: cfg.Answers.AskAnyway, NextStep: cfg.Assistant.NextStep, PublicURL: cfg.PublicURL,
		Passages: cfg.Answers.Passages, History: cfg.Answers.HistoryTokens,
	}
	if c.History == 0 {
		c.History = -1
	}
	if len(cfg.Models) == 0 {
		return c
	}
	chain := llm.Config{Log: in.log}
	if cfg.Answers.Extractive {
		chain.LastResort = llm.Extractive{}
	}
	for _, m := range cfg.Models {
		chain.Endpoints = append(chain.Endpoints, openai.Endpoint{
			Name: m.Name, BaseURL: m.BaseURL, Key: string(m.APIKey), Model: m.Model, APIType: m.API, APIVersion: m.APIVersion,
			Temperature: m.Temperature, NoStreamOptions: m.NoUsage, ThinksAloud: m.ThinksAloud, ExtraBody: m.ExtraBody, Headers: m.Headers,
			Timeouts: openai.Timeouts{Connect: m.Connect, FirstToken: m.FirstToken, Stall: m.Stall, Total: m.Total},
		})
		// what fits into every model of the list fits into the one that answers
		c.Window = smallest(c.Window, m.Context)
		c.MaxAnswer = smallest(c.MaxAnswer, m.MaxTokens)
	}
	in.chain = llm.New(chain)
	c.Model = in.chain
	if cfg.Answers.Cache > 0 {
		answers := answercache.New(in.sharing.cache("answers"), cfg.Answers.Cache)
		in.meters.Cache("answers", answers.Counts)
		c.Answers = answers
		c.ModelID = modelID(cfg.Models)
	}
	return c
}

// modelID changes with everything about the models that may change their answers.
func modelID(models []config.Model) string {
	var b strings.Builder
	for _, m := range models {
		temperature := "default"
		if m.Temperature != nil {
			temperature = fmt.Sprint(*m.Temperature)
		}
		fmt.Fprintf(&b, "%s %s %s %s %d %v\n", m.BaseURL, m.Model, m.APIVersion, temperature, m.MaxTokens, m.ExtraBody)
	}
	return b.String()
}

// smallest returns the smaller of those that are set.
func smallest(a, b int) int {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// scope tells which collections and labels a channel may draw on. Names are looked
// up each time, since collections are made and renamed while the server runs; a name
// that is not there yet has no documents.
func (in *installation) scope(ctx context.Context, channel string) (bot.Scope, error) {
	c := in.cfg.Channels[channel]
	names, labels := c.Collections, c.Labels
	if len(names) == 0 {
		names = in.cfg.Assistant.Collections
	}
	if len(labels) == 0 {
		labels = in.cfg.Assistant.Labels
	}
	all, err := in.base.Collections(ctx)
	if err != nil {
		return bot.Scope{}, err
	}
	scope := bot.Scope{Labels: labels, PromptPrefix: c.Prompts}
	for _, one := range all {
		for _, name := range names {
			if one.Name == name {
				scope.Collections = append(scope.Collections, one.ID)
			}
		}
	}
	return scope, nil
}

// manners tells to whom a channel's bot speaks.
func (in *installation) manners(channel string) bot.Manners {
	c := in.cfg.Channels[channel]
	return bot.Manners{Groups: c.Groups, Allow: c.Allow, Deny: c.Deny}
}

func (in *installation) modelNames() []string {
	names := []string{}
	for _, m := range in.cfg.Models {
		names = append(names, cmp.Or(m.Name, m.Model))
	}
	return names
}

func (in *installation) embedderName() string {
	if in.embedder == nil {
		return ""
	}
	return in.embedder.Model()
}

// Close closes what open opened.
func (in *installation) Close() error {
	if in.chain != nil {
		in.chain.Close()
	}
	if in.embedder != nil {
		in.embedder.Close()
	}
	if in.former != nil {
		in.former.Close()
	}
	return errors.Join(in.sharing.close(), in.stores.Close())
}
