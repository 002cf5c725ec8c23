package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/parley-im/parley/internal/bench"
	"github.com/parley-im/parley/internal/failpoint"
)

type benchCmd struct {
	Delivery  benchDeliveryCmd  `cmd:"" help:"Send messages while the server is killed, and count what the platform sees."`
	FirstText benchFirstTextCmd `cmd:"" name:"first-text" help:"Time that Parley adds before the first visible text."`
}

type benchDeliveryCmd struct {
	Messages      int           `help:"Messages in all." default:"2000"`
	Conversations int           `help:"Conversations they are spread over." default:"100"`
	Rate          int           `help:"Messages a second." default:"100"`
	Kill          time.Duration `help:"kill -9 about this often; 0: never." default:"2s"`
	Failpoint     string        `help:"Die at this boundary of the ledger in the first run, such as settle.after:3."`
	Seed          []uint64      `help:"Seeds; one run each." default:"1"`
	JSON          bool          `name:"json" help:"Print JSON."`
}

func (c *benchDeliveryCmd) Run(a *app) error {
	if c.Messages < 1 || c.Conversations < 1 || c.Rate < 1 || c.Kill < 0 {
		return errors.New("--messages, --conversations and --rate must be above 0")
	}
	if c.Failpoint != "" {
		if _, err := failpoint.Parse(c.Failpoint); err != nil {
			return err
		}
	}
	var broken error
	for _, seed := range c.Seed {
		report, err := deliver(a.ctx, bench.Delivery{
			Messages: c.Messages, Conversations: c.Conversations, Rate: c.Rate, Kill: c.Kill,
			Failpoint: c.Failpoint, Lossy: 0.02, Again: 0.05, Seed: seed,
		})
		if err != nil {
			return err
		}
		if c.JSON {
			if err := printJSON(a, report); err != nil {
				return err
			}
		} else {
			fmt.Fprintf(a.stdout, "seed %d: %d messages in %d conversations, %d kills, %.0f s\n"+
				"  answered %d   lost %d   twice %d   out of order %d   half-written %d   notices %d\n"+
				"  ledger %v   model calls per message %.3f\n",
				report.Seed, report.Messages, report.Conversations, report.Kills, report.Seconds,
				report.Answered, report.Lost, report.Twice, report.Misordered, report.Half, report.Notices,
				report.Rows, report.CallsPerOne)
		}
		if f := report.Fault(); f != "" {
			broken = errors.Join(broken, fmt.Errorf("seed %d: %s", seed, f))
		}
	}
	return broken
}

// deliver runs one delivery with a stand-in model, killing this very program.
func deliver(ctx context.Context, d bench.Delivery) (bench.DeliveryReport, error) {
	if d.Program == nil {
		var err error
		if d.Program, err = self(); err != nil {
			return bench.DeliveryReport{}, err
		}
	}
	model, err := bench.NewStandin(20*time.Millisecond, 300)
	if err != nil {
		return bench.DeliveryReport{}, err
	}
	d.Model = model
	report, err := d.Run(ctx)
	return report, errors.Join(err, model.Close())
}

type benchFirstTextCmd struct {
	Chunks    int    `help:"Chunks in the knowledge base." default:"10000"`
	Questions int    `help:"Questions asked one after the other." default:"200"`
	Seed      uint64 `help:"Of the made-up documents." default:"1"`
	JSON      bool   `name:"json" help:"Print JSON."`
}

func (c *benchFirstTextCmd) Run(a *app) error {
	if c.Chunks < 1 || c.Questions < 1 {
		return errors.New("--chunks and --questions must be above 0")
	}
	program, err := self()
	if err != nil {
		return err
	}
	const first = 100 * time.Millisecond
	model, err := bench.NewStandin(first, 100)
	if err != nil {
		return err
	}
	report, err := bench.FirstText{
		Program: program, Model: model, ModelTime: first, Chunks: c.Chunks, Questions: c.Questions, Seed: c.Seed,
	}.Run(a.ctx)
	if err := errors.Join(err, model.Close()); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a, report)
	}
	_, err = fmt.Fprintf(a.stdout, "first text over %d chunks (%s), %d questions, a model that takes %.0f ms to its first piece\n"+
		"  added by Parley   p50 %.1f ms   p95 %.1f ms\n"+
		"  import            %.0f chunks/s\n"+
		"  memory            idle %.0f MB   after %.0f MB\n",
		report.ChunksFound, report.Store, report.Questions, report.ModelMS, report.AddedP50, report.AddedP95,
		report.IngestPerS, report.IdleMB, report.AfterMB)
	return err
}

// self is how to call this very program again.
func self() ([]string, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return []string{path}, nil
}
