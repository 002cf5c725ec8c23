package doctor

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/diskspace"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/redistest"
)

func TestVector(t *testing.T) {
	tests := []struct {
		have, can string
		meaning   bool
		level     Level
		want      string
	}{
		{"", "", false, OK, "not needed"},
		{"", "", true, Fail, "Install pgvector"},
		{"", "0.8.4", true, Fail, "CREATE EXTENSION"},
		{"0.7.4", "0.7.4", true, Fail, "iterative_scan"},
		{"0.8.0", "0.8.0", true, Warn, "several workers"},
		{"0.8.1", "0.8.1", false, Warn, "0.8.4 or later"},
		{"0.8.2", "0.8.2", true, Warn, "vacuumed"},
		{"0.8.0", "0.8.6", true, Warn, "Run: ALTER EXTENSION"},
		{"0.8.4", "0.8.4", true, OK, "0.8.4"},
		{"0.8.10", "0.8.10", true, OK, "0.8.10"},
		{"1.0", "1.0", true, OK, "1.0"},
	}
	for _, test := range tests {
		f := vector(test.have, test.can, test.meaning)
		if f.Level != test.level || !strings.Contains(f.Detail+" "+f.Advice, test.want) || (f.Level != OK) != (f.Advice != "") {
			t.Errorf("%q of %q: %+v, want %s and %q", test.have, test.can, f, test.level, test.want)
		}
	}
}

func TestServerFindings(t *testing.T) {
	good := server{version: "17.2", number: 170002, encoding: "UTF8", fsync: true, commit: "on", secondLock: true, most: 97, used: 5, vector: "0.8.4", vectorCan: "0.8.4"}
	tests := []struct {
		name   string
		change func(*server)
		check  string
		level  Level
	}{
		{"as it should be", func(*server) {}, "", OK},
		{"a standby", func(s *server) { s.standby = true }, "database", Fail},
		{"Latin 1", func(s *server) { s.encoding = "LATIN1" }, "database", Fail},
		{"old", func(s *server) { s.number = 150004 }, "database", Warn},
		{"not synced", func(s *server) { s.fsync = false }, "durability", Warn},
		{"not waited for", func(s *server) { s.commit = "off" }, "durability", Warn},
		{"crowded", func(s *server) { s.used = 90 }, "connections", Warn},
		{"no second lock", func(s *server) { s.secondLock = false }, "second lock", Warn},
	}
	for _, test := range tests {
		s := good
		test.change(&s)
		for _, f := range s.findings(true, time.Millisecond) {
			want := OK
			if f.Check == test.check {
				want = test.level
			}
			if f.Level != want || (f.Level != OK) != (f.Advice != "") {
				t.Errorf("%s: %+v, want %s", test.name, f, want)
			}
		}
	}
}

func TestSkewAndRoom(t *testing.T) {
	for by, want := range map[time.Duration]Level{0: OK, time.Second: OK, -3 * time.Second: Warn, time.Hour: Warn} {
		if f := skew(by, time.Millisecond); f.Level != want {
			t.Errorf("%v: %+v", by, f)
		}
	}
	for free, want := range map[uint64]Level{50 << 30: OK, 3 << 30: Warn, 1 << 30: Warn, 1 << 20: Fail} {
		if f := room(diskspace.Space{Free: free, Total: 100 << 30}, "d"); f.Level != want {
			t.Errorf("%d: %+v", free, f)
		}
	}
}

func TestRealServers(t *testing.T) {
	db := postgrestest.Open(t)
	list := Postgres(t.Context(), db, false)
	for _, want := range []string{"database", "connections", "second lock", "pgvector", "clock", "schema"} {
		i := slices.IndexFunc(list, func(f Finding) bool { return f.Check == want })
		if i < 0 || list[i].Level == Fail {
			t.Errorf("%s: %+v", want, list)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if list := Postgres(t.Context(), db, false); len(list) != 1 || list[0].Level != Fail || list[0].Advice == "" {
		t.Errorf("closed: %+v", list)
	}
	if list := Redis(t.Context(), redistest.Start(t)); list[0].Level == Fail || !strings.Contains(list[0].Detail, "version") {
		t.Errorf("redis: %+v", list)
	}
	if list := Redis(t.Context(), "redis://127.0.0.1:1"); list[0].Level != Warn || list[0].Advice == "" {
		t.Errorf("no redis: %+v", list)
	}
	if list := Redis(t.Context(), "http://secret@x"); list[0].Level != Fail || strings.Contains(list[0].Detail, "secret") {
		t.Errorf("no address: %+v", list)
	}
}

func TestAnswers(t *testing.T) {
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte("{\"ok\":true}\n"))
	}))
	if f := Answers(t.Context(), s.URL+"/healthz"); f.Level != OK {
		t.Errorf("%+v", f)
	}
	status = http.StatusServiceUnavailable
	if f := Answers(t.Context(), s.URL+"/readyz"); f.Level != Fail || !strings.Contains(f.Detail, "503") {
		t.Errorf("%+v", f)
	}
	s.Close()
	for _, url := range []string{s.URL, "::"} {
		if f := Answers(t.Context(), url); f.Level != Fail || f.Advice == "" {
			t.Errorf("%+v", f)
		}
	}
}
