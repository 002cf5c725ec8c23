package rig

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Cluster is one or more servers on one place.
type Cluster struct{ Servers []*Process }

// NewCluster prepares n servers with the same configuration.
func NewCluster(ctx context.Context, p *Place, program []string, n int, config string) (*Cluster, error) {
	c := &Cluster{}
	for number := range max(1, n) {
		s, err := p.Process(ctx, program, number, config)
		if err != nil {
			return nil, err
		}
		c.Servers = append(c.Servers, s)
	}
	return c, nil
}

// Start starts all; the first one alone at first, since it may have to migrate.
func (c *Cluster) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, s := range c.Servers {
		if err := s.Start(); err != nil {
			return err
		}
		if err := s.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Addresses are where messages may be sent.
func (c *Cluster) Addresses() (list []string) {
	for _, s := range c.Servers {
		list = append(list, s.Listen)
	}
	return list
}

// Kills is how often servers were killed.
func (c *Cluster) Kills() (n int) {
	for _, s := range c.Servers {
		n += s.Kills
	}
	return n
}

// Stop stops all, and reports those that did not stop cleanly.
func (c *Cluster) Stop(patience time.Duration) error {
	var errs []error
	for _, s := range c.Servers {
		_ = s.Thaw() // a frozen one cannot stop
		errs = append(errs, s.Stop(patience))
	}
	return errors.Join(errs...)
}

// Log is the end of what all of them logged.
func (c *Cluster) Log() string {
	var b strings.Builder
	for n, s := range c.Servers {
		fmt.Fprintf(&b, "server %d:\n%s\n", n, s.Log())
	}
	return b.String()
}
