package main

import (
	"errors"
	"fmt"

	"github.com/parley-im/parley/bot"
)

type askCmd struct {
	place
	Collection string `help:"Collection to ask; all that the assistant may read if not given." placeholder:"NAME"`
	JSON       bool   `name:"json" help:"Print JSON."`
	Question   string `arg:"" help:"The question."`
}

type asked struct {
	Answer  string        `json:"answer"`
	Mode    bot.Mode      `json:"mode"`
	Known   bool          `json:"known"`
	Sources []askedSource `json:"sources"`
}

type askedSource struct {
	Document string  `json:"document"`
	Passage  string  `json:"passage"`
	Score    float64 `json:"score"` // relevance, 0 to 1
}

// Run asks through the same pipeline that answers customers and stores nothing.
func (c *askCmd) Run(a *app) error {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	in, err := open(a.ctx, cfg, newLog(a.stderr, "warn"))
	if err != nil {
		return err
	}
	out, err := c.ask(a, in)
	if err := errors.Join(err, in.Close()); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a, out)
	}
	if _, err := fmt.Fprintln(a.stdout, out.Answer); err != nil {
		return err
	}
	for i, s := range out.Sources {
		if _, err := fmt.Fprintf(a.stdout, "  [%d] %s (%.2f)\n", i+1, s.Document, s.Score); err != nil {
			return err
		}
	}
	return nil
}

func (c *askCmd) ask(a *app, in *installation) (asked, error) {
	request := bot.TryRequest{Question: c.Question}
	if c.Collection != "" {
		collection, err := in.base.CollectionByName(a.ctx, c.Collection)
		if err != nil {
			return asked{}, err
		}
		request.Collections = []string{collection.ID}
	}
	r, err := in.bot.Try(a.ctx, request)
	if err != nil {
		return asked{}, err
	}
	out := asked{Answer: r.Answer, Mode: r.Mode, Known: r.Known, Sources: []askedSource{}}
	if out.Mode == "" { // nothing was found, so nobody was asked
		out.Mode = bot.ByModel
		if in.chain == nil {
			out.Mode = bot.ByExtraction
		}
	}
	for _, n := range r.Cited {
		p := r.Passages[n-1]
		out.Sources = append(out.Sources, askedSource{Document: p.Document, Passage: p.Text, Score: p.Relevance})
	}
	return out, nil
}
