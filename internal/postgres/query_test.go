package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain 退货 🙂": "plain 退货 🙂", "a\x00b": "a\uFFFDb", "a\xff\xfeb": "a\uFFFDb", "\x00\x00": "\uFFFD\uFFFD", "\xed\xa0\x80": "\uFFFD",
	} {
		if got := postgres.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestQueries(t *testing.T) {
	db, ctx := postgrestest.Open(t), t.Context()
	set := func(name, value string) error {
		_, err := db.Exec(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2)`, name, value)
		return err
	}
	if err := errors.Join(set("a", "1\x00"), set("b", "2")); err != nil {
		t.Fatal(err)
	}
	if err := set("a", "3"); !errors.Is(err, fault.Conflict) {
		t.Errorf("a name that is taken: %v", err)
	}
	if n, err := db.Exec(ctx, `UPDATE settings SET value = value`); n != 2 || err != nil {
		t.Errorf("changed %d, %v", n, err)
	}
	var value string
	scan := func(row pgx.Row) error { return row.Scan(&value) }
	if err := db.Row(ctx, scan, `SELECT value FROM settings WHERE name = $1`, "a"); value != "1\uFFFD" || err != nil {
		t.Errorf("got %q, %v", value, err)
	}
	if err := db.Row(ctx, scan, `SELECT value FROM settings WHERE name = $1`, "c"); !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("nothing: %v", err)
	}
	names, err := postgres.Rows(ctx, db, pgx.RowTo[string], `SELECT name FROM settings ORDER BY name`)
	if diff := cmp.Diff([]string{"a", "b"}, names); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if none, err := postgres.Rows(ctx, db, pgx.RowTo[string], `SELECT name FROM settings WHERE name = $1`, "\x00"); none != nil || err != nil {
		t.Errorf("none: %v, %v", none, err)
	}
}

func TestBatchIsOneTransaction(t *testing.T) {
	db, ctx := postgrestest.Open(t), t.Context()
	const insert = `INSERT INTO settings (name, value) VALUES ($1, '')`
	b := &pgx.Batch{}
	for _, name := range []string{"a", "b", "a"} {
		postgres.Queue(b, insert, name)
	}
	if err := db.Batch(ctx, b); !errors.Is(err, fault.Conflict) {
		t.Errorf("got %v, want fault.Conflict", err)
	}
	if all, err := postgres.Rows(ctx, db, pgx.RowTo[string], `SELECT name FROM settings`); len(all) != 0 || err != nil {
		t.Errorf("half a batch is there: %v, %v", all, err)
	}
}

// Who waited for a lock sees what the other side did while it waited.
func TestBatchSeesWhatItWaitedFor(t *testing.T) {
	db, ctx := postgrestest.Open(t), t.Context()
	holds, waited := make(chan struct{}), make(chan error, 1)
	seen := 0
	go func() {
		<-holds
		b := &pgx.Batch{}
		postgres.Queue(b, postgres.Lock, "test", "x")
		postgres.Queue(b, `SELECT count(*) FROM settings`).QueryRow(func(row pgx.Row) error { return row.Scan(&seen) })
		waited <- db.Batch(ctx, b)
	}()
	err := db.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, postgres.Lock, "test", "x"); err != nil {
			return err
		}
		close(holds)
		const waiting = `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`
		for blocked := false; !blocked; {
			if err := tx.QueryRow(ctx, waiting).Scan(&blocked); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO settings (name, value) VALUES ('made meanwhile', '')`)
		return err
	})
	if err := errors.Join(err, <-waited); err != nil || seen != 1 {
		t.Errorf("saw %d rows, want 1; %v", seen, err)
	}
}

func TestWithin(t *testing.T) {
	ctx, done := postgres.Within(t.Context())
	defer done()
	if _, ok := ctx.Deadline(); !ok {
		t.Error("no deadline")
	}
	mine, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if got, done := postgres.Within(mine); got != mine {
		t.Error("the caller's deadline was replaced")
	} else {
		done()
	}
}
