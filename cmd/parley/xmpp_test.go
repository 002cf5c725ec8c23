package main

import (
	"testing"
	"time"

	"github.com/parley-im/parley/internal/bench/rig"
	"github.com/parley-im/parley/internal/bench/xmpp"
	"github.com/parley-im/parley/internal/testservice"
)

// TestXMPPUnderFaults is a small run of "parley bench xmpp" on each server.
func TestXMPPUnderFaults(t *testing.T) {
	for name, start := range map[string]func() (*testservice.XMPP, error){"prosody": testservice.StartProsody, "ejabberd": testservice.StartEjabberd} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			built, err := program()
			if err != nil {
				t.Fatal(err)
			}
			server, err := start()
			if err != nil {
				testservice.Missing(t, err)
			}
			t.Cleanup(func() {
				if err := server.Close(); err != nil {
					t.Error(err)
				}
			})
			report, err := xmpp.Trial{
				Program: []string{built}, Server: server, Messages: 120, People: 8, Rate: 10, Seed: 7,
				Kill: 3 * time.Second, Restart: 5 * time.Second, Cut: 2 * time.Second, Model: rig.Model{First: 20 * time.Millisecond, Pace: 300},
			}.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if f := report.Fault(); f != "" {
				t.Error(f)
			}
			happened(t, report.Troubles, 4)
			t.Logf("\n%s", report.Table())
		})
	}
}
