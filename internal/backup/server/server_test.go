package server_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/backup"
	"github.com/parley-im/parley/internal/backup/folder"
	"github.com/parley-im/parley/internal/backup/server"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

var options = backup.Options{Program: "test", Now: time.Unix(1_800_000_000, 0), Config: []byte("listen: 127.0.0.1:1\n")}

func exec(t *testing.T, db *postgres.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Pool.Exec(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// fill puts something into tables of each kind: numbers that are made, texts, bytes,
// references, a trigger that refuses changes, and what migrations themselves put in.
func fill(t *testing.T, db *postgres.DB) {
	t.Helper()
	exec(t, db, `INSERT INTO users (id, username, name, role, password, created_at) VALUES ('u', 'ada', 'Ada', 'owner', 'x', 1)`)
	exec(t, db, `INSERT INTO api_keys (id, hash, name, prefix, permissions, user_id, created_at) VALUES ('k', '\x00ff', 'k', 'p', '', 'u', 1)`)
	exec(t, db, `INSERT INTO audit (at, user_id, username, key_id, action, target, request) SELECT n, 'u', 'ada', '', 'did', 'it', '' FROM generate_series(1, 50) n`)
	exec(t, db, `INSERT INTO conversations (channel, chat, thread, last_at) SELECT 'c', n::text, '', n FROM generate_series(1, 100) n`)
	exec(t, db, `INSERT INTO turns (conversation, reply_key, state, answer, received_at, taken_at)
		SELECT id, 'r' || id, 'done', '{"text": "答案 ✓"}', 1, 1 FROM conversations`)
	exec(t, db, `INSERT INTO prompt_versions (name, version, text, author, note, created_at) VALUES ('answer', 1, E'be\tkind\\\n', 'a', '', 1)`)
	exec(t, db, `INSERT INTO active_prompts (name, version) VALUES ('answer', 1)`)
	exec(t, db, `INSERT INTO collections (id, name, note, created_at) VALUES ('c', 'help', '', now())`)
	exec(t, db, `INSERT INTO spaces (model, dimensions, serving) VALUES ('m', 768, true)`)
	exec(t, db, `INSERT INTO vectors (chunk, space, collection, data) SELECT n, s.num, c.num, (SELECT array_agg(sin(n * d)) FROM generate_series(1, 768) d)::real[]::halfvec
		FROM generate_series(1, 300) n, spaces s, collections c`)
	exec(t, db, `UPDATE library_state SET value = '301' WHERE name = 'next_chunk'`) // a row that a migration made
	noise := make([]byte, 5<<20)                                                    // of the size of one piece and more, so that pieces begin amid a row
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	exec(t, db, `INSERT INTO files (key, size) VALUES ('ab/file', 1)`)
	for n := range 2 {
		exec(t, db, `INSERT INTO file_pieces (key, n, data) VALUES ('ab/file', $1, $2)`, n, noise)
	}
}

// state is the content of each table as one hash, and where its sequences stand.
func state(t *testing.T, db *postgres.DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	rows, err := db.Pool.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version'`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		var sum string
		query := fmt.Sprintf(`SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM %s t`, pgx.Identifier{name}.Sanitize())
		if err := db.Pool.QueryRow(t.Context(), query).Scan(&sum); err != nil {
			t.Fatal(err)
		}
		all[name] = sum
	}
	rows, err = db.Pool.Query(t.Context(), `SELECT sequencename, coalesce(last_value, 0)::text FROM pg_sequences WHERE sequencename <> 'goose_db_version_id_seq'`)
	if err != nil {
		t.Fatal(err)
	}
	var name, at string
	if _, err := pgx.ForEachRow(rows, []any{&name, &at}, func() error { all["sequence "+name] = at; return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, sum := range want {
		if got[name] != sum {
			t.Errorf("%s: %q, want %q", name, got[name], sum)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d tables, want %d", len(got), len(want))
	}
}

func archive(t *testing.T, db *postgres.DB) (backup.Manifest, []byte) {
	t.Helper()
	var out bytes.Buffer
	m, err := backup.Make(t.Context(), &out, server.New(db), options)
	if err != nil {
		t.Fatal(err)
	}
	return m, out.Bytes()
}

func restore(t *testing.T, text []byte, e backup.Engine, force bool) error {
	t.Helper()
	_, err := backup.Restore(t.Context(), bytes.NewReader(text), e, force)
	return err
}

func TestEverythingComesBack(t *testing.T) {
	db := postgrestest.Open(t)
	fill(t, db)
	want := state(t, db)
	_, text := archive(t, db)
	to := open(t, postgrestest.Empty(t))
	if err := restore(t, text, server.New(to), false); err != nil {
		t.Fatal(err)
	}
	same(t, state(t, to), want)
	exec(t, to, `INSERT INTO conversations (channel, chat, thread, last_at) VALUES ('c', 'new', '', 1)`) // takes the next number
	if _, err := to.Pool.Exec(t.Context(), `DELETE FROM audit`); err == nil {
		t.Error("the audit's trigger was not switched on again")
	}
	if err := to.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhileItIsWrittenTo(t *testing.T) {
	db := postgrestest.Open(t)
	fill(t, db)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ { // pairs in one transaction
				err := db.InTx(ctx, func(tx pgx.Tx) error {
					_, err := tx.Exec(ctx, `INSERT INTO settings (name, value) VALUES ($1, ''), ($2, '')`, fmt.Sprintf("left-%d-%d", w, i), fmt.Sprintf("right-%d-%d", w, i))
					if err == nil { // and a child after its parent
						_, err = tx.Exec(ctx, `WITH c AS (INSERT INTO conversations (channel, chat, thread, last_at) VALUES ('w', $1, '', 1) RETURNING id)
							INSERT INTO messages (channel, id, conversation, state, text, body, sent_at, received_at, sender_id, sender_name)
							SELECT 'w', $1, id, 'done', '', '', 1, 1, '', '' FROM c`, fmt.Sprintf("%d-%d", w, i))
					}
					return err
				})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var text []byte
	for range 3 {
		_, text = archive(t, db)
	}
	stop()
	writers.Wait()
	to := open(t, postgrestest.Empty(t))
	if err := restore(t, text, server.New(to), false); err != nil {
		t.Fatal(err)
	}
	var pairs, odd, orphans int
	err := to.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM settings WHERE name LIKE 'left-%'),
		(SELECT count(*) FROM settings a WHERE name LIKE 'left-%' AND NOT EXISTS (SELECT FROM settings b WHERE b.name = 'right-' || substr(a.name, 6))),
		(SELECT count(*) FROM conversations c WHERE channel = 'w' AND NOT EXISTS (SELECT FROM messages WHERE conversation = c.id))`).Scan(&pairs, &odd, &orphans)
	if err != nil || pairs == 0 || odd != 0 || orphans != 0 {
		t.Errorf("%d pairs, %d halves, %d conversations without their message, %v", pairs, odd, orphans, err)
	}
}

func TestRefusesAndPutsAside(t *testing.T) {
	db := postgrestest.Open(t)
	_, text := archive(t, db)
	to := open(t, postgrestest.URL(t)+"&application_name=test")
	fill(t, to)
	before := state(t, to)
	if err := restore(t, text, server.New(to), false); !errors.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "--force") {
		t.Errorf("over tables: %v", err)
	}
	other := open(t, to.Pool.Config().ConnString()+"&application_name=parley")
	exec(t, other, "SELECT 1")
	if err := restore(t, text, server.New(to), true); !errors.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "replicas") {
		t.Errorf("under a server's feet: %v", err)
	}
	_ = other.Close()
	same(t, state(t, to), before)
	if err := restore(t, text, server.New(to), true); err != nil {
		t.Fatal(err)
	}
	same(t, state(t, to), state(t, db))
	var n int
	err := to.Pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE schemaname LIKE 'parley_replaced_%' AND tablename = 'users'`).Scan(&n)
	if err != nil || n != 1 {
		t.Errorf("what was there is not kept: %d, %v", n, err)
	}
}

// repack alters one archive: change may alter or drop (nil) each entry.
func repack(t *testing.T, text []byte, change func(h *tar.Header, text []byte) []byte) []byte {
	t.Helper()
	in, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	gz := gzip.NewWriter(&out)
	from, to := tar.NewReader(in), tar.NewWriter(gz)
	for h, err := from.Next(); err == nil; h, err = from.Next() {
		text, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		if text = change(h, text); text == nil {
			continue
		}
		h.Size = int64(len(text))
		if err := to.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(to.Close(), gz.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBadArchivesChangeNothing(t *testing.T) {
	db := postgrestest.Open(t)
	fill(t, db)
	_, good := archive(t, db)
	to := open(t, postgrestest.URL(t)+"&application_name=test")
	fill(t, to)
	before := state(t, to)
	tests := []struct {
		name string
		text []byte
		want string
	}{
		{"cut", good[:len(good)/2], "cut short"},
		{"changed", repack(t, good, func(h *tar.Header, text []byte) []byte {
			if h.Name == "tables/users/000001" {
				text[30] ^= 1
			}
			return text
		}), "sha256 differs"},
		{"a piece missing", repack(t, good, func(h *tar.Header, text []byte) []byte {
			if h.Name == "tables/file_pieces/000002" {
				return nil
			}
			return text
		}), "not where it belongs"},
		{"nothing", nil, "not an archive"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := restore(t, test.text, server.New(to), true); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			same(t, state(t, to), before)
		})
	}
}

// breaking is a Postgres that fails when the last table is full.
type breaking struct{ backup.Engine }

type breakingLoader struct{ backup.Loader }

func (b breaking) Begin(ctx context.Context, m backup.Manifest, force bool) (backup.Loader, error) {
	l, err := b.Engine.Begin(ctx, m, force)
	return breakingLoader{l}, err
}

func (breakingLoader) Finish(context.Context) error { return errors.New("the lights went out") }

func TestWhatWasThereComesBackAfterAFailure(t *testing.T) {
	db := postgrestest.Open(t)
	_, text := archive(t, db)
	for _, empty := range []bool{true, false} {
		url := postgrestest.Empty(t)
		to := open(t, url+"&application_name=test")
		if !empty {
			if _, _, err := to.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			fill(t, to)
		}
		before := state(t, to)
		if err := restore(t, text, breaking{server.New(to)}, true); err == nil || !strings.Contains(err.Error(), "lights") {
			t.Errorf("got %v", err)
		}
		same(t, state(t, to), before)
		var n int
		if err := to.Pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'parley%'`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d schemas are left, %v", n, err)
		}
	}
}

func TestOtherEngine(t *testing.T) {
	db := postgrestest.Open(t)
	_, text := archive(t, db)
	dir := t.TempDir()
	if err := restore(t, text, folder.New(dir), true); !errors.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "backup of postgres") {
		t.Errorf("got %v", err)
	}
}
