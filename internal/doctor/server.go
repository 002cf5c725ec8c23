package doctor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
)

// server is what Postgres tells of itself.
type server struct {
	version    string
	number     int // 170002
	encoding   string
	fsync      bool
	commit     string // synchronous_commit
	standby    bool
	most, used int    // connections
	secondLock bool   // searches go on as a role that sees only what they are for
	vector     string // of the extension in this database, "" if it is not made
	vectorCan  string // that CREATE or ALTER EXTENSION would give, "" if not installed
	clock      time.Time
}

const sqlServer = `SELECT current_setting('server_version'), current_setting('server_version_num')::int,
	pg_encoding_to_char(encoding), current_setting('fsync') = 'on', current_setting('synchronous_commit'), pg_is_in_recovery(),
	current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
	to_regclass('chunks') IS NULL OR
		coalesce((SELECT pg_has_role(oid, 'SET') AND has_table_privilege(oid, to_regclass('chunks'), 'SELECT') FROM pg_roles WHERE rolname = 'parley_search' AND NOT rolsuper AND NOT rolbypassrls), false),
	coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'), ''),
	coalesce((SELECT default_version FROM pg_available_extensions WHERE name = 'vector'), ''), clock_timestamp()
	FROM pg_database WHERE datname = current_database()`

// oldest is the oldest server that Parley was ever tried with.
const oldest = 17

// Postgres looks at the database server. meaning: passages are to be found by meaning,
// so the extension for vectors is needed.
func Postgres(ctx context.Context, db *postgres.DB, meaning bool) []Finding {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var s server
	if err := db.Pool.Ping(ctx); err != nil { // connects, so that the next call only asks
		return []Finding{Failed("database", err, "See that the server runs, that the address in \"database\" is right and that a firewall lets you through.")}
	}
	began := time.Now()
	err := db.Row(ctx, func(r pgx.Row) error {
		return r.Scan(&s.version, &s.number, &s.encoding, &s.fsync, &s.commit, &s.standby, &s.most, &s.used, &s.secondLock, &s.vector, &s.vectorCan, &s.clock)
	}, sqlServer)
	took := time.Since(began)
	if err != nil {
		return []Finding{Failed("database", err, "The server answers, but not to this question. Is it really Postgres?")}
	}
	list := append(s.findings(meaning, took), skew(s.clock.Sub(began.Add(took/2)), took))
	return append(list, schema(ctx, db))
}

func schema(ctx context.Context, db *postgres.DB) Finding {
	have, want, err := db.Version(ctx)
	switch {
	case err != nil:
		return Failed("schema", err, "May this user read the tables? They should belong to it.")
	case have < want:
		return broken("schema", fmt.Sprintf("the tables are at version %d, this program needs %d", have, want), "Run \"parley migrate\" (after \"parley backup\").").coded("schema_old", "have", have, "want", want)
	case have > want:
		return broken("schema", fmt.Sprintf("the tables are at version %d, this program knows %d at most", have, want),
			"Start the newer program that wrote them, or restore a backup from before the upgrade.").coded("schema_new", "have", have, "want", want)
	}
	return Fine("schema", "the tables are at version %d, as this program needs them", have)
}

func (s server) findings(meaning bool, took time.Duration) []Finding {
	var list []Finding
	where := fmt.Sprintf("Postgres %s answers after %v", s.version, took.Round(10*time.Microsecond))
	switch {
	case s.standby:
		list = append(list, broken("database", where+", but it is a standby and takes no writes", "Point \"database\" at the primary.").coded("database_standby"))
	case s.encoding != "UTF8":
		list = append(list, broken("database", where+", but this database holds "+s.encoding, "Make the database anew with: createdb --encoding=UTF8 --template=template0 NAME").coded("database_encoding", "encoding", s.encoding))
	case s.number/10000 < oldest:
		list = append(list, mind("database", where, fmt.Sprintf("Parley is tested with version %d. Upgrade the server.", oldest)).coded("database_old", "version", s.version, "tested", oldest))
	default:
		list = append(list, Fine("database", "%s", where))
	}
	if !s.fsync || s.commit == "off" {
		list = append(list, mind("durability", fmt.Sprintf("fsync is %t, synchronous_commit is %s", s.fsync, s.commit),
			"A message that was confirmed may be lost when the server's machine fails. Set both to on.").coded("durability", "fsync", s.fsync, "commit", s.commit))
	}
	if free := s.most - s.used; free < s.most/5 {
		list = append(list, mind("connections", fmt.Sprintf("%d of %d are used", s.used, s.most),
			"Each replica takes up to 16 and one more for live updates. Raise max_connections, or lower them with ?pool_max_conns=8 in \"database\".").coded("connections", "used", s.used, "most", s.most))
	} else {
		list = append(list, Fine("connections", "%d of %d are used", s.used, s.most))
	}
	if !s.secondLock {
		list = append(list, mind("second lock", "searches are held to their collections by their filters alone: the role parley_search is missing or may not be used",
			"As a superuser: CREATE ROLE parley_search NOLOGIN; GRANT parley_search TO <the user of Parley>; "+
				"GRANT SELECT ON collections, documents, chunks, postings, purges, vectors, vector_counts, spaces TO parley_search;").coded("second_lock"))
	} else {
		list = append(list, Fine("second lock", "searches run as a role that sees their collections only"))
	}
	return append(list, vector(s.vector, s.vectorCan, meaning))
}

// vector judges the extension pgvector: have is in the database, can is what the
// server could put there.
func vector(have, can string, meaning bool) Finding {
	const check = "pgvector"
	if have == "" {
		switch {
		case !meaning:
			return Fine(check, "not in this database, and not needed while no embedder is configured")
		case can == "":
			return broken(check, "the server does not have it, so passages are found by words alone", "Install pgvector 0.8.4 or later on the server and run \"parley migrate\".").coded("pgvector_missing")
		}
		return broken(check, "it is on the server and not in this database", "As a superuser: CREATE EXTENSION vector; then run \"parley migrate\".").coded("pgvector_not_made")
	}
	detail := "version " + have
	advice := "Upgrade it on the server to 0.8.4 or later, then: ALTER EXTENSION vector UPDATE; and REINDEX the vector indexes."
	if can != have && can != "" {
		detail += fmt.Sprintf(" in this database, %s on the server", can)
		if !older(can, "0.8.4") {
			advice = "Run: ALTER EXTENSION vector UPDATE; and REINDEX vector indexes that were built before the server's upgrade."
		}
	}
	switch {
	case older(have, "0.8.0"):
		return broken(check, detail+" cannot go on searching behind a filter (hnsw.iterative_scan)", advice).coded("pgvector_old", "version", have)
	case older(have, "0.8.2"):
		return mind(check, detail+" can write past a buffer when several workers build an HNSW index (fixed in 0.8.2), and spoil it when it is vacuumed (fixed in 0.8.3 and 0.8.4); Parley builds with one worker", advice).coded("pgvector_build", "version", have)
	case older(have, "0.8.4"):
		return mind(check, detail+" can spoil an HNSW index when it is vacuumed (fixed in 0.8.3 and 0.8.4)", advice).coded("pgvector_vacuum", "version", have)
	}
	return Fine(check, "%s", detail)
}

// older compares versions such as 0.8.10 by their numbers.
func older(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		if m, n := number(x, i), number(y, i); m != n {
			return m < n
		}
	}
	return false
}

func number(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.Atoi(parts[i])
	if errors.Is(err, strconv.ErrSyntax) {
		return 0
	}
	return n
}

// mostSkew is how far two clocks may be apart. Leases go by the clock of the database
// alone; what suffers is "too old to answer" and the times that people read.
const mostSkew = 2 * time.Second

func skew(by, took time.Duration) Finding {
	off := by.Abs()
	if off > mostSkew+took {
		ahead := "ahead of"
		if by < 0 {
			ahead = "behind"
		}
		return mind("clock", fmt.Sprintf("the database is %v %s this machine", off.Round(time.Millisecond), ahead), "Let both follow NTP (chrony or systemd-timesyncd).").coded("clock", "apart", off.Round(time.Millisecond))
	}
	return Fine("clock", "within %v of the database", max(off, took).Round(time.Millisecond))
}
