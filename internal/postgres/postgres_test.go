package postgres_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/testservice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMigrateIsComplete(t *testing.T) {
	db := postgrestest.Open(t)
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// Three replicas start at once on an empty database.
func TestMigrateAtOnce(t *testing.T) {
	address := postgrestest.Empty(t)
	var dbs []*postgres.DB
	for range 3 {
		dbs = append(dbs, postgrestest.Connect(t, address))
	}
	err := dbs[0].Check(t.Context())
	if code, sentence := fault.Public(err); !errors.Is(err, fault.Conflict) || code != "schema_too_old" || !strings.Contains(sentence, "parley migrate") {
		t.Errorf("an empty database gives %v, want schema_too_old", err)
	}
	var wg sync.WaitGroup
	for _, db := range dbs {
		wg.Go(func() {
			_, to, err := db.Migrate(t.Context())
			if _, want, _ := db.Version(t.Context()); err != nil || to != want {
				t.Errorf("migrated to %d, %v; want %d", to, err, want)
			}
		})
	}
	wg.Wait()
	for _, db := range dbs {
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A role that is no superuser is told what to do, and goes on from there.
func TestARoleThatMayNotCreateExtensions(t *testing.T) {
	s := postgrestest.Server(t, testservice.PostgresOptions{})
	admin, ctx := postgrestest.Connect(t, s.URL("postgres")), t.Context()
	for _, statement := range []string{`CREATE ROLE parley LOGIN`, `CREATE DATABASE parley OWNER parley`} {
		if _, err := admin.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	db := postgrestest.Connect(t, strings.Replace(s.URL("parley"), "postgres@", "parley@", 1))
	_, _, err := db.Migrate(ctx)
	if code, sentence := fault.Public(err); code != "vector_not_allowed" || !strings.Contains(sentence, "CREATE EXTENSION vector") {
		t.Errorf("got %v", err)
	}
	if _, err := postgrestest.Connect(t, s.URL("parley")).Exec(ctx, `CREATE EXTENSION vector`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Migrate(ctx); err != nil {
		t.Error(err)
	}
	if err := db.Check(ctx); err != nil {
		t.Error(err)
	}
}

func TestASchemaTooNewIsRefused(t *testing.T) {
	db := postgrestest.Open(t)
	if _, err := db.Pool.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`); err != nil {
		t.Fatal(err)
	}
	_, _, err := db.Migrate(t.Context())
	for _, err := range []error{err, db.Check(t.Context())} {
		if code, _ := fault.Public(err); code != "schema_too_new" || !errors.Is(err, fault.Conflict) {
			t.Errorf("got %v, want schema_too_new", err)
		}
	}
}

func TestLimitsOfASession(t *testing.T) {
	db := postgrestest.Connect(t, postgrestest.Empty(t)+"&lock_timeout=50ms&pool_max_conns=3")
	for name, want := range map[string]string{
		"application_name": "parley", "statement_timeout": "30s", "lock_timeout": "50ms",
		"idle_in_transaction_session_timeout": "3s", "TimeZone": "UTC", "synchronous_commit": "on",
	} {
		got := ""
		if err := db.Pool.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if got := db.Pool.Config().MaxConns; got != 3 {
		t.Errorf("%d connections at most, want 3 as in the URL", got)
	}
}

func TestFaults(t *testing.T) {
	db := postgrestest.Open(t)
	ctx := t.Context()
	exec := func(ctx context.Context, statement string) error {
		return db.InTx(ctx, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, statement); return err })
	}
	short, done := context.WithTimeout(ctx, 20*time.Millisecond)
	defer done()
	own := errors.New("own")
	for _, x := range []struct {
		name string
		got  error
		want error
	}{
		{"nothing", exec(ctx, `INSERT INTO settings VALUES ('a', 'b')`), nil},
		{"unique", exec(ctx, `INSERT INTO settings VALUES ('a', 'b')`), fault.Conflict},
		{"not null", exec(ctx, `INSERT INTO settings VALUES ('c', NULL)`), fault.Invalid},
		{"bad number", exec(ctx, `SELECT 'x'::int`), fault.Invalid},
		{"terminated", exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`), fault.Unavailable},
		{"statement timeout", exec(ctx, `SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)`), fault.Unavailable},
		{"own deadline", exec(short, `SELECT pg_sleep(5)`), fault.Unavailable},
		{"wrong SQL", exec(ctx, `SELECT x`), nil},
		{"kind of the caller", db.InTx(ctx, func(pgx.Tx) error { return errors.Join(own, fault.Denied) }), fault.Denied},
	} {
		if got := fault.Kind(x.got); got != x.want {
			t.Errorf("%s: %v is %v, want %v", x.name, x.got, got, x.want)
		}
	}
}

func TestAServerThatIsAway(t *testing.T) {
	// Bound and never accepting: nobody is there, and nobody else can be.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = postgres.Open(t.Context(), "postgres://me:secret@"+address+"/x")
	if code, sentence := fault.Public(err); code != "database_unreachable" || !strings.Contains(sentence, address) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	_, err = postgres.Open(t.Context(), "postgres://me:secret@host:notaport/x")
	if !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatTakesNoWrites(t *testing.T) {
	s := postgrestest.Server(t, testservice.PostgresOptions{Settings: map[string]string{"default_transaction_read_only": "on"}})
	_, err := postgres.Open(t.Context(), s.URL("postgres"))
	if code, _ := fault.Public(err); code != "database_read_only" || !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}

func TestItComesBackAfterARestart(t *testing.T) {
	s := postgrestest.Server(t, testservice.PostgresOptions{})
	db := postgrestest.Connect(t, s.URL("postgres"))
	if _, _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Crash(); err != nil {
		t.Fatal(err)
	}
	if err := db.Check(t.Context()); !errors.Is(err, fault.Unavailable) {
		t.Errorf("while the server is away: %v, want fault.Unavailable", err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
