// Package postgrestest gives a test a real PostgreSQL database of its own.
//
// Open and URL give a migrated one, Empty one without tables. They are databases of
// one server: the one of PARLEY_TEST_DATABASE_URL (of a superuser),
// or one that runs as long as the test process. A migrated database is a copy of a
// template and costs some 90 ms. A test that crashes the server takes a Server of its
// own. All of them skip the test where there is no server (see .ci/services), and fail
// it there if CI=true.
package postgrestest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/testservice"
)

const timeout = time.Minute

// Open returns a new, migrated database; the test's end closes and drops it.
func Open(t testing.TB) *postgres.DB {
	t.Helper()
	return Connect(t, URL(t))
}

// Connect opens the database at address once more, with a pool of its own, until the
// test's end: what another replica does.
func Connect(t testing.TB, address string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// URL returns the address of a new, migrated database; the test's end drops it.
func URL(t testing.TB) string {
	t.Helper()
	template, err := migrated()
	if err != nil {
		testservice.Missing(t, err)
	}
	return create(t, " TEMPLATE "+template)
}

// Empty returns the address of a new database without tables; the test's end drops it.
func Empty(t testing.TB) string {
	t.Helper()
	if _, err := server(); err != nil {
		testservice.Missing(t, err)
	}
	return create(t, "")
}

// Server returns a server of the test's own, whatever the environment says.
func Server(t testing.TB, o testservice.PostgresOptions) *testservice.Postgres {
	t.Helper()
	s, err := testservice.StartPostgres(o)
	if err != nil {
		testservice.Missing(t, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// running is the server that this process uses.
type running struct {
	address string
	own     *testservice.Postgres // kept: without it the server would be ended; nil if it is not ours
}

// server starts it once. Nobody stops it: it ends with the process, see testservice.
var server = sync.OnceValues(func() (*running, error) {
	if address := os.Getenv("PARLEY_TEST_DATABASE_URL"); address != "" {
		return &running{address: address}, nil
	}
	s, err := testservice.StartPostgres(testservice.PostgresOptions{})
	if err != nil {
		return nil, err
	}
	return &running{s.URL("postgres"), s}, nil
})

// migrated makes the template once and returns its name. Processes that share a server
// share the template; it stays there.
var migrated = sync.OnceValues(func() (name string, err error) {
	ctx, done := context.WithTimeout(context.Background(), timeout)
	defer done()
	print, err := postgres.Fingerprint()
	if err != nil {
		return "", err
	}
	name = "parley_template_" + print
	err = administer(ctx, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext('parley templates'))`); err != nil {
			return err
		}
		there := false
		const query = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
		if err := conn.QueryRow(ctx, query, name).Scan(&there); err != nil || there {
			return err
		}
		draft := unique() // renamed when complete: a process that dies half way leaves no false template
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+draft); err != nil {
			return err
		}
		if err := migrate(ctx, draft); err != nil {
			_, dropErr := conn.Exec(ctx, "DROP DATABASE "+draft+" WITH (FORCE)")
			return fmt.Errorf("migrate the template: %w (%v)", err, dropErr)
		}
		_, err := conn.Exec(ctx, "ALTER DATABASE "+draft+" RENAME TO "+name)
		return err
	})
	return name, err
})

func migrate(ctx context.Context, database string) error {
	address, err := within(database)
	if err != nil {
		return err
	}
	db, err := postgres.Open(ctx, address)
	if err != nil {
		return err
	}
	defer db.Pool.Close()
	_, _, err = db.Migrate(ctx)
	return err
}

// create makes a database and returns its address.
func create(t testing.TB, from string) string {
	t.Helper()
	name := unique()
	run := func(statement string) {
		t.Helper()
		ctx, done := context.WithTimeout(context.WithoutCancel(t.Context()), timeout)
		defer done()
		err := administer(ctx, func(conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE DATABASE " + name + from)
	t.Cleanup(func() { run("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	address, err := within(name)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func unique() string { return "parley_test_" + strings.ToLower(rand.Text()) }

// administer calls f with a connection that may create databases.
func administer(ctx context.Context, f func(*pgx.Conn) error) error {
	s, err := server()
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.address)
	if err != nil {
		return fmt.Errorf("connect to the test server: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return f(conn)
}

// within is the address of a database of the server.
func within(database string) (string, error) {
	s, err := server()
	if err != nil {
		return "", err
	}
	u, err := url.Parse(s.address)
	if err != nil {
		return "", fmt.Errorf("PARLEY_TEST_DATABASE_URL: %w", err)
	}
	u.Path = "/" + database
	return u.String(), nil
}
