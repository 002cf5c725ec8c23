package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// zipFile writes the parts, given as name and text, to a file.
func zipFile(t *testing.T, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		p, err := w.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(p, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, b.Bytes())
}

func write(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.zip")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func code(err error) string {
	if p, ok := errors.AsType[*content.Problem](err); ok {
		return p.Code
	}
	return ""
}

func TestRead(t *testing.T) {
	path := zipFile(t, "Word/Document.xml", "hello", `xl\sheet.xml`, "two", "../../etc/passwd", "x", "word/document.xml", "twin")
	a, err := Open(path, content.Limits{}.Filled())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for name, want := range map[string]string{"word/document.xml": "hello", "/word/./document.xml": "hello", "xl/sheet.xml": "two", "etc/passwd": "x"} {
		if got, err := a.Read(name); err != nil || string(got) != want {
			t.Errorf("Read(%q) = %q, %v, want %q", name, got, err, want)
		}
	}
	if _, err := a.Read("none"); code(err) != content.Damaged {
		t.Errorf("Read(none) = %v, want damaged", err)
	}
	if err := a.Measure(t.Context()); err != nil {
		t.Errorf("Measure() = %v", err)
	}
}

func TestBombs(t *testing.T) {
	big := strings.Repeat("0", 30<<20)
	for _, test := range []struct {
		name   string
		limits content.Limits
		parts  []string
	}{
		{"ratio of one part", content.Limits{}, []string{"a", big}},
		{"sum", content.Limits{UnpackedBytes: 1000}, []string{"a", strings.Repeat("x", 600), "b", strings.Repeat("y", 600)}},
		{"entries", content.Limits{Entries: 2}, []string{"a", "", "b", "", "c", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := Open(zipFile(t, test.parts...), test.limits.Filled())
			if err == nil {
				a.Close()
			}
			if code(err) != content.Bomb {
				t.Errorf("Open() = %v, want bomb", err)
			}
		})
	}
}

// TestLyingHeaders says of a bomb that it unpacks to ten bytes: it may then fail
// in any way, but must not be unpacked.
func TestLyingHeaders(t *testing.T) {
	path := zipFile(t, "a", strings.Repeat("0", 30<<20))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	central := bytes.LastIndex(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[central+24:], 10)
	a, err := Open(write(t, b), content.Limits{}.Filled())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	got, err := a.Read("a")
	if err == nil || len(got) > 11<<20 {
		t.Errorf("Read() = %d bytes, %v, want an error", len(got), err)
	}
}

func TestDamaged(t *testing.T) {
	whole, err := os.ReadFile(zipFile(t, "a", strings.Repeat("text ", 100)))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := Open(write(t, whole[:len(whole)/2]), content.Limits{}.Filled()); code(err) != content.Damaged {
		t.Errorf("Open(half) = %v, %v, want damaged", a, err)
	}
	broken := bytes.Clone(whole)
	broken[40] ^= 0xFF
	a, err := Open(write(t, broken), content.Limits{}.Filled())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Read("a"); code(err) != content.Damaged {
		t.Errorf("Read(broken) = %v, want damaged", err)
	}
}

func TestTokens(t *testing.T) {
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(`<?xml version="1.0" encoding="UTF-16"?><a><b>中文</b></a>`)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, in, want, code string }{
		{"text of all below", `<a>x<b>y<c/>z</b></a>`, "xyz", ""},
		{"UTF-16", utf16, "中文", ""},
		{"entity bomb", `<!DOCTYPE a [<!ENTITY x "xxxx">]><a>&x;</a>`, "", content.Damaged},
		{"external entity", `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, "", content.Damaged},
		{"unknown entity", `<a>&x;</a>`, "", content.Damaged},
		{"cut off", `<a><b>`, "", content.Damaged},
		{"too deep", strings.Repeat("<a>", 300), "", content.Damaged},
		{"nothing", ``, "", content.Damaged},
	} {
		t.Run(test.name, func(t *testing.T) {
			tokens := NewTokens(t.Context(), strings.NewReader(test.in), 256)
			got := ""
			_, err := tokens.Root()
			if err == nil {
				got, err = tokens.Text()
			}
			if got != test.want || code(err) != test.code {
				t.Errorf("Text() = %q, %v, want %q, %s", got, err, test.want, test.code)
			}
		})
	}
}

func TestTokensStopWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tokens := NewTokens(ctx, strings.NewReader("<a>"+strings.Repeat("<b/>", 5000)+"</a>"), 256)
	if _, err := tokens.Root(); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Text(); !errors.Is(err, context.Canceled) {
		t.Errorf("Text() = %v, want %v", err, context.Canceled)
	}
}

func FuzzTokens(f *testing.F) {
	f.Add(`<a b="c"><d>e</d></a>`)
	f.Add(`<!DOCTYPE a><a/>`)
	f.Fuzz(func(t *testing.T, s string) {
		tokens := NewTokens(t.Context(), strings.NewReader(s), 50)
		for range len(s) + 2 {
			if _, err := tokens.Next(); err != nil {
				return
			}
		}
		t.Error(fmt.Sprintf("more tokens than characters in %q", s))
	})
}
