package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/parley-im/parley/internal/bench/rig"
	"github.com/parley-im/parley/internal/bench/xmpp"
	"github.com/parley-im/parley/internal/testservice"
)

type benchXMPPCmd struct {
	benchOn
	Server   string        `help:"Which server is started for it." enum:"prosody,ejabberd" default:"prosody"`
	Messages int           `help:"Messages in all." default:"2000"`
	People   int           `help:"People who say them; half of them speak in rooms." default:"40"`
	Rate     int           `help:"Messages a second, in all." default:"20"`
	Kill     time.Duration `help:"kill -9 of Parley about this often; 0: never." default:"5s"`
	Restart  time.Duration `help:"The server is restarted about this often; 0: never." default:"20s"`
	Cut      time.Duration `help:"A third of the connections is cut about this often; 0: never." default:"7s"`
	Seed     uint64        `help:"Of the troubles." default:"1"`
}

func (c *benchXMPPCmd) Run(a *app) error {
	if c.Messages < 1 || c.People < 2 || c.Rate < 1 || c.Kill < 0 || c.Restart < 0 || c.Cut < 0 {
		return errors.New("--messages and --rate must be above 0, --people at least 2")
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
	start := map[string]func() (*testservice.XMPP, error){"prosody": testservice.StartProsody, "ejabberd": testservice.StartEjabberd}[c.Server]
	server, err := start()
	if err != nil {
		return fmt.Errorf("start %s: %w", c.Server, err)
	}
	defer server.Close()
	report, err := xmpp.Trial{
		Program: program, Server: server, Database: servers.database, Messages: c.Messages, People: c.People, Rate: c.Rate,
		Kill: c.Kill, Restart: c.Restart, Cut: c.Cut, Seed: c.Seed, Model: rig.Model{First: 20 * time.Millisecond, Pace: 300},
	}.Run(a.ctx)
	if err != nil {
		return err
	}
	return c.show(a, report, report.Fault())
}
