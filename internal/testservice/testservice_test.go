package testservice_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/testservice"
)

func TestMain(m *testing.M) {
	if os.Getenv("PARLEY_TEST_ABANDON") != "" {
		abandon()
	}
	goleak.VerifyTestMain(m)
}

func TestMissingServicesSayWhatToDo(t *testing.T) {
	t.Setenv("PARLEY_SERVICES", t.TempDir())
	_, err := testservice.StartPostgres(testservice.PostgresOptions{})
	if _, sentence := fault.Public(err); !errors.Is(err, fault.NotFound) || !strings.Contains(sentence, ".ci/services") {
		t.Errorf("got %v, want fault.NotFound that names .ci/services", err)
	}
}

func TestRedisIsKilledAndFrozen(t *testing.T) {
	s, err := testservice.StartRedis()
	if err != nil {
		testservice.Missing(t, err)
	}
	do := func(what string, f func() error) {
		t.Helper()
		if err := f(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if got := say(t, s.Address(), "SET a b"); got != "+OK" {
		t.Errorf("SET says %q", got)
	}
	do("freeze", s.Freeze)
	if got := say(t, s.Address(), "GET a"); got != "" {
		t.Errorf("a frozen server says %q", got)
	}
	do("thaw", s.Thaw)
	if got := say(t, s.Address(), "EXISTS a"); got != ":1" {
		t.Errorf("after it went on: %q", got)
	}
	do("kill", s.Kill)
	do("start", s.Start)
	if got := say(t, s.Address(), "EXISTS a"); got != ":0" {
		t.Errorf("after it was killed: %q", got)
	}
	do("freeze", s.Freeze)
	do("close", s.Close) // of a frozen one
	if c, err := net.DialTimeout("tcp", s.Address(), time.Second); err == nil {
		t.Error("it still listens after Close", c.Close())
	}
}

// say sends one line and returns the first line of the answer, "" if there is none.
func say(t *testing.T, address, line string) string {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte(line + "\r\n")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 100)
	n, err := c.Read(answer)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(answer[:n]))
}

// abandon starts servers, says where, and dies without a word.
func abandon() {
	p, err := testservice.StartPostgres(testservice.PostgresOptions{})
	if err != nil {
		os.Exit(3)
	}
	r, err := testservice.StartRedis()
	if err != nil {
		os.Exit(4)
	}
	os.Stdout.WriteString(p.Address() + " " + r.Address())
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	time.Sleep(time.Minute)
	os.Exit(5)
}

func TestNoServerOutlivesItsProcess(t *testing.T) {
	if _, err := testservice.Folder(); err != nil {
		testservice.Missing(t, err)
	}
	temporary := t.TempDir()
	if err := os.Chmod(filepath.Dir(temporary), 0o755); err != nil { // the servers' user must get in
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PARLEY_TEST_ABANDON=1", "TMPDIR="+temporary)
	out, err := cmd.Output()
	if _, killed := errors.AsType[*exec.ExitError](err); !killed || len(out) == 0 {
		t.Fatalf("the process ended with %v and said %q", err, out)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		left, err := os.ReadDir(temporary)
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, address := range strings.Fields(string(out)) {
			if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
				open++
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		if len(left) == 0 && open == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d servers and %d folders are left", open, len(left))
		}
		time.Sleep(20 * time.Millisecond)
	}
}
