package accounts_test

import (
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/auth/storetest"
	"github.com/parley-im/parley/internal/sqlite/accounts"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (one, other auth.Store) {
		db := sqlitetest.Open(t)
		return accounts.New(db), accounts.New(sqlitetest.Again(t, db))
	})
}

func TestSessions(t *testing.T) {
	storetest.RunSessions(t, func(t *testing.T) (one, other scs.CtxStore) {
		db := sqlitetest.Open(t)
		return accounts.NewSessions(db), accounts.NewSessions(sqlitetest.Again(t, db))
	})
}

func TestEndedSessionsKeepNothing(t *testing.T) {
	db := sqlitetest.Open(t)
	s := accounts.NewSessions(db)
	for token, until := range map[string]time.Time{"a": time.Now().Add(time.Hour), "old": time.Now().Add(-time.Second)} {
		if err := s.CommitCtx(t.Context(), token, []byte("secret"), until); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteCtx(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	var rows int
	var kept []byte
	if err := db.Read.QueryRow(`SELECT count(*), max(data) FROM sessions`).Scan(&rows, &kept); err != nil || rows != 1 || len(kept) != 0 {
		t.Errorf("%d rows are kept, with %q, %v", rows, kept, err)
	}
}

func TestTheAuditStays(t *testing.T) {
	db := sqlitetest.Open(t)
	if err := accounts.New(db).Record(t.Context(), auth.Entry{At: time.Now(), User: "ann", Action: "a"}); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{`UPDATE audit SET username = 'x'`, `DELETE FROM audit`} {
		if _, err := db.Write.ExecContext(t.Context(), query); err == nil {
			t.Errorf("%s: went through", query)
		}
	}
}

func TestIdleSessionsAreNotWrittenOnEachRequest(t *testing.T) {
	db := sqlitetest.Open(t)
	s := accounts.NewSessions(db)
	until := func() (at int64) {
		t.Helper()
		if err := db.Read.QueryRow(`SELECT expires_at FROM sessions`).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	start := time.Now().Add(12 * time.Hour)
	for _, later := range []time.Duration{0, time.Minute, 4 * time.Minute} {
		if err := s.CommitCtx(t.Context(), "a", []byte("1"), start.Add(later)); err != nil {
			t.Fatal(err)
		}
	}
	if got := until(); got != start.UnixMicro() {
		t.Error("the session was written again within five minutes")
	}
	if err := s.CommitCtx(t.Context(), "a", []byte("1"), start.Add(6*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := until(); got != start.Add(6*time.Minute).UnixMicro() {
		t.Error("the session was not prolonged")
	}
}
