// Package server backs up and restores an installation in a Postgres database,
// without any program of Postgres on this machine.
//
// server.go reads all tables in one transaction; load.go fills the tables of a schema
// that migrations made; objects.go moves what was there before out of the way.
package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/backup"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

// piece is how much of a table goes into one part: a tar wants to know the size of
// what comes, and this much is held to find it out.
const piece = 4 << 20

// Engine is an installation in a database of a server. Uploaded files are rows there.
type Engine struct{ db *postgres.DB }

// New returns the installation in db, which may be empty.
func New(db *postgres.DB) Engine { return Engine{db} }

var _ backup.Engine = Engine{}

func (e Engine) About(ctx context.Context) (m backup.Manifest, err error) {
	m.Engine = "postgres"
	have, want, err := e.db.Version(ctx)
	if err != nil {
		return m, err
	}
	if have > want {
		return m, backup.TooNew(have, want)
	}
	m.Schema = have
	const query = `SELECT current_setting('server_version') || coalesce(', pgvector ' || (SELECT extversion FROM pg_extension WHERE extname = 'vector'), '')`
	if err := e.db.Pool.QueryRow(ctx, query).Scan(&m.Server); err != nil {
		return m, fmt.Errorf("ask database: %w", postgres.Fault(err))
	}
	return m, nil
}

// connect makes a connection of our own: copying takes longer than the limits of the
// server's sessions allow.
func (e Engine) connect(ctx context.Context, name string) (*pgx.Conn, error) {
	c := e.db.Pool.Config().ConnConfig.Copy()
	for _, limit := range []string{"statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout"} {
		if _, set := c.RuntimeParams[limit]; set {
			c.RuntimeParams[limit] = "0"
		}
	}
	c.RuntimeParams["application_name"] = name
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to database: %w", postgres.Fault(err))
	}
	return conn, nil
}

// hangUp closes conn even where ctx has ended.
func hangUp(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return conn.Close(ctx)
}

// sqlTables names the tables of the current schema with the columns that are stored:
// no partitions (their parent speaks for them), nothing that belongs to an extension,
// and not the record of migrations, which migrating makes anew.
const sqlTables = `SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
	WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'goose_db_version'
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
	GROUP BY c.relname`

const sqlReferences = `SELECT DISTINCT r.conrelid::regclass::text, r.confrelid::regclass::text FROM pg_constraint r
	WHERE r.contype = 'f' AND r.conrelid <> r.confrelid AND r.conparentid = 0 AND r.connamespace = current_schema()::regnamespace`

// tables returns the tables, each after those that it refers to.
func tables(ctx context.Context, conn *pgx.Conn) ([]backup.Table, error) {
	rows, err := conn.Query(ctx, sqlTables)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", postgres.Fault(err))
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (t backup.Table, err error) {
		return t, r.Scan(&t.Name, &t.Columns)
	})
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", postgres.Fault(err))
	}
	rows, err = conn.Query(ctx, sqlReferences)
	if err != nil {
		return nil, fmt.Errorf("list references: %w", postgres.Fault(err))
	}
	needs := map[string][]string{}
	var child, parent string
	_, err = pgx.ForEachRow(rows, []any{&child, &parent}, func() error {
		needs[child] = append(needs[child], parent)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list references: %w", postgres.Fault(err))
	}
	return order(all, needs)
}

// order sorts by name, but each table after those that it needs.
func order(all []backup.Table, needs map[string][]string) ([]backup.Table, error) {
	slices.SortFunc(all, func(a, b backup.Table) int { return strings.Compare(a.Name, b.Name) })
	var sorted []backup.Table
	placed := map[string]bool{}
	for len(all) > 0 {
		rest := all[:0:0]
		for _, t := range all {
			if slices.ContainsFunc(needs[t.Name], func(n string) bool { return !placed[n] }) {
				rest = append(rest, t)
				continue
			}
			placed[t.Name] = true
			sorted = append(sorted, t)
		}
		if len(rest) == len(all) {
			return nil, fmt.Errorf("tables refer to each other in a circle: %s and others", rest[0].Name)
		}
		all = rest
	}
	return sorted, nil
}

// dump reads all tables in one transaction, which sees the database as it is when the
// transaction begins, while others write on. The binary format gives each number back
// exactly; and a million vectors take 2 kB each in it and some 10 kB as text.
func (e Engine) Dump(ctx context.Context, w *backup.Writer, m *backup.Manifest) (err error) {
	if m.Schema == 0 {
		return fault.Say(fault.NotFound, "no_database", "The database has no tables of Parley. See that the configuration names the right one.")
	}
	conn, err := e.connect(ctx, "parley backup")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hangUp(ctx, conn)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("begin: %w", postgres.Fault(err))
	}
	defer func() {
		later, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if e := tx.Rollback(later); e != nil && err == nil {
			err = fmt.Errorf("end reading: %w", postgres.Fault(e))
		}
	}()
	// a policy must not leave rows out in silence: with this it is an error
	if _, err := tx.Exec(ctx, "SET LOCAL row_security = off"); err != nil {
		return fmt.Errorf("set up reading: %w", postgres.Fault(err))
	}
	if m.Tables, err = tables(ctx, conn); err != nil {
		return err
	}
	if err := e.still(ctx, tx, m); err != nil {
		return err
	}
	for i := range m.Tables {
		if err := copyOut(ctx, conn, w, &m.Tables[i]); err != nil {
			return err
		}
	}
	if m.Sequences, err = sequences(ctx, conn); err != nil {
		return err
	}
	return nil
}

// still holds the tables as they are, and checks that nobody migrated since m was made.
func (e Engine) still(ctx context.Context, tx pgx.Tx, m *backup.Manifest) error {
	var names []string
	for _, t := range m.Tables {
		names = append(names, pgx.Identifier{t.Name}.Sanitize())
	}
	if _, err := tx.Exec(ctx, "LOCK TABLE "+strings.Join(names, ", ")+" IN ACCESS SHARE MODE"); err != nil {
		return fmt.Errorf("hold tables: %w", postgres.Fault(err))
	}
	have, _, err := e.db.Version(ctx)
	if err != nil {
		return err
	}
	if have != m.Schema {
		return fault.Say(fault.Unavailable, "migrating", "The database was migrated just now. Start the backup again.")
	}
	return nil
}

// copyOut adds one table in pieces.
func copyOut(ctx context.Context, conn *pgx.Conn, w *backup.Writer, t *backup.Table) error {
	out := &pieces{ctx: ctx, w: w, t: t}
	query := "COPY (SELECT " + columns(*t) + " FROM " + pgx.Identifier{t.Name}.Sanitize() + ") TO STDOUT (FORMAT binary)"
	tag, err := conn.PgConn().CopyTo(ctx, out, query)
	if err == nil {
		err = out.flush()
	}
	if err != nil {
		return fmt.Errorf("read table %s: %w", t.Name, postgres.Fault(err))
	}
	t.Rows = tag.RowsAffected()
	return nil
}

func columns(t backup.Table) string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, pgx.Identifier{c}.Sanitize())
	}
	return strings.Join(names, ", ")
}

// pieces cuts a stream into parts.
type pieces struct {
	ctx context.Context
	w   *backup.Writer
	t   *backup.Table
	buf bytes.Buffer
}

func (p *pieces) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(len(rest), piece-p.buf.Len())
		p.buf.Write(rest[:n])
		rest = rest[n:]
		if p.buf.Len() == piece {
			if err := p.flush(); err != nil {
				return 0, err
			}
		}
	}
	return len(b), nil
}

func (p *pieces) flush() error {
	if p.buf.Len() == 0 {
		return nil
	}
	p.t.Parts++
	name := fmt.Sprintf("%s%s/%06d", backup.TablesDir, p.t.Name, p.t.Parts)
	err := p.w.Part(p.ctx, name, int64(p.buf.Len()), bytes.NewReader(p.buf.Bytes()))
	p.buf.Reset()
	return err
}

const sqlSequences = `SELECT sequencename, last_value FROM pg_sequences s
	WHERE schemaname = current_schema() AND last_value IS NOT NULL AND sequencename <> 'goose_db_version_id_seq' ORDER BY 1`

// sequences is read last: numbers may have been given out since, none will be twice.
func sequences(ctx context.Context, conn *pgx.Conn) ([]backup.Sequence, error) {
	rows, err := conn.Query(ctx, sqlSequences)
	if err != nil {
		return nil, fmt.Errorf("read sequences: %w", postgres.Fault(err))
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[backup.Sequence])
	if err != nil {
		return nil, fmt.Errorf("read sequences: %w", postgres.Fault(err))
	}
	return all, nil
}
