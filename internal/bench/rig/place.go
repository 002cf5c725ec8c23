package rig

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/internal/sqlite"
)

// Place is where an installation lives for the time of one measurement: a folder,
// and a database that is either a file in it or one of its own on a server.
type Place struct {
	Dir   string
	URL   string // of the database; "": SQLite in Dir
	admin string // of the server, to drop the database
	name  string
}

const adminTime = 30 * time.Second

// NewPlace makes a folder, and, if server is a postgres:// address, a database there.
func NewPlace(ctx context.Context, server string) (*Place, error) {
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	p := &Place{Dir: dir}
	if server == "" {
		return p, nil
	}
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.Join(fmt.Errorf("--database must be a postgres:// address"), p.Close())
	}
	p.admin, p.name = server, "parley_bench_"+strings.ToLower(rand.Text()[:12])
	if err := p.command(ctx, `CREATE DATABASE `+p.name); err != nil {
		p.name = ""
		return nil, errors.Join(err, p.Close())
	}
	u.Path = "/" + p.name
	p.URL = u.String()
	return p, nil
}

// command runs one statement on the server. The name in it is ours.
func (p *Place) command(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	c, err := pgx.Connect(ctx, p.admin)
	if err != nil {
		return fmt.Errorf("connect to the database server: %w", err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, statement); err != nil {
		return fmt.Errorf("on the database server: %w", err)
	}
	return nil
}

// Close drops the database and removes the folder.
func (p *Place) Close() error {
	var err error
	if p.name != "" {
		err = p.command(context.Background(), `DROP DATABASE IF EXISTS `+p.name+` WITH (FORCE)`)
	}
	return errors.Join(err, os.RemoveAll(p.Dir))
}

// Store names the kind of database.
func (p *Place) Store() string {
	if p.URL == "" {
		return "sqlite"
	}
	return "postgres"
}

// Process is one server on the place. config are the lines of its configuration
// but for where the data is; number tells replicas apart. All replicas share a
// database; on SQLite there can be one. The server finds its reader of PDF files
// compiled, as every one does that was started before on the same machine.
func (p *Place) Process(ctx context.Context, program []string, number int, config string) (*Process, error) {
	if p.URL == "" && number > 0 {
		return nil, errors.New("replicas need --database: SQLite has room for one process")
	}
	listen, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	data := p.Dir
	if p.URL != "" {
		data = filepath.Join(p.Dir, fmt.Sprintf("replica-%d", number))
		config = fmt.Sprintf("database: %q\nreplica: replica-%d\n%s", p.URL, number, config)
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	if err := prepare(ctx, program, data); err != nil {
		return nil, err
	}
	file := filepath.Join(p.Dir, fmt.Sprintf("config-%d.yaml", number))
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return &Process{Program: program, Config: file, Data: data, Listen: listen}, nil
}

const prepareTime = 5 * time.Minute

// prepare compiles the reader of PDF files, if that was not done on this machine,
// and lets the server on data use it.
func prepare(ctx context.Context, program []string, data string) error {
	cache := filepath.Join(data, "cache")
	if _, err := os.Lstat(cache); err == nil {
		return nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, "parley", "bench")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a cache folder: %w", err)
	}
	if err := os.Symlink(dir, cache); err != nil {
		return fmt.Errorf("link the cache folder: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program[0], append(append([]string(nil), program[1:]...), "extract", "--prepare", "--cache", dir)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("prepare the reader of PDF files: %w\n%s", err, out)
	}
	return nil
}

// Counts runs a query of two columns, a word and a number, and returns it as a map.
func (p *Place) Counts(ctx context.Context, query string) (map[string]int, error) {
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	counts := map[string]int{}
	var err error
	if p.URL == "" {
		err = p.countSQLite(ctx, query, counts)
	} else {
		err = p.countPostgres(ctx, query, counts)
	}
	if err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	return counts, nil
}

func (p *Place) countSQLite(ctx context.Context, query string, counts map[string]int) error {
	db, err := sqlite.Open(ctx, filepath.Join(p.Dir, "parley.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Read.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	return scan(rows, counts)
}

func (p *Place) countPostgres(ctx context.Context, query string, counts map[string]int) error {
	c, err := pgx.Connect(ctx, p.URL)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	rows, err := c.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	return scan(rows, counts)
}

// rows is what both drivers return.
type rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
}

func scan(rows rows, counts map[string]int) error {
	for rows.Next() {
		var word string
		var n int
		if err := rows.Scan(&word, &n); err != nil {
			return err
		}
		counts[word] = n
	}
	return rows.Err()
}

// Rows counts the messages of the ledger by state.
func (p *Place) Rows(ctx context.Context) (map[string]int, error) {
	return p.Counts(ctx, `SELECT state, count(*) FROM messages GROUP BY state`)
}
