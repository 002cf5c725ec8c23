package extract

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/parley-im/parley/internal/fault"
)

// TestDocuments reads a folder of real files and checks what its expected.jsonl
// says of each. It is run by hand: PARLEY_DOCUMENTS=folder go test -run Documents .
func TestDocuments(t *testing.T) {
	folder := os.Getenv("PARLEY_DOCUMENTS")
	if folder == "" {
		t.Skip("PARLEY_DOCUMENTS does not name a folder")
	}
	list, err := os.Open(filepath.Join(folder, "expected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	runner := testRunner(t, "extract-child")
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		var want struct {
			File        string   `json:"file"`
			Contain     []string `json:"must_contain"`
			NotContain  []string `json:"must_not_contain"`
			Error       bool     `json:"must_error"`
			OrError     bool     `json:"or_error"`
			Empty       bool     `json:"must_be_empty"`
			MustNoCrash bool     `json:"must_not_crash"`
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		t.Run(want.File, func(t *testing.T) {
			start := time.Now()
			d, err := runner.Extract(context.Background(), want.File, filepath.Join(folder, want.File))
			code, sentence := "", ""
			if err != nil {
				code, sentence = fault.Public(err)
				if !errors.Is(err, fault.Invalid) || code == "parser_crashed" {
					t.Fatalf("Extract() = %v, want a clean fault", err)
				}
			}
			t.Logf("%v type=%s title=%q blocks=%d code=%s %s", time.Since(start).Round(time.Millisecond), d.Type, d.Title, len(d.Blocks), code, sentence)
			text := folded(Text(d))
			if want.Error || want.Empty {
				if err == nil {
					t.Errorf("Extract() succeeded with %d blocks, want an error", len(d.Blocks))
				}
				return
			}
			if err != nil && (want.OrError || want.MustNoCrash || code == "unsupported" && later(want.File)) {
				return
			}
			if err != nil {
				t.Fatalf("Extract() = %v, want text", err)
			}
			for _, s := range want.Contain {
				if !strings.Contains(text, folded(s)) {
					t.Errorf("%q is not in the text", s)
				}
			}
			for _, s := range want.NotContain {
				if strings.Contains(text, folded(s)) {
					t.Errorf("%q is in the text", s)
				}
			}
		})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// later reports whether the file is of a type that need not be read yet.
func later(name string) bool {
	switch filepath.Ext(name) {
	case ".pptx", ".odt", ".epub", ".ppt", ".zip":
		return true
	}
	return false
}

// folded drops what the comparison is not about: form, case and white space.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(s))
}
