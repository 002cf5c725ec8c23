package sqlite_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite"
)

func TestClaim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "serving.lock")
	release, err := sqlite.Claim(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Claim(t.Context(), path)
	if _, sentence := fault.Public(err); !errors.Is(err, fault.Conflict) || !strings.Contains(sentence, filepath.Dir(path)) {
		t.Errorf("a second claim: %v, want a conflict that names the folder", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := sqlite.Claim(t.Context(), path)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}
