package extract

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge/extract/content"
)

// Runner reads each file in a child process under limits.
//
// Time is limited everywhere. Memory is limited where the system tells how much
// a process uses (Linux: the child is killed when its resident memory passes
// Limits.Memory, looked at twenty times a second); elsewhere the child only asks
// its own garbage collector to stay below it. RLIMIT_AS does not serve: the Go
// runtime and the WebAssembly runtime reserve far more than they use.
type Runner struct {
	Command []string // what starts ChildMain: the program and its arguments
	Limits  Limits

	nice int // fileNice if 0
}

// request is what the child gets on its standard input, answer what it gives on
// its standard output.
type request struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	Limits Limits `json:"limits"`
}

type answer struct {
	Document Document `json:"document"`
	Code     string   `json:"code,omitempty"` // of the error, or ""
	Sentence string   `json:"sentence,omitempty"`
	Cause    string   `json:"cause,omitempty"`
}

// Extract reads the file at path as File does, but in a child process. It
// returns when the child is gone.
func (r Runner) Extract(ctx context.Context, name, path string) (Document, error) {
	limits := r.Limits.Filled()
	path, err := filepath.Abs(path) // the child is somewhere else
	if err == nil && limits.CacheDir != "" {
		limits.CacheDir, err = filepath.Abs(limits.CacheDir)
	}
	if err != nil {
		return Document{}, fmt.Errorf("extract: find file: %w", err)
	}
	in, err := json.Marshal(request{name, path, limits})
	if err != nil {
		return Document{}, fmt.Errorf("extract: write request: %w", err)
	}
	tmp, err := os.MkdirTemp("", "parley-extract-") // what a killed child leaves goes with it
	if err != nil {
		return Document{}, fmt.Errorf("extract: make a folder: %w", err)
	}
	out, err := r.run(ctx, limits, in, tmp)
	if e := os.RemoveAll(tmp); err == nil && e != nil {
		return Document{}, fmt.Errorf("extract: remove a folder: %w", e)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return Document{}, fmt.Errorf("extract: %w", ctx.Err())
	case err != nil:
		if _, ok := errors.AsType[*content.Problem](err); !ok {
			return Document{}, fmt.Errorf("extract: %w", err)
		}
		return Document{}, say(name, limits, err)
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		return Document{}, say(name, limits, content.Fail(content.ParserCrashed, "", fmt.Errorf("read the child's answer: %w", err)))
	}
	if a.Code != "" {
		return Document{}, fault.Say(fault.Invalid, a.Code, "%s", a.Sentence).Because(errors.New(a.Cause))
	}
	return a.Document, nil
}

// fileNice is how far reading a file stands back when the processors are busy. Not
// further: its time is limited.
const fileNice = 5

// grace is how long the child may take to say itself that time is up.
const grace = 2 * time.Second

// run starts the child and waits for its end. A *content.Problem means that the
// file is to blame.
func (r Runner) run(ctx context.Context, limits Limits, in []byte, tmp string) ([]byte, error) {
	if len(r.Command) == 0 {
		return nil, errors.New("no command for the child process")
	}
	late := content.Fail(content.TooSlow, "", nil)
	ctx, cancel := context.WithTimeoutCause(ctx, limits.Time+grace, late)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	cmd := exec.CommandContext(ctx, r.Command[0], r.Command[1:]...)
	cmd.Env = environment(limits, tmp)
	cmd.Dir = tmp
	stdin, err := cmd.StdinPipe() // stays open as long as this process lives: see leaveWithParent
	if err != nil {
		return nil, fmt.Errorf("start the child process: %w", err)
	}
	stdout := &bounded{most: 4*limits.TextBytes + 1<<20, full: func() {
		stop(content.Fail(content.TooLarge, fmt.Sprintf("it has more than %d MB of text", limits.TextBytes>>20), nil))
	}}
	stderr := &bounded{most: 8 << 10}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	ownGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }
	cmd.WaitDelay = grace
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the child process: %w", err)
	}
	yield(cmd, cmp.Or(r.nice, fileNice))
	if _, err := stdin.Write(in); err != nil {
		_ = stdin.Close() // it ends, or has ended already: Wait tells how
	}
	gone := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(gone, cmd.Process.Pid, limits.Memory, func() { stop(content.Fail(content.TooMuchMemory, "", nil)) })
	}()
	err = cmd.Wait()
	close(gone)
	<-watched
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, content.Fail(content.ParserCrashed, "", fmt.Errorf("child process: %w: %s", err, stderr.b.String()))
	}
	return stdout.b.Bytes(), nil
}

// watch calls over when the process uses more than most bytes, until gone.
func watch(gone <-chan struct{}, pid int, most int64, over func()) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-gone:
			return
		case <-tick.C:
			if used, ok := resident(pid); ok && used > most {
				over()
				return
			}
		}
	}
}

// environment gives the child what it needs and no secret.
func environment(limits Limits, tmp string) []string {
	env := []string{
		fmt.Sprintf("GOMEMLIMIT=%d", limits.Memory*3/4),
		"GOTRACEBACK=single",
		"TMPDIR=" + tmp, "TEMP=" + tmp, "TMP=" + tmp,
	}
	for _, name := range []string{"PATH", "SystemRoot", "LANG", "TZ"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// bounded keeps the first bytes that are written to it, and says when there are
// more.
type bounded struct {
	b    bytes.Buffer
	most int64
	full func() // or nil: the rest is dropped
}

func (w *bounded) Write(p []byte) (int, error) {
	room := w.most - int64(w.b.Len())
	if int64(len(p)) <= room {
		return w.b.Write(p)
	}
	w.b.Write(p[:max(room, 0)])
	if w.full != nil {
		w.full()
		return 0, errors.New("too much output")
	}
	return len(p), nil
}

// leaveWithParent ends the process when stdin ends, which happens when the parent
// died without a chance to stop its child: a parser may run for long, or for ever.
func leaveWithParent(stdin io.Reader) {
	_, _ = io.Copy(io.Discard, stdin)
	os.Exit(3)
}

// ChildMain reads one file as asked for on stdin, which has to stay open, writes the answer to stdout and
// returns the exit code. It is what the command of a Runner has to call; the
// program must write nothing else to stdout.
func ChildMain(ctx context.Context, stdin io.Reader, stdout io.Writer) int {
	var q request
	if err := json.NewDecoder(io.LimitReader(stdin, 1<<20)).Decode(&q); err != nil {
		return 2
	}
	go leaveWithParent(stdin) // ends with the process
	var a answer
	d, err := File(ctx, q.Name, q.Path, q.Limits)
	if err != nil {
		a.Code, a.Sentence = fault.Public(err)
		a.Cause = content.Short(strings.ToValidUTF8(err.Error(), "?"), 4000)
	} else {
		a.Document = d
	}
	if err := json.NewEncoder(stdout).Encode(a); err != nil {
		return 1
	}
	return 0
}
