package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/backup"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
)

// tableLoader fills the tables of a schema that was just made. It loads in one
// transaction, so a restore that is broken off leaves no rows.
type tableLoader struct {
	e      Engine
	m      backup.Manifest
	conn   *pgx.Conn
	tx     pgx.Tx
	schema string
	aside  string // schema that what was there before was moved to, or ""
	forced []string
	name   string // table that is being filled
	pipe   *io.PipeWriter
	copied chan error
	rows   map[string]int64
	done   bool
}

func (e Engine) Begin(ctx context.Context, m backup.Manifest, force bool) (_ backup.Loader, err error) {
	_, want, err := e.db.Version(ctx)
	if err != nil {
		return nil, err
	}
	if m.Schema > want {
		return nil, backup.TooNew(m.Schema, want)
	}
	l := &tableLoader{e: e, m: m, rows: map[string]int64{}}
	if l.conn, err = e.connect(ctx, "parley restore"); err != nil {
		return nil, err
	}
	if err = l.prepare(ctx, force); err != nil {
		later, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return nil, errors.Join(err, l.Abandon(later))
	}
	return l, nil
}

// prepare puts aside what is there, makes the tables as they were at the backup and
// begins the transaction.
func (l *tableLoader) prepare(ctx context.Context, force bool) error {
	if err := l.conn.QueryRow(ctx, "SELECT current_schema()").Scan(&l.schema); err != nil {
		return fmt.Errorf("ask database: %w", postgres.Fault(err))
	}
	there, err := objects(ctx, l.conn, l.schema)
	if err != nil {
		l.done = true // nothing was made
		return err
	}
	if len(there) > 0 {
		if err := l.makeRoom(ctx, there, force); err != nil {
			l.done = l.aside == ""
			return err
		}
	}
	if err := l.e.db.MigrateTo(ctx, l.m.Schema); err != nil {
		return err
	}
	// its types may have been made just now, and a new connection knows them
	if l.tx, err = l.conn.Begin(ctx); err != nil {
		return fmt.Errorf("begin: %w", postgres.Fault(err))
	}
	return l.ready(ctx)
}

// makeRoom moves what is there into a schema of its own, if it may.
func (l *tableLoader) makeRoom(ctx context.Context, there []object, force bool) error {
	if !force {
		return fault.Say(fault.Conflict, "not_empty",
			"The database has tables already (schema %q). Restore into an empty database, or add --force to put these aside in a schema of their own.", l.schema)
	}
	if err := l.unused(ctx); err != nil {
		return err
	}
	aside := "parley_replaced_" + time.Now().UTC().Format("20060102t150405")
	if err := move(ctx, l.conn, there, l.schema, aside, "CREATE SCHEMA "+pgx.Identifier{aside}.Sanitize()); err != nil {
		return err
	}
	l.aside = aside
	return nil
}

const sqlOthers = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'parley' AND pid <> pg_backend_pid()`

// unused checks that no server works on the database.
func (l *tableLoader) unused(ctx context.Context) error {
	l.e.db.Pool.Reset() // our own idle connections look like a server's
	var n int
	for range 20 {
		if err := l.conn.QueryRow(ctx, sqlOthers).Scan(&n); err != nil {
			return fmt.Errorf("ask database: %w", postgres.Fault(err))
		}
		if n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fault.Say(fault.Conflict, "in_use", "Parley is running on this database (%d connections). Stop all replicas first.", n)
}

const sqlForced = `SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relforcerowsecurity AND relkind IN ('r', 'p')`

// ready empties the tables of what migrations put there, and lets no trigger or
// policy act on rows that have been through them before.
func (l *tableLoader) ready(ctx context.Context) error {
	have, err := tables(ctx, l.conn)
	if err != nil {
		return err
	}
	var all []string
	for _, t := range l.m.Tables {
		i := slices.IndexFunc(have, func(h backup.Table) bool { return h.Name == t.Name })
		if i < 0 || slices.ContainsFunc(t.Columns, func(c string) bool { return !slices.Contains(have[i].Columns, c) }) {
			return backup.Broken(fmt.Sprintf("table %s is not as schema version %d has it", t.Name, l.m.Schema), fs.ErrInvalid)
		}
		all = append(all, l.table(t.Name))
	}
	rows, err := l.conn.Query(ctx, sqlForced, l.schema)
	if err != nil {
		return fmt.Errorf("ask database: %w", postgres.Fault(err))
	}
	if l.forced, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return fmt.Errorf("ask database: %w", postgres.Fault(err))
	}
	for _, name := range all {
		if err := l.exec(ctx, "ALTER TABLE "+name+" DISABLE TRIGGER USER"); err != nil {
			return err
		}
	}
	for _, name := range l.forced {
		if err := l.exec(ctx, "ALTER TABLE "+l.table(name)+" NO FORCE ROW LEVEL SECURITY"); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return backup.Broken("it has no tables", fs.ErrInvalid)
	}
	return l.exec(ctx, "TRUNCATE "+strings.Join(all, ", "))
}

func (l *tableLoader) table(name string) string { return pgx.Identifier{l.schema, name}.Sanitize() }

func (l *tableLoader) exec(ctx context.Context, query string, args ...any) error {
	if _, err := l.conn.Exec(ctx, query, args...); err != nil {
		return fmt.Errorf("restore tables: %w", postgres.Fault(err))
	}
	return nil
}

// part feeds one piece of a table to the server.
func (l *tableLoader) Part(ctx context.Context, name string, _ int64, r io.Reader) error {
	table, number, ok := backup.CutTable(name)
	if name == backup.ConfigName {
		return nil // where it belongs is not for us to say; tar takes it out
	}
	i := slices.IndexFunc(l.m.Tables, func(t backup.Table) bool { return t.Name == table })
	if !ok || i < 0 {
		return backup.Broken(fmt.Sprintf("%q has no place in a backup of Postgres", name), fs.ErrInvalid)
	}
	if number == 1 {
		if err := l.end(); err != nil {
			return err
		}
		l.start(ctx, l.m.Tables[i])
	}
	if _, err := io.Copy(l.pipe, r); err != nil {
		return errors.Join(fmt.Errorf("fill table %s: %w", table, err), l.end())
	}
	return nil
}

// start begins to fill t; the pieces come through the pipe.
func (l *tableLoader) start(ctx context.Context, t backup.Table) {
	from, to := io.Pipe()
	l.name, l.pipe, l.copied = t.Name, to, make(chan error, 1)
	query := "COPY " + l.table(t.Name) + " (" + columns(t) + ") FROM STDIN (FORMAT binary)"
	go func() { // end waits for it
		tag, err := l.conn.PgConn().CopyFrom(ctx, from, query)
		if err == nil && tag.RowsAffected() != t.Rows {
			err = fmt.Errorf("%d rows came, %d were expected", tag.RowsAffected(), t.Rows)
		}
		if err != nil {
			err = fmt.Errorf("fill table %s: %w", t.Name, postgres.Fault(err))
			from.CloseWithError(err)
		}
		l.copied <- err
	}()
}

// end waits until the table that is being filled is full.
func (l *tableLoader) end() error {
	if l.pipe == nil {
		return nil
	}
	_ = l.pipe.Close() // never fails
	l.pipe = nil
	return <-l.copied
}

func (l *tableLoader) Finish(ctx context.Context) error {
	if err := l.end(); err != nil {
		return err
	}
	for _, s := range l.m.Sequences {
		if err := l.exec(ctx, "SELECT setval(quote_ident($1) || '.' || quote_ident($2), $3)", l.schema, s.Name, s.Value); err != nil {
			return err
		}
	}
	for _, t := range l.m.Tables {
		if err := l.exec(ctx, "ALTER TABLE "+l.table(t.Name)+" ENABLE TRIGGER USER"); err != nil {
			return err
		}
	}
	for _, name := range l.forced {
		if err := l.exec(ctx, "ALTER TABLE "+l.table(name)+" FORCE ROW LEVEL SECURITY"); err != nil {
			return err
		}
	}
	if err := l.tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", postgres.Fault(err))
	}
	l.tx = nil
	if _, _, err := l.e.db.Migrate(ctx); err != nil {
		return err
	}
	l.done = true
	// The planner knows nothing of what was loaded; without this the first hours are slow.
	return l.exec(ctx, "ANALYZE")
}

// abandon takes away what was made and puts back what was there.
func (l *tableLoader) Abandon(ctx context.Context) (err error) {
	if l.conn == nil {
		return nil
	}
	defer func() {
		err = errors.Join(err, hangUp(ctx, l.conn))
		l.conn = nil
	}()
	if l.pipe != nil {
		_ = l.pipe.CloseWithError(context.Canceled) // never fails
		l.pipe = nil
		<-l.copied
	}
	if l.done {
		return nil
	}
	// the connection may be in any state, or gone
	conn, err := l.e.connect(ctx, "parley restore")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hangUp(ctx, conn)) }()
	if err := hangUp(ctx, l.conn); err != nil {
		return fmt.Errorf("give the restore up: %w", err)
	}
	made, err := objects(ctx, conn, l.schema)
	if err != nil {
		return err
	}
	if err := drop(ctx, conn, made, l.schema); err != nil {
		return err
	}
	if l.aside == "" {
		return nil
	}
	back, err := objects(ctx, conn, l.aside)
	if err != nil {
		return err
	}
	return move(ctx, conn, back, l.aside, l.schema, "", "DROP SCHEMA "+pgx.Identifier{l.aside}.Sanitize())
}
