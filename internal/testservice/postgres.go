package testservice

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Postgres is a PostgreSQL server with pgvector at hand.
type Postgres struct {
	p       *process
	program string
	args    []string
	port    int
}

// PostgresOptions say how a server is set up.
type PostgresOptions struct {
	// Durable keeps fsync on, for measurements. Without it a server that crashes loses
	// nothing either, only a machine that does.
	Durable bool
	// Settings are added to the configuration: "max_connections": "50".
	Settings map[string]string
}

// StartPostgres makes a new cluster and starts it. Close ends and removes it.
func StartPostgres(o PostgresOptions) (s *Postgres, err error) {
	folder, err := Folder()
	if err != nil {
		return nil, err
	}
	p, err := newProcess("postgres", "QUIT")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start PostgreSQL: %w", err), p.close(syscall.SIGKILL))
		}
	}()
	programs := filepath.Join(folder, "usr", "lib", "postgresql", "17", "bin")
	data := filepath.Join(p.folder, "data")
	if err := p.run(filepath.Join(programs, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"); err != nil {
		return nil, err
	}
	s = &Postgres{p: p, program: filepath.Join(programs, "postgres")}
	if s.port, err = unusedPort(); err != nil {
		return nil, err
	}
	s.args = []string{"-D", data, "-p", fmt.Sprint(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "max_connections=200", "-c", "timezone=UTC", "-c", "log_min_messages=fatal"}
	if !o.Durable {
		s.args = append(s.args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	for name, value := range o.Settings {
		s.args = append(s.args, "-c", name+"="+value)
	}
	return s, s.Start()
}

// URL is the address of a database of the server, "postgres" for the one that is
// always there. The user is a superuser.
func (s *Postgres) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// Address is host and port, for a proxy.
func (s *Postgres) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// Start starts the server again after Crash, on the same port and data.
func (s *Postgres) Start() error { return s.p.start(s.ready, s.program, s.args...) }

// ready reads the state that the server writes into its pid file.
func (s *Postgres) ready() bool {
	f, err := os.Open(filepath.Join(s.p.folder, "data", "postmaster.pid"))
	if err != nil {
		return false
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	if !lines.Scan() || lines.Text() != fmt.Sprint(s.p.server.Process.Pid) {
		return false // left by the one before
	}
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "ready" {
			return true
		}
	}
	return false
}

// Crash stops the server in "immediate" mode: nothing is written out, all connections
// break, and the next start recovers from the log.
func (s *Postgres) Crash() error { return s.p.end(syscall.SIGQUIT) }

// Close ends the server and removes its data.
func (s *Postgres) Close() error { return s.p.close(syscall.SIGQUIT) }
