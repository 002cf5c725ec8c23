package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// testLimits keeps the compiled reader between runs: compiling takes seconds.
func testLimits(t testing.TB) content.Limits {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = t.TempDir()
	}
	return content.Limits{CacheDir: filepath.Join(dir, "parley", "pdf")}.Filled()
}

func read(t *testing.T, path string, limits content.Limits) (content.Document, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return Read(ctx, path, limits)
}

// pages writes a PDF file with these page descriptions. PDFium does not need a
// table of offsets.
func pages(t *testing.T, contents ...string) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n")
	kids := ""
	for i, c := range contents {
		kids += fmt.Sprintf("%d 0 R ", 10+2*i)
		fmt.Fprintf(&b, "%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>endobj\n", 10+2*i, 11+2*i)
		fmt.Fprintf(&b, "%d 0 obj<</Length %d>>stream\n%s\nendstream endobj\n", 11+2*i, len(c), c)
	}
	fmt.Fprintf(&b, "2 0 obj<</Type/Pages/Kids[%s]/Count %d>>endobj\ntrailer<</Root 1 0 R>>\n%%%%EOF\n", kids, len(contents))
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// at sets one piece of text.
func at(x, y, size int, text string) string {
	return fmt.Sprintf("BT /F %d Tf %d %d Td (%s) Tj ET\n", size, x, y, text)
}

func TestRead(t *testing.T) {
	first := at(70, 740, 20, "Terms of sale") +
		at(70, 700, 12, "Goods can be returned within thirty days after they have been received by the customer,") +
		at(70, 685, 12, "who pays for the postage. Lamps may be tried out before; candles and curtains cut to si-") +
		at(70, 670, 12, "ze are not taken back.") +
		at(70, 640, 12, "Another paragraph.") +
		at(70, 610, 12, "Zone") + at(300, 610, 12, "Fee") +
		at(70, 595, 12, "East") + at(300, 595, 12, "8 yuan") +
		at(70, 580, 12, "West") + at(300, 580, 12, "25 yuan") +
		at(300, 40, 12, "1")
	second := at(70, 740, 12, "1. first item") + at(70, 720, 12, "2. second item") + at(300, 40, 12, "2")
	got, err := read(t, pages(t, first, second), testLimits(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []content.Block{
		{Kind: content.Heading, Level: 1, Text: "Terms of sale", Location: "page 1"},
		{Kind: content.Paragraph, Location: "page 1", Text: "Goods can be returned within thirty days after they have been received by the customer, who pays for the postage. Lamps may be tried out before; candles and curtains cut to size are not taken back."},
		{Kind: content.Paragraph, Location: "page 1", Text: "Another paragraph."},
		{Kind: content.Table, Location: "page 1", Header: []string{"Zone", "Fee"}, Rows: [][]string{{"East", "8 yuan"}, {"West", "25 yuan"}}},
		{Kind: content.List, Location: "page 2", Text: "1. first item\n2. second item"},
	}
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Errorf("Read() (-want +got):\n%s", diff)
	}
}

func TestReadRefused(t *testing.T) {
	file := func(b string) string {
		path := filepath.Join(t.TempDir(), "a.pdf")
		if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	few := testLimits(t)
	few.Pages = 1
	for _, test := range []struct {
		name, path, code string
		limits           content.Limits
	}{
		{"needs a password", "testdata/user-password.pdf", content.Encrypted, testLimits(t)},
		{"pages without text", pages(t, "0 0 600 800 re f", at(10, 10, 8, "7")), content.NoText, testLimits(t)},
		{"garbage", file("%PDF-1.7\n" + strings.Repeat("garbage ", 500)), content.Damaged, testLimits(t)},
		{"page tree that contains itself", file("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"), content.Damaged, testLimits(t)},
		{"too many pages", pages(t, at(10, 10, 9, "text"), at(10, 10, 9, "text")), content.TooLarge, few},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := read(t, test.path, test.limits)
			p, ok := errors.AsType[*content.Problem](err)
			if !ok || p.Code != test.code {
				t.Errorf("Read() = %v, %v, want %s", d, err, test.code)
			}
		})
	}
}

func TestReadOwnerPassword(t *testing.T) {
	got, err := read(t, "testdata/owner-password.pdf", testLimits(t))
	if err != nil || len(got.Blocks) != 1 || got.Blocks[0].Text != "Returns are accepted within thirty days." {
		t.Errorf("Read() = %v, %v, want the text: the file opens without a password", got, err)
	}
}

func TestReadStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, "testdata/owner-password.pdf", testLimits(t)); err == nil {
		t.Error("Read() went on after ctx had ended")
	}
}
