package server

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/postgres"
)

// object is something in a schema: its kind as SQL names it, and its name with
// arguments, quoted.
type object struct{ kind, name string }

// sqlObjects names what a schema holds, but for what belongs to an extension and what
// moves or goes together with its table (indexes, sequences of columns, row types).
const sqlObjects = `
	SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, quote_ident(relname)
	FROM pg_class c WHERE relnamespace = $1::text::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
			AND (d.deptype = 'e' OR relkind = 'S' AND d.deptype IN ('a', 'i')))
	UNION ALL
	SELECT 'ROUTINE', quote_ident(proname) || '(' || pg_get_function_identity_arguments(oid) || ')'
	FROM pg_proc p WHERE pronamespace = $1::text::regnamespace
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
	UNION ALL
	SELECT CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, quote_ident(typname)
	FROM pg_type t WHERE typnamespace = $1::text::regnamespace AND (typtype IN ('e', 'd', 'r') OR typtype = 'c' AND
			EXISTS (SELECT FROM pg_class WHERE oid = typrelid AND relkind = 'c'))
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')`

func objects(ctx context.Context, conn *pgx.Conn, schema string) ([]object, error) {
	rows, err := conn.Query(ctx, sqlObjects, pgx.Identifier{schema}.Sanitize())
	if err != nil {
		return nil, fmt.Errorf("look what is there: %w", postgres.Fault(err))
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (o object, err error) { return o, r.Scan(&o.kind, &o.name) })
	if err != nil {
		return nil, fmt.Errorf("look what is there: %w", postgres.Fault(err))
	}
	return all, nil
}

// move puts objects into another schema in one transaction, with statements before
// and after.
func move(ctx context.Context, conn *pgx.Conn, all []object, from, to, before string, after ...string) error {
	return inOrder(ctx, conn, func(do func(string) error) error {
		if before != "" {
			if err := do(before); err != nil {
				return err
			}
		}
		for _, o := range all {
			if err := do("ALTER " + o.kind + " " + pgx.Identifier{from}.Sanitize() + "." + o.name + " SET SCHEMA " + pgx.Identifier{to}.Sanitize()); err != nil {
				return err
			}
		}
		for _, query := range after {
			if err := do(query); err != nil {
				return err
			}
		}
		return nil
	})
}

// drop removes objects and what depends on them.
func drop(ctx context.Context, conn *pgx.Conn, all []object, schema string) error {
	return inOrder(ctx, conn, func(do func(string) error) error {
		for _, o := range all {
			if err := do("DROP " + o.kind + " IF EXISTS " + pgx.Identifier{schema}.Sanitize() + "." + o.name + " CASCADE"); err != nil {
				return err
			}
		}
		return nil
	})
}

func inOrder(ctx context.Context, conn *pgx.Conn, f func(do func(string) error) error) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		return f(func(query string) error {
			if _, err := tx.Exec(ctx, query); err != nil {
				return fmt.Errorf("change schema: %w", postgres.Fault(err))
			}
			return nil
		})
	})
}
