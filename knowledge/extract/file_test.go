package extract

import (
	"archive/zip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/parley-im/parley/internal/fault"
)

// zipOf returns the bytes of a zip file with these parts.
func zipOf(t *testing.T, parts ...string) string {
	t.Helper()
	var b strings.Builder
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(parts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// compound returns something that looks like an OLE file with a stream.
func compound(stream string) string {
	var b strings.Builder
	b.WriteString("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 600))
	for _, u := range utf16.Encode([]rune(stream)) {
		b.WriteString(string([]byte{byte(u), byte(u >> 8)}))
	}
	return b.String() + strings.Repeat("\x00", 100)
}

const word = `<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>text</w:t></w:r></w:p></w:body></w:document>`

func TestFileType(t *testing.T) {
	docx := zipOf(t, "[Content_Types].xml", "<a/>", "word/document.xml", word)
	for _, test := range []struct{ name, in, want string }{
		{"a.txt", "just text", "txt"},
		{"notes", "just text", "txt"},
		{"a.docx", "just text", "txt"},
		{"a.md", "# a", "md"},
		{"a.MARKDOWN", "# a", "md"},
		{"a.csv", "a,b\n1,2", "csv"},
		{"a.tsv", "a\tb\n1\t2", "csv"},
		{"a.html", "<p>a</p>", "html"},
		{"a.txt", "\n<!DOCTYPE html><p>a</p>", "html"},
		{"a.xls", "<html><table><tr><td>a<td>b</table></html>", "html"},
		{"a.html", "no tags", "txt"},
		{"a.docx", docx, "docx"},
		{"a.pdf", docx, "docx"},
		{"a.txt", docx, "docx"},
	} {
		got, err := File(t.Context(), test.name, write(t, "upload", test.in), Limits{})
		if err != nil || got.Type != test.want {
			t.Errorf("File(%s) has type %q, %v, want %q", test.name, got.Type, err, test.want)
		}
	}
}

func TestFileRefused(t *testing.T) {
	for _, test := range []struct{ name, in, code, says string }{
		{"a.txt", "", "empty", "is empty"},
		{"a.md", " \n\t\r\n ", "empty", "no text"},
		{"a.html", "<html><body><script>x</script></body></html>", "empty", "no text"},
		{"a.txt", "\x7fELF\x02\x01\x01\x00" + strings.Repeat("\x00\x01\x02\x03", 500), "unsupported", "What can be read"},
		{"a.txt", strings.Repeat("\x00\x01\x02\x91\x93\x1f", 500), "binary", "does not contain text"},
		{"a.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + strings.Repeat("\x00\x01\x02", 100), "unsupported", "a picture (png)"},
		{"a.doc", compound("WordDocument"), "unsupported", "Save it as .docx"},
		{"a.docx", compound("WordDocument"), "unsupported", "Save it as .docx"},
		{"a.xls", compound("Workbook"), "unsupported", "Save it as .xlsx"},
		{"a.ppt", compound("PowerPoint Document"), "unsupported", "Save it as PDF"},
		{"a.msg", compound("__nameid_version1.0"), "unsupported", "old Office"},
		{"a.docx", compound("EncryptedPackage"), "encrypted", "password"},
		{"a.rtf", `{\rtf1 text}`, "unsupported", "Save it as .docx"},
		{"a.zip", zipOf(t, "a.txt", "x"), "unsupported", "Unpack it"},
		{"a.pptx", zipOf(t, "ppt/presentation.xml", "<a/>"), "unsupported", "PowerPoint"},
		{"a.odt", zipOf(t, "mimetype", "x", "content.xml", "<a/>"), "unsupported", "OpenDocument"},
		{"a.epub", zipOf(t, "META-INF/container.xml", "<a/>"), "unsupported", "EPUB"},
		{"a.xlsb", zipOf(t, "xl/workbook.bin", "x"), "unsupported", ".xlsx"},
		{"a.docx", zipOf(t, "word/document.xml", word)[:100], "damaged", "save it again"},
		{"a.docx", zipOf(t, "word/document.xml", "<w:document>"), "damaged", "save it again"},
		{"a.docx", zipOf(t, "word/document.xml", strings.Repeat("<a/>", 10<<20)), "bomb", "unpacks"},
		{"a.xlsx", zipOf(t, "xl/workbook.xml", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`), "damaged", "save it again"},
		{"a.xlsx", zipOf(t, "xl/workbook.xml", "<a/>"), "damaged", "save it again"},
	} {
		t.Run(test.name+" "+test.code, func(t *testing.T) {
			d, err := File(t.Context(), test.name, write(t, "upload", test.in), Limits{})
			code, sentence := fault.Public(err)
			if !errors.Is(err, fault.Invalid) || code != test.code {
				t.Fatalf("File() = %v, %v, want %s", d, err, test.code)
			}
			if !strings.Contains(sentence, test.says) || !strings.Contains(sentence, test.name) {
				t.Errorf("the sentence %q does not name the file or %q", sentence, test.says)
			}
		})
	}
}

func TestFileLimits(t *testing.T) {
	text := write(t, "a.txt", strings.Repeat("many words ", 1000))
	for name, limits := range map[string]Limits{"file": {FileBytes: 1000}, "text": {TextBytes: 1000}} {
		_, err := File(t.Context(), "a.txt", text, limits)
		if code, _ := fault.Public(err); code != "too_large" {
			t.Errorf("%s: File() = %v, want too_large", name, err)
		}
	}
	// A small table whose one long cell covers a thousand rows.
	spans := "<html><table><tr><td rowspan=1000>" + strings.Repeat("long ", 2000) + "<td>x" + strings.Repeat("<tr><td>y", 999) + "</table>"
	_, err := File(t.Context(), "a.html", write(t, "a.html", spans), Limits{TextBytes: 1 << 20})
	if code, _ := fault.Public(err); code != "too_large" {
		t.Errorf("File() = %v, want too_large", err)
	}
	_, err = File(t.Context(), "a.html", write(t, "a.html", spans), Limits{Time: time.Nanosecond})
	if code, _ := fault.Public(err); code != "too_slow" {
		t.Errorf("File() = %v, want too_slow", err)
	}
}

func TestFileStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := File(ctx, "a.html", write(t, "a.html", "<p>a</p>"), Limits{})
	if !errors.Is(err, context.Canceled) || errors.Is(err, fault.Invalid) {
		t.Errorf("File() = %v, want %v and no fault of the file", err, context.Canceled)
	}
}

func TestFileUnreadable(t *testing.T) {
	folder := t.TempDir()
	for path, want := range map[string]string{filepath.Join(folder, "none.txt"): "unreadable", folder: "unsupported", os.DevNull: "unsupported"} {
		_, err := File(t.Context(), "../secret/"+filepath.Base(path), path, Limits{})
		code, sentence := fault.Public(err)
		if !errors.Is(err, fault.Invalid) || code != want || strings.Contains(sentence, "secret") {
			t.Errorf("File(%s) = %v, want %s without a path", path, err, want)
		}
	}
}

func TestText(t *testing.T) {
	d := Document{Blocks: []Block{
		{Kind: Heading, Level: 2, Text: "Fees"},
		{Kind: Paragraph, Text: "text"},
		{Kind: List, Text: "- a\n- b"},
		{Kind: Table, Header: []string{"a", "b"}, Rows: [][]string{{"1|2", "3\n4"}}},
		{Kind: Table, Rows: [][]string{{"5", "6"}}},
		{Kind: Code, Text: "x"},
	}}
	want := "## Fees\n\ntext\n\n- a\n- b\n\n| a | b |\n| --- | --- |\n| 1\\|2 | 3<br>4 |\n\n\n|  |  |\n| --- | --- |\n| 5 | 6 |\n\n\n```\nx\n```"
	if got := Text(d); got != want {
		t.Errorf("Text() = %q, want %q", got, want)
	}
}
