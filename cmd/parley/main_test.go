package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestMain lets the test binary be parley: what starts itself as a child process
// (bench, the reader of files) then runs the code under test, race detector and all.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := run(&app{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.LookupEnv}, os.Args[1:])
		stop()
		os.Exit(code)
	}
	code := m.Run()
	_ = os.Remove(filepath.Join(os.TempDir(), fmt.Sprintf("parley-under-test-%d", os.Getpid())))
	os.Exit(code)
}

// parley runs a command in this process.
func parley(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(&app{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: func(string) (string, bool) { return "", false }}, args)
	return status, out.String(), errs.String()
}

// program builds parley as people run it, once: without the race detector, under which
// a start takes seconds and the reader of PDF files more memory than a file may have.
var program = sync.OnceValues(func() (string, error) {
	name := filepath.Join(os.TempDir(), fmt.Sprintf("parley-under-test-%d", os.Getpid()))
	out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return name, nil
})

// real runs a command of the built program.
func real(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	name, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// lines decodes one JSON object a line.
func lines[T any](t *testing.T, text string) []T {
	t.Helper()
	var list []T
	for line := range strings.Lines(text) {
		var one T
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%q is no JSON: %v", line, err)
		}
		list = append(list, one)
	}
	return list
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommandLine(t *testing.T) {
	tests := []struct {
		name   string
		args   []string
		status int
		want   string // in either output
	}{
		{"nothing", nil, 0, "serve"},
		{"help", []string{"--help"}, 0, "Start the server"},
		{"version", []string{"version"}, 0, "parley dev"},
		{"unknown command", []string{"sevre"}, 2, "parley --help"},
		{"unknown flag", []string{"version", "--nope"}, 2, "unknown flag"},
		{"configuration that is not there", []string{"serve", "--config", "/no/such.yaml"}, 2, "such.yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, out, errs := parley(t, test.args...)
			if status != test.status || !strings.Contains(out+errs, test.want) {
				t.Errorf("status %d, want %d; %q not in:\n%s%s", status, test.status, test.want, out, errs)
			}
		})
	}
}
