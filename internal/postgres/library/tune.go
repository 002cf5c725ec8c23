package library

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
)

const (
	sqlUntuned = `
SELECT s.num, s.dimensions, n.vectors,
	EXISTS (SELECT 1 FROM pg_class k WHERE k.relname = 'vectors_space_' || s.num AND k.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'vectors'::regclass))
FROM spaces s, LATERAL (SELECT coalesce(sum(v.vectors), 0)::bigint AS vectors FROM vector_counts v WHERE v.space = s.num) n
WHERE NOT s.gone AND s.dimensions <= 4000 AND n.vectors >= $1 AND NOT ` + hasIndex + ` ORDER BY s.num LIMIT 1`
	sqlTryTune   = `SELECT pg_try_advisory_lock(hashtextextended('parley vector index', 0))`
	sqlEndTune   = `SELECT pg_advisory_unlock(hashtextextended('parley vector index', 0))`
	sqlVersion   = `SELECT extversion FROM pg_extension WHERE extname = 'vector'`
	sqlDropIndex = `DROP INDEX CONCURRENTLY IF EXISTS vectors_space_%d`
	// inner product: the vectors have length 1
	sqlIndex = `CREATE INDEX CONCURRENTLY vectors_space_%d ON vectors USING hnsw ((data::halfvec(%d)) halfvec_ip_ops) WITH (m = 16, ef_construction = 64) WHERE space = %[1]d`
)

// Tune makes the index of a model that has many vectors and none yet. It may take
// minutes; one process does it, and others read and write meanwhile.
func (s *Store) Tune(ctx context.Context) (err error) {
	var num, dims, vectors int
	var broken bool
	scan := func(r pgx.Row) error { return r.Scan(&num, &dims, &vectors, &broken) }
	if err := s.db.Row(ctx, scan, sqlUntuned, s.limits.indexAt); err != nil {
		return one(err, nil)
	}
	pooled, err := s.db.Pool.Acquire(ctx)
	if err != nil {
		return postgres.Fault(err)
	}
	conn := pooled.Hijack() // its settings and its lock end with it
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	mine, version := false, ""
	if err := conn.QueryRow(ctx, sqlTryTune).Scan(&mine); err != nil || !mine {
		return postgres.Fault(err)
	}
	if err := conn.QueryRow(ctx, sqlVersion).Scan(&version); err != nil {
		return postgres.Fault(err)
	}
	settings := []string{`SET statement_timeout = 0`, `SET lock_timeout = 0`, fmt.Sprintf(`SET maintenance_work_mem = '%dkB'`, graphMemory(vectors, dims))}
	if !SafeToBuildInParallel(version) {
		settings = append(settings, `SET max_parallel_maintenance_workers = 0`)
	}
	if broken { // a build that was broken off left its name behind
		settings = append(settings, fmt.Sprintf(sqlDropIndex, num))
	}
	for _, query := range append(settings, fmt.Sprintf(sqlIndex, num, dims)) {
		if _, err := conn.Exec(ctx, query); err != nil {
			return fmt.Errorf("index vectors: %w", postgres.Fault(err))
		}
	}
	_, err = conn.Exec(ctx, sqlEndTune)
	return postgres.Fault(err)
}

// graphMemory is what a graph of so many vectors takes while it is built, in kB: outside
// of memory building becomes many times slower. At most 2 GB.
func graphMemory(vectors, dims int) int {
	return min(2<<20, max(64<<10, vectors*(2*dims+600)/1000*5/4))
}

// SafeToBuildInParallel tells the versions of pgvector whose parallel build of HNSW does
// not write beyond its buffer: 0.8.2 fixed that.
func SafeToBuildInParallel(version string) bool { return atLeast(version, 0, 8, 2) }

// SafeToVacuum tells the versions of pgvector in which vacuuming an HNSW index does not
// damage it: 0.8.4 fixed the last of these.
func SafeToVacuum(version string) bool { return atLeast(version, 0, 8, 4) }

func atLeast(version string, want ...int) bool {
	for i, part := range strings.SplitN(version, ".", len(want)) {
		n, err := strconv.Atoi(part)
		if err != nil || n != want[i] {
			return err == nil && n > want[i]
		}
	}
	return true
}

// Server is what people should know of the server.
type Server struct {
	Postgres   string `json:"postgres"`    // version
	Pgvector   string `json:"pgvector"`    // version
	SecondLock bool   `json:"second_lock"` // searches run as a role that sees only what they are for
}

const sqlServer = `
SELECT current_setting('server_version'), coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'), ''),
	coalesce((SELECT pg_has_role(oid, 'SET') AND has_table_privilege(oid, 'chunks', 'SELECT') FROM pg_roles WHERE rolname = 'parley_search' AND NOT rolsuper AND NOT rolbypassrls), false)`

// Server asks the server about itself.
func (s *Store) Server(ctx context.Context) (v Server, err error) {
	err = s.db.Row(ctx, func(r pgx.Row) error { return r.Scan(&v.Postgres, &v.Pgvector, &v.SecondLock) }, sqlServer)
	return v, err
}

// Warnings are sentences about what should be changed.
func (v Server) Warnings() []string {
	var out []string
	if !SafeToBuildInParallel(v.Pgvector) {
		out = append(out, fmt.Sprintf("pgvector %s has a fault in parallel builds of HNSW indexes (fixed in 0.8.2). Parley builds with one worker; update pgvector when you can.", v.Pgvector))
	}
	if !SafeToVacuum(v.Pgvector) {
		out = append(out, fmt.Sprintf("pgvector %s may damage an HNSW index when it is vacuumed (fixed in 0.8.3 and 0.8.4). Update pgvector; then REINDEX the indexes vectors_space_*.", v.Pgvector))
	}
	if !v.SecondLock {
		out = append(out, "Searches have no second lock: the role parley_search is missing or may not be used. As a superuser run: CREATE ROLE parley_search NOLOGIN; GRANT parley_search TO <the user of Parley>; GRANT SELECT ON collections, documents, chunks, postings, purges, vectors, vector_counts, spaces TO parley_search;")
	}
	return out
}
