package extract

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/internal/fault"
)

func TestRunner(t *testing.T) {
	path := write(t, "a.md", "# Title\n\ntext")
	got, err := testRunner(t, "extract-child").Extract(t.Context(), "a.md", path)
	if err != nil {
		t.Fatal(err)
	}
	want := Document{Type: "md", Title: "Title", Blocks: []Block{{Kind: Heading, Level: 1, Text: "Title"}, {Kind: Paragraph, Text: "text"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Extract() (-want +got):\n%s", diff)
	}
}

func TestRunnerPassesFaults(t *testing.T) {
	_, err := testRunner(t, "extract-child").Extract(t.Context(), "empty.txt", write(t, "x", ""))
	code, sentence := fault.Public(err)
	if !errors.Is(err, fault.Invalid) || code != "empty" || !strings.Contains(sentence, "empty.txt") {
		t.Errorf("Extract() = %v, want the fault of the child", err)
	}
}

func TestRunnerStopsTheChild(t *testing.T) {
	for _, test := range []struct {
		mode, code string
		limits     Limits
	}{
		{"crash", "parser_crashed", Limits{}},
		{"garbage", "parser_crashed", Limits{}},
		{"loop", "too_slow", Limits{Time: 100 * time.Millisecond}},
		{"noise", "too_large", Limits{TextBytes: 1 << 20}},
		{"eat", "too_much_memory", Limits{Memory: 200 << 20}},
	} {
		t.Run(test.mode, func(t *testing.T) {
			if test.mode == "eat" && runtime.GOOS != "linux" {
				t.Skip("memory is watched on Linux only")
			}
			r := testRunner(t, test.mode)
			r.Limits = test.limits
			start := time.Now()
			_, err := r.Extract(t.Context(), "bad.pdf", write(t, "bad.pdf", "x"))
			code, sentence := fault.Public(err)
			if !errors.Is(err, fault.Invalid) || code != test.code || !strings.Contains(sentence, "bad.pdf") {
				t.Errorf("Extract() = %v, want %s", err, test.code)
			}
			if strings.Contains(sentence, "goroutine") || strings.Contains(sentence, "the parser met a bug") {
				t.Errorf("the sentence shows internals: %s", sentence)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestRunnerStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := testRunner(t, "loop").Extract(ctx, "a.txt", write(t, "a.txt", "x"))
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, fault.Invalid) {
		t.Errorf("Extract() = %v, want %v and no fault of the file", err, context.DeadlineExceeded)
	}
}

func TestChildLeavesWithParent(t *testing.T) {
	child := exec.CommandContext(t.Context(), testRunner(t, "stuck").Command[0], "stuck")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if err := stdin.Close(); err != nil { // as the system does when the parent is killed
		t.Fatal(err)
	}
	if err := child.Wait(); child.ProcessState.ExitCode() != 3 {
		t.Errorf("the child ended with %v, want exit code 3", err)
	}
}

// A child runs in a folder of its own: a cache that is named from here is not there.
func TestRunnerTellsWhereTheCacheIs(t *testing.T) {
	r := testRunner(t, "cache")
	file := write(t, "a.txt", "x")
	t.Chdir(t.TempDir())
	r.Limits.CacheDir = "cache"
	if err := os.Mkdir("cache", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("cache", "compiled"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := r.Extract(t.Context(), "a.txt", file); err != nil || !strings.Contains(d.Title, "compiled") {
		t.Errorf("the child finds %q, %v", d.Title, err)
	}
}

func TestRunnerHidesSecrets(t *testing.T) {
	t.Setenv("MODEL_KEY", "very-secret")
	got, err := testRunner(t, "environment").Extract(t.Context(), "a", write(t, "a", "x"))
	if err != nil || strings.Contains(got.Title, "very-secret") || !strings.Contains(got.Title, "GOMEMLIMIT") {
		t.Errorf("Extract() = %q, %v, want an environment without the key", got.Title, err)
	}
}

func TestRunnerWithoutProgram(t *testing.T) {
	for _, command := range [][]string{nil, {"/does/not/exist"}} {
		_, err := Runner{Command: command}.Extract(t.Context(), "a", write(t, "a", "x"))
		if err == nil || errors.Is(err, fault.Invalid) {
			t.Errorf("Extract() = %v, want an error that does not blame the file", err)
		}
	}
}

func TestRunnerLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	path := write(t, "a.txt", "text")
	t.Setenv("TMPDIR", tmp)
	for _, mode := range []string{"extract-child", "crash"} {
		_, _ = testRunner(t, mode).Extract(t.Context(), "a.txt", path) // the outcome is tested above
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
}

func TestChildMainRefusesGarbage(t *testing.T) {
	var out strings.Builder
	if code := ChildMain(t.Context(), strings.NewReader("no JSON"), &out); code == 0 || out.Len() > 0 {
		t.Errorf("ChildMain() = %d and wrote %q, want a failure", code, out.String())
	}
}

func TestRunnerWarm(t *testing.T) {
	if err := testRunner(t, "extract-child").Warm(t.Context()); err != nil {
		t.Errorf("Warm() = %v", err)
	}
	crashing := testRunner(t, "crash")
	if err := crashing.Warm(t.Context()); err != nil {
		t.Errorf("Warm() = %v where it was done before: it should start nothing", err)
	}
	crashing.Limits.CacheDir = t.TempDir()
	if err := crashing.Warm(t.Context()); err == nil {
		t.Error("Warm() is content with a child that crashes")
	}
	if left, err := os.ReadDir(crashing.Limits.CacheDir); err != nil || len(left) > 0 {
		t.Errorf("after a failure the cache has %v, %v", left, err)
	}
}
