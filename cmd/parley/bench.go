package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/parley-im/parley/internal/bench/delivery"
	"github.com/parley-im/parley/internal/bench/ingest"
	"github.com/parley-im/parley/internal/bench/speed"
	"github.com/parley-im/parley/internal/testservice"
)

type benchCmd struct {
	Delivery  benchDeliveryCmd  `cmd:"" help:"Send messages while things go wrong, and count what people see."`
	Retrieval benchRetrievalCmd `cmd:"" help:"Search over many chunks: time, recall, rights."`
	Ingest    benchIngestCmd    `cmd:"" help:"Upload documents, perhaps while the server is killed, and count what readers see (R12)."`
	Intake    benchIntakeCmd    `cmd:"" help:"Messages a second that are made durable."`
	FirstText benchFirstTextCmd `cmd:"" name:"first-text" help:"Time that Parley adds before the first visible text."`
	XMPP      benchXMPPCmd      `cmd:"" name:"xmpp" help:"Talk over a real XMPP server while Parley is killed and the server is restarted, and count what people see."`
}

// benchOn are the flags that all measurements share.
type benchOn struct {
	Database string `help:"postgres:// address of a server on which a database is made and dropped again; \"own\": a server is started for the measurement (see .ci/services); without it SQLite." env:"PARLEY_BENCH_DATABASE" placeholder:"URL"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// servers are what a measurement runs on, beside Parley.
type servers struct {
	database string // postgres://, or "" for SQLite
	restart  delivery.Restart
	redis    delivery.Redis
	close    []func() error
}

// start starts what was asked for.
func (c benchOn) start(redis bool) (*servers, error) {
	s := &servers{database: c.Database}
	if c.Database == "own" {
		p, err := testservice.StartPostgres(testservice.PostgresOptions{Durable: true, Settings: map[string]string{
			"shared_buffers": "512MB", "maintenance_work_mem": "512MB", "random_page_cost": "1.1", // as deploy/compose.yaml has it
		}})
		if err != nil {
			return nil, err
		}
		s.database = p.URL("postgres")
		s.restart = func(context.Context) error { return errors.Join(p.Crash(), p.Start()) }
		s.close = append(s.close, p.Close)
	}
	if redis {
		r, err := testservice.StartRedis()
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.redis = r
		s.close = append(s.close, r.Close)
	}
	return s, nil
}

// Close ends what start started.
func (s *servers) Close() error {
	var errs []error
	for _, f := range s.close {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// show prints a report, and its verdict as the error.
func (c benchOn) show(a *app, report interface{ Table() string }, fault string) error {
	var err error
	if c.JSON {
		err = printJSON(a, report)
	} else {
		_, err = fmt.Fprint(a.stdout, report.Table())
	}
	if err == nil && fault != "" {
		err = errors.New(fault)
	}
	return err
}

type benchFirstTextCmd struct {
	benchOn
	Chunks    int    `help:"Chunks in the knowledge base." default:"10000"`
	Questions int    `help:"Questions asked one after the other." default:"200"`
	Seed      uint64 `help:"Of the made-up documents." default:"1"`
}

func (c *benchFirstTextCmd) Run(a *app) error {
	if c.Chunks < 1 || c.Questions < 1 {
		return errors.New("--chunks and --questions must be above 0")
	}
	program, err := self()
	if err != nil {
		return err
	}
	servers, err := c.start(false)
	if err != nil {
		return err
	}
	defer servers.Close()
	report, err := speed.FirstText{
		Program: program, Database: servers.database, ModelTime: 100 * time.Millisecond, Chunks: c.Chunks, Questions: c.Questions, Seed: c.Seed,
	}.Run(a.ctx)
	if err != nil {
		return err
	}
	return c.show(a, report, "")
}

type benchIngestCmd struct {
	benchOn
	Documents int           `help:"Documents; every second one is uploaded again with another text." default:"500"`
	Sections  int           `help:"Sections of one document; a section is about one chunk." default:"10"`
	Kill      time.Duration `help:"kill -9 about this often; 0: never." default:"2s"`
	Seed      uint64        `help:"Of the documents and the kills." default:"1"`
}

func (c *benchIngestCmd) Run(a *app) error {
	if c.Documents < 1 || c.Sections < 1 || c.Sections > 200 || c.Kill < 0 {
		return errors.New("--documents must be above 0 and --sections between 1 and 200")
	}
	program, err := self()
	if err != nil {
		return err
	}
	servers, err := c.start(false)
	if err != nil {
		return err
	}
	defer servers.Close()
	report, err := ingest.Trial{
		Program: program, Database: servers.database, Documents: c.Documents, Sections: c.Sections, Kill: c.Kill, Seed: c.Seed,
	}.Run(a.ctx)
	if err != nil {
		return err
	}
	return c.show(a, report, report.Fault())
}

type benchIntakeCmd struct {
	benchOn
	Rate   int           `help:"Messages a second that are offered." default:"1000"`
	For    time.Duration `help:"For how long." default:"20s"`
	Begin  time.Duration `help:"For how long before what is measured." default:"3s"`
	Chats  int           `help:"Chats they are spread over." default:"500"`
	ForBot float64       `name:"for-bot" help:"Share of the chats in which the bot answers." default:"0.5"`
	Again  float64       `help:"Share of messages that are offered twice." default:"0.05"`
	Seed   uint64        `help:"Of what is drawn." default:"1"`
}

func (c *benchIntakeCmd) Run(a *app) error {
	if c.Rate < 1 || c.For <= 0 || c.Chats < 1 {
		return errors.New("--rate, --for and --chats must be above 0")
	}
	program, err := self()
	if err != nil {
		return err
	}
	servers, err := c.start(false)
	if err != nil {
		return err
	}
	defer servers.Close()
	report, err := speed.Intake{
		Program: program, Database: servers.database, Rate: c.Rate, For: c.For, Begin: c.Begin, Chats: c.Chats, ForBot: c.ForBot, Again: c.Again, Seed: c.Seed,
	}.Run(a.ctx)
	if err != nil {
		return err
	}
	return c.show(a, report, report.Fault())
}

// self is how to call this very program again.
func self() ([]string, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return []string{path}, nil
}
