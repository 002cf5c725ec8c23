package accounts_test

import (
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/auth/storetest"
	"github.com/parley-im/parley/internal/postgres/accounts"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (one, other auth.Store) {
		address := postgrestest.URL(t)
		return accounts.New(postgrestest.Connect(t, address)), accounts.New(postgrestest.Connect(t, address))
	})
}

func TestSessions(t *testing.T) {
	storetest.RunSessions(t, func(t *testing.T) (one, other scs.CtxStore) {
		address := postgrestest.URL(t)
		return accounts.NewSessions(postgrestest.Connect(t, address)), accounts.NewSessions(postgrestest.Connect(t, address))
	})
}

func TestEndedSessionsKeepNothing(t *testing.T) {
	db := postgrestest.Open(t)
	s := accounts.NewSessions(db)
	for token, until := range map[string]time.Time{"a": time.Now().Add(time.Hour), "old": time.Now().Add(-time.Second)} {
		if err := s.CommitCtx(t.Context(), token, []byte("secret"), until); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteCtx(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	var rows, bytes int
	const query = `SELECT count(*), sum(length(data)) FROM sessions`
	if err := db.Pool.QueryRow(t.Context(), query).Scan(&rows, &bytes); err != nil || rows != 1 || bytes != 0 {
		t.Errorf("%d rows are kept, with %d bytes, %v", rows, bytes, err)
	}
}

func TestIdleSessionsAreNotWrittenOnEachRequest(t *testing.T) {
	db := postgrestest.Open(t)
	s := accounts.NewSessions(db)
	start := time.Now().Add(12 * time.Hour)
	until := func() (at int64) {
		t.Helper()
		err := db.Row(t.Context(), func(row pgx.Row) error { return row.Scan(&at) }, `SELECT expires_at FROM sessions`)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, step := range []struct {
		later time.Duration
		want  time.Duration
	}{{0, 0}, {time.Minute, 0}, {4 * time.Minute, 0}, {6 * time.Minute, 6 * time.Minute}} {
		if err := s.CommitCtx(t.Context(), "a", []byte("1"), start.Add(step.later)); err != nil {
			t.Fatal(err)
		}
		if got, want := until(), start.Add(step.want).UnixMicro(); got != want {
			t.Errorf("after %v the session ends %v later than it should", step.later, time.Duration(got-want)*time.Microsecond)
		}
	}
}

func TestTheAuditStays(t *testing.T) {
	db := postgrestest.Open(t)
	if err := accounts.New(db).Record(t.Context(), auth.Entry{At: time.Now(), User: "ann", Action: "a"}); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{`UPDATE audit SET username = 'x'`, `DELETE FROM audit`, `TRUNCATE audit`} {
		if _, err := db.Exec(t.Context(), query); err == nil {
			t.Errorf("%s: went through", query)
		}
	}
}
