package main

import (
	"testing"
	"time"

	"github.com/parley-im/parley/internal/bench/delivery"
	"github.com/parley-im/parley/internal/bench/im"
	"github.com/parley-im/parley/internal/bench/ingest"
	"github.com/parley-im/parley/internal/bench/rig"
	"github.com/parley-im/parley/internal/failpoint"
)

// small is a scenario of docs/reliability.md in its small form: as bad as the long
// one, with fewer messages. `parley bench delivery` is the long form.
func small(t *testing.T, name string, change func(*delivery.Trial)) delivery.Report {
	t.Helper()
	scenario, err := delivery.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	built, err := program()
	if err != nil {
		t.Fatal(err)
	}
	d := delivery.Trial{
		Program: []string{built}, Scenario: scenario, Messages: 120, Conversations: 12, Rate: 30, Seed: 7,
		Profile: im.Profiles()[0], Model: rig.Model{First: 20 * time.Millisecond, Pace: 300}, Patience: 90 * time.Second, Quick: true,
	}
	change(&d)
	report, err := d.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f := report.Fault(); f != "" {
		t.Error(f)
	}
	t.Logf("\n%s", report.Table())
	return report
}

// TestR1 kills the server again and again while messages come in.
func TestR1(t *testing.T) {
	t.Parallel()
	report := small(t, "R1", func(d *delivery.Trial) { d.Messages, d.Conversations = 180, 18 })
	if report.Kills < 2 {
		t.Errorf("the server was killed %d times only: this test proves nothing", report.Kills)
	}
}

// TestR2 dies once at every boundary of the ledger, with another kind of platform
// each time; `parley bench delivery --scenario R2` has every pair.
func TestR2(t *testing.T) {
	profiles := im.Profiles()
	for i, point := range failpoint.Points() {
		profile := profiles[i%len(profiles)]
		t.Run(point+" "+profile.Name, func(t *testing.T) {
			t.Parallel()
			report := small(t, "R2", func(d *delivery.Trial) {
				d.Messages, d.Conversations, d.Rate, d.Profile, d.Failpoint = 8, 2, 100, profile, point+":4"
			})
			if report.Kills != 1 {
				t.Errorf("died %d times, want 1", report.Kills)
			}
		})
	}
}

// TestR12 kills the server while it takes documents in.
func TestR12(t *testing.T) {
	t.Parallel()
	built, err := program()
	if err != nil {
		t.Fatal(err)
	}
	report, err := ingest.Trial{Program: []string{built}, Documents: 40, Sections: 6, Kill: time.Second, MostKills: 6, Seed: 7, Patience: time.Minute}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f := report.Fault(); f != "" {
		t.Error(f)
	}
	if report.Kills == 0 || report.Looks == 0 {
		t.Errorf("%d kills, %d looks: this test proves nothing", report.Kills, report.Looks)
	}
	t.Logf("\n%s", report.Table())
}
