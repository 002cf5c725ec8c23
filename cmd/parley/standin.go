package main

import (
	"fmt"
	"time"

	"github.com/parley-im/parley/internal/bench/rig"
	"github.com/parley-im/parley/internal/llm/llmtest"
)

type standinCmd struct {
	Listen string        `help:"Loopback address." default:"127.0.0.1:0"`
	First  time.Duration `help:"Time before the first piece." default:"100ms"`
	Pace   float64       `help:"Pieces a second; 0: all at once." default:"60"`
}

func (c *standinCmd) Run(a *app) error {
	script := llmtest.Script{FirstToken: c.First, Pace: c.Pace, Answer: rig.Answer}
	return llmtest.ListenAndServe(a.ctx, c.Listen, script, func(url string) {
		fmt.Fprintf(a.stdout, "stand-in for a model at %s\n", url)
	})
}
