package extract

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets this test program be the child process of a Runner: a true one,
// or one that behaves as a parser may that met a hostile file.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-test.") {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "extract-child":
		os.Exit(ChildMain(context.Background(), os.Stdin, os.Stdout))
	case "crash":
		panic("the parser met a bug")
	case "loop":
		time.Sleep(time.Hour)
	case "stuck":
		go leaveWithParent(os.Stdin)
		time.Sleep(time.Hour)
	case "eat":
		var eaten [][]byte
		for {
			b := make([]byte, 16<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			eaten = append(eaten, b)
			time.Sleep(5 * time.Millisecond)
		}
	case "garbage":
		fmt.Print(`{"document": {"blocks": [`)
	case "noise":
		for {
			if _, err := io.WriteString(os.Stdout, strings.Repeat("x", 1<<16)); err != nil {
				os.Exit(1)
			}
		}
	case "cache": // what is in the folder that it was told
		var q request
		if err := json.NewDecoder(os.Stdin).Decode(&q); err != nil {
			panic(err)
		}
		files, err := os.ReadDir(q.Limits.CacheDir)
		fmt.Printf(`{"document": {"title": %q}}`, fmt.Sprint(files, err))
	case "environment":
		fmt.Printf(`{"document": {"title": %q}}`, strings.Join(os.Environ(), " "))
	}
	os.Exit(0)
}

// testRunner returns a Runner with this test program as its child.
func testRunner(t testing.TB, mode string) Runner {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Runner{Command: []string{self, mode}, Limits: Limits{CacheDir: cacheDir(t)}}
}

// cacheDir is the same at each run: compiling the PDF reader takes seconds.
func cacheDir(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	return filepath.Join(dir, "parley", "pdf")
}

// write makes a file of that name and returns its path.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
