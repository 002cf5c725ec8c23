package postgrestest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Each test has a database of its own, complete and empty.
func TestDatabasesAreApart(t *testing.T) {
	a, b := postgrestest.Open(t), postgrestest.Open(t)
	if _, err := a.Exec(t.Context(), `INSERT INTO settings (name, value) VALUES ('a', 'b')`); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		address string
		want    int
	}{"a": {a.Pool.Config().ConnString(), 1}, "b": {b.Pool.Config().ConnString(), 0}} {
		n := -1
		if err := postgrestest.Connect(t, x.address).Pool.QueryRow(t.Context(), `SELECT count(*) FROM settings`).Scan(&n); err != nil || n != x.want {
			t.Errorf("%s has %d settings, %v; want %d", name, n, err, x.want)
		}
	}
	if err := a.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
