package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/bench/delivery"
	"github.com/parley-im/parley/internal/bench/im"
	"github.com/parley-im/parley/internal/bench/rig"
	"github.com/parley-im/parley/internal/failpoint"
)

type benchDeliveryCmd struct {
	benchOn
	Scenario        string        `help:"What goes wrong: R1 to R10, or none. R2 dies at every boundary for every kind of platform, one run each." default:"R1"`
	Seed            []uint64      `help:"Seeds; one run each." default:"1"`
	Messages        int           `help:"Messages in all." default:"2000"`
	Conversations   int           `help:"Conversations they are spread over." default:"100"`
	Rate            int           `help:"Messages a second." default:"100"`
	Every           time.Duration `help:"Troubles come about this often; 0: as the scenario has it." aliases:"kill"`
	Replicas        int           `help:"Servers on one database; 0: as the scenario has it."`
	Profile         string        `help:"What the platform can do: plain, edit, split, edit-split, conflict, forgetful." default:"plain"`
	Failpoint       string        `help:"Die at this boundary of the ledger in the first run, such as settle.after:3."`
	First           time.Duration `help:"Time of the model to its first piece." default:"20ms"`
	Pace            float64       `help:"Pieces a second of the model; 0: all at once." default:"300"`
	DatabaseRestart string        `help:"Shell command that stops the database of --database at once and starts it again (R3)." env:"PARLEY_BENCH_DATABASE_RESTART" placeholder:"CMD"`
	Untimed         bool          `help:"Do not hold the run to the scenario's times, for a machine that does other things too."`
}

func (c *benchDeliveryCmd) Run(a *app) error {
	if c.Messages < 1 || c.Conversations < 1 || c.Rate < 1 || c.Every < 0 || c.Replicas < 0 {
		return errors.New("--messages, --conversations and --rate must be above 0")
	}
	scenario, err := delivery.Named(c.Scenario)
	if err != nil {
		return err
	}
	profiles, err := platforms(c.Profile)
	if err != nil {
		return err
	}
	program, err := self()
	if err != nil {
		return err
	}
	servers, err := c.start(scenario.Name == "R4")
	if err != nil {
		return err
	}
	defer servers.Close()
	if c.DatabaseRestart != "" {
		servers.restart = func(ctx context.Context) error { return shell(ctx, c.DatabaseRestart) }
	}
	d := delivery.Trial{
		Program: program, Scenario: scenario, Database: servers.database, Restart: servers.restart, Redis: servers.redis, Replicas: c.Replicas,
		Messages: c.Messages, Conversations: c.Conversations, Rate: c.Rate, Every: c.Every,
		Model: rig.Model{First: c.First, Pace: c.Pace}, Timed: !c.Untimed, Profile: profiles[0],
	}
	points := []string{c.Failpoint}
	if scenario.Name == "R2" {
		d.Messages, d.Conversations = min(c.Messages, 12), min(c.Conversations, 3)
		if points = deaths(); c.Failpoint != "" {
			points = []string{c.Failpoint}
		}
		profiles = im.Profiles()
	}
	var broken error
	for _, profile := range profiles {
		for _, point := range points {
			if point != "" {
				if _, err := failpoint.Parse(point); err != nil {
					return err
				}
			}
			for _, seed := range c.Seed {
				d.Profile, d.Failpoint, d.Seed = profile, point, seed
				report, err := d.Run(a.ctx)
				if err != nil {
					return err
				}
				fault := ""
				if f := report.Fault(); f != "" {
					fault = fmt.Sprintf("%s, %s %s, seed %d: %s", scenario.Name, profile.Name, point, seed, f)
				}
				broken = errors.Join(broken, c.show(a, report, fault))
			}
		}
	}
	return broken
}

// deaths are all boundaries of the ledger, at an early and at a later pass.
func deaths() (list []string) {
	for _, point := range failpoint.Points() {
		list = append(list, point+":1", point+":4")
	}
	return list
}

// platforms returns the profile of a name.
func platforms(name string) ([]im.Profile, error) {
	var names []string
	for _, p := range im.Profiles() {
		if p.Name == name {
			return []im.Profile{p}, nil
		}
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("--profile must be one of %s", strings.Join(names, ", "))
}

// shell runs a command of the person who measures.
func shell(ctx context.Context, command string) error {
	if out, err := exec.CommandContext(ctx, "sh", "-c", command).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", command, err, out)
	}
	return nil
}
