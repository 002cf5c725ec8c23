package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/bench/delivery"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/redistest"
	"github.com/parley-im/parley/internal/testservice"
)

// happened fails a test in which the faults did not come.
func happened(t *testing.T, counts map[string]int, least int) {
	t.Helper()
	sum := 0
	for _, n := range counts {
		sum += n
	}
	if sum < least {
		t.Errorf("only %d faults: this test proves nothing", sum)
	}
}

// TestR5 has a model that goes wrong in ten ways.
func TestR5(t *testing.T) {
	t.Parallel()
	report := small(t, "R5-both", func(d *delivery.Trial) { d.Conversations = 120 })
	happened(t, report.WrongModel, 20)
}

// TestR6 has visitors of the browser chat whose connections break in all ways.
func TestR6(t *testing.T) {
	t.Parallel()
	report := small(t, "R6", func(d *delivery.Trial) { d.Messages, d.Rate, d.Every = 160, 20, 500*time.Millisecond })
	happened(t, report.Troubles, 8)
}

// TestR7 has a platform that goes wrong, beside one that does not.
func TestR7(t *testing.T) {
	t.Parallel()
	report := small(t, "R7", func(d *delivery.Trial) { d.Messages, d.Every = 200, 8*time.Second })
	happened(t, report.Wrong, 20)
	if report.Denied == 0 {
		t.Error("nothing was denied")
	}
}

// TestR9 asks the server to stop and starts it again, with messages coming in.
func TestR9(t *testing.T) {
	t.Parallel()
	report := small(t, "R9", func(d *delivery.Trial) { d.Messages, d.Every = 180, time.Second })
	happened(t, report.Troubles, 2)
}

// TestR10 is a short soak: goroutines and descriptors come back to where they were.
func TestR10(t *testing.T) {
	t.Parallel()
	report := small(t, "R10", func(d *delivery.Trial) {
		d.Messages, d.Every = 200, time.Second
		// not half-open, which the server takes a minute to notice; R6 has that
		d.Scenario.Troubles = []string{"sockets cut", "sockets reset", "sockets slow", "sockets replay"}
	})
	happened(t, report.Troubles, 2)
}

// onPostgres is small with servers on Postgres.
func onPostgres(t *testing.T, name string, change func(*delivery.Trial)) delivery.Report {
	t.Helper()
	return small(t, name, func(d *delivery.Trial) {
		d.Database = postgrestest.Server(t, testservice.PostgresOptions{}).URL("postgres")
		change(d)
	})
}

// TestR1OnPostgres kills one of two servers again and again.
func TestR1OnPostgres(t *testing.T) {
	t.Parallel()
	report := onPostgres(t, "R1", func(d *delivery.Trial) { d.Messages, d.Conversations, d.Replicas = 180, 18, 2 })
	if report.Kills < 2 {
		t.Errorf("servers were killed %d times only: this test proves nothing", report.Kills)
	}
}

// TestR3 restarts the database as a crash does.
func TestR3(t *testing.T) {
	t.Parallel()
	server := postgrestest.Server(t, testservice.PostgresOptions{})
	report := small(t, "R3", func(d *delivery.Trial) {
		d.Database, d.Every = server.URL("postgres"), 2*time.Second
		d.Restart = func(context.Context) error { return errors.Join(server.Crash(), server.Start()) }
	})
	happened(t, report.Troubles, 1)
}

// TestR4 kills, empties and freezes Redis.
func TestR4(t *testing.T) {
	t.Parallel()
	redis := redistest.Server(t)
	report := onPostgres(t, "R4", func(d *delivery.Trial) { d.Messages, d.Rate, d.Redis, d.Every = 240, 20, redis, time.Second })
	happened(t, report.Troubles, 3)
}

// TestR8 freezes one of two servers, which believes afterwards that no time has passed.
func TestR8(t *testing.T) {
	t.Parallel()
	report := onPostgres(t, "R8", func(d *delivery.Trial) { d.Every = 2 * time.Second })
	happened(t, report.Troubles, 1)
}

// TestR9OnPostgres restarts one of three servers after the other.
func TestR9OnPostgres(t *testing.T) {
	t.Parallel()
	report := onPostgres(t, "R9", func(d *delivery.Trial) { d.Every = 2 * time.Second })
	happened(t, report.Troubles, 1)
}
