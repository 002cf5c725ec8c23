package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/parley-im/parley/knowledge/extract/archive"
	"github.com/parley-im/parley/knowledge/extract/charset"
	"github.com/parley-im/parley/knowledge/extract/content"
	"github.com/parley-im/parley/knowledge/extract/markup"
	"github.com/parley-im/parley/knowledge/extract/office"
	"github.com/parley-im/parley/knowledge/extract/pdf"
)

// File reads the file at path in this process. name is what people call it: it
// goes into the sentence of an error. An error is a *fault.Error of kind Invalid,
// unless ctx was ended by the caller.
//
// It keeps all limits but the one on memory; a server that reads what strangers
// upload uses a Runner.
func File(ctx context.Context, name, path string, limits Limits) (Document, error) {
	limits = limits.Filled()
	limited, cancel := context.WithTimeoutCause(ctx, limits.Time, content.Fail(content.TooSlow, "", nil))
	defer cancel()
	d, err := read(limited, name, path, limits)
	switch {
	case err == nil:
		return d, nil
	case ctx.Err() != nil:
		return Document{}, fmt.Errorf("extract: %w", ctx.Err())
	case limited.Err() != nil:
		err = context.Cause(limited)
	}
	return Document{}, say(name, limits, err)
}

// read finds out the type and calls the reader for it. A panic of a reader is a
// problem of the file.
func read(ctx context.Context, name, path string, limits Limits) (d Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = content.Fail(content.ParserCrashed, "", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return d, content.Fail(content.Unreadable, "", err)
	case info.IsDir():
		return d, content.Fail(content.Unsupported, "a folder", nil)
	case !info.Mode().IsRegular():
		return d, content.Fail(content.Unsupported, "not a regular file", nil)
	case info.Size() == 0:
		return d, content.Fail(content.Empty, "it has a size of zero", nil)
	case info.Size() > limits.FileBytes:
		return d, content.Fail(content.TooLarge, fmt.Sprintf("it is larger than %d MB", limits.FileBytes>>20), nil)
	}
	head, err := headOf(path)
	if err != nil {
		return d, content.Fail(content.Unreadable, "", err)
	}
	switch sniff(head) {
	case isPDF:
		d, err = pdf.Read(ctx, path, limits)
	case isZip:
		d, err = zipped(ctx, path, limits)
	case isOLE:
		return d, legacy(path, limits)
	case isRTF:
		return d, content.Fail(content.Unsupported, "a rich text (RTF) file", nil)
	default:
		d, err = text(ctx, name, path, head, limits)
	}
	if err != nil {
		return d, err
	}
	return d, check(d, limits)
}

func headOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 8<<10)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], errors.Join(err, f.Close())
}

// check refuses a document that says nothing, or too much to be worked with.
func check(d Document, limits Limits) error {
	var size int64
	for _, b := range d.Blocks {
		size += int64(len(b.Text))
		for _, cell := range b.Header {
			size += int64(len(cell))
		}
		for _, row := range b.Rows {
			for _, cell := range row {
				size += int64(len(cell))
			}
		}
	}
	switch {
	case size == 0:
		return content.Fail(content.Empty, "", nil)
	case size > limits.TextBytes:
		return content.Fail(content.TooLarge, fmt.Sprintf("it has more than %d MB of text", limits.TextBytes>>20), nil)
	}
	return nil
}

// zipped reads what is a zip file by what is in it.
func zipped(ctx context.Context, path string, limits Limits) (d Document, err error) {
	a, err := archive.Open(path, limits)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	switch {
	case a.Has("word/document.xml"), a.Has("word/document2.xml"):
		return office.DOCX(ctx, a, limits)
	case a.Has("xl/workbook.xml"):
		return office.XLSX(ctx, path, a, limits)
	case a.Has("xl/workbook.bin"):
		return d, content.Fail(content.Unsupported, "a binary Excel workbook (XLSB)", nil)
	case a.Has("ppt/presentation.xml"):
		return d, content.Fail(content.Unsupported, "a PowerPoint presentation", nil)
	case a.Has("META-INF/container.xml"):
		return d, content.Fail(content.Unsupported, "an EPUB book", nil)
	case a.Has("content.xml") && a.Has("mimetype"):
		return d, content.Fail(content.Unsupported, "an OpenDocument file", nil)
	}
	return d, content.Fail(content.Unsupported, "a ZIP archive", nil)
}

// text reads what is not known by its first bytes: text, if it is text at all.
func text(ctx context.Context, name, path string, head []byte, limits Limits) (Document, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Document{}, content.Fail(content.Unreadable, "", err)
	}
	if info.Size() > limits.TextBytes {
		if what := known(head); what != "" {
			return Document{}, content.Fail(content.Unsupported, what, nil)
		}
		return Document{}, content.Fail(content.TooLarge, fmt.Sprintf("it has more than %d MB of text", limits.TextBytes>>20), nil)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return Document{}, content.Fail(content.Unreadable, "", err)
	}
	s, err := charset.Decode(b, charset.Declared(head))
	if err != nil {
		if what := known(head); what != "" {
			return Document{}, content.Fail(content.Unsupported, what, nil)
		}
		return Document{}, err
	}
	if strings.TrimSpace(s) == "" {
		return Document{}, content.Fail(content.Empty, "", nil)
	}
	switch kindOfText(name, s) {
	case "html":
		return markup.HTML(ctx, s, limits)
	case "md":
		return markup.Markdown(ctx, s, limits)
	case "csv":
		return markup.CSV(ctx, s, limits)
	}
	return markup.Text(s), nil
}

// kindOfText decides by the name, but a web page is one under any name.
func kindOfText(name, s string) string {
	head := strings.ToLower(strings.TrimSpace(s[:min(len(s), 1024)]))
	if strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html") ||
		strings.HasPrefix(head, "<?xml") && strings.Contains(head, "<html") {
		return "html"
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".html", ".htm", ".xhtml":
		if strings.Contains(s, "<") {
			return "html"
		}
	case ".md", ".markdown", ".mdx", ".mkd":
		return "md"
	case ".csv", ".tsv", ".tab":
		return "csv"
	}
	return "txt"
}
