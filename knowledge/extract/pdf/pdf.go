// Package pdf reads the text of PDF files with PDFium, compiled to WebAssembly
// and run by wazero: no cgo, and whatever a hostile file does to it stays inside
// its sandbox, which sees no files and has a bounded memory.
//
// PDFium gives characters and where they stand. This package makes lines of
// them, and of the lines paragraphs, headings (by size) and rows, and drops what
// is repeated at the top or bottom of every page.
package pdf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"

	pdfium "github.com/klippa-app/go-pdfium"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// Read reads the PDF file at path. ctx needs a deadline: a broken file can keep
// PDFium busy for ever.
func Read(ctx context.Context, path string, limits content.Limits) (d content.Document, err error) {
	d.Type = "pdf"
	r, err := open(ctx, limits)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.load(path); err != nil {
		return d, r.reason(err)
	}
	pages, err := r.pages()
	if err != nil {
		return d, r.reason(err)
	}
	letters := 0
	for _, p := range pages {
		for _, l := range p.lines {
			letters += count(l.text)
		}
	}
	// A scan may carry a stamp or a page number as text.
	if letters == 0 || letters < 20 && letters < 5*len(pages) {
		return d, content.Fail(content.NoText, "", nil)
	}
	d.Title = r.title()
	d.Blocks = layout(pages)
	return d, nil
}

func count(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

type reader struct {
	ctx     context.Context
	limits  content.Limits
	runtime wazero.CompilationCache
	pool    pdfium.Pool
	pdf     pdfium.Pdfium
	file    *os.File
	doc     references.FPDF_DOCUMENT
}

func open(ctx context.Context, limits content.Limits) (*reader, error) {
	r := &reader{ctx: ctx, limits: limits}
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithCloseOnContextDone(true).
		WithMemoryLimitPages(uint32(limits.Memory * 2 / 3 >> 16)) // pages of 64 KB; the rest is for the file and the text
	if limits.CacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(limits.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("open the cache of the PDF reader: %w", err)
		}
		r.runtime = cache
		config = config.WithCompilationCache(cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context: ctx, MinIdle: 1, MaxIdle: 1, MaxTotal: 1,
		RuntimeConfig: config,
		FSConfig:      wazero.NewFSConfig(), // no files
		Stdout:        discard{}, Stderr: discard{},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the PDF reader: %w", err), r.close())
	}
	r.pool = pool
	if r.pdf, err = pool.GetInstance(20 * time.Second); err != nil {
		return nil, errors.Join(fmt.Errorf("start the PDF reader: %w", err), r.close())
	}
	return r, nil
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func (r *reader) close() error {
	var errs []error
	if r.pool != nil {
		// After a crash inside the sandbox the pool may fail to close; the file
		// was read or refused all the same.
		_ = r.pool.Close()
	}
	if r.file != nil {
		errs = append(errs, r.file.Close())
	}
	if r.runtime != nil {
		errs = append(errs, r.runtime.Close(context.WithoutCancel(r.ctx)))
	}
	return errors.Join(errs...)
}

func (r *reader) load(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return content.Fail(content.Unreadable, "", err)
	}
	r.file = file
	info, err := file.Stat()
	if err != nil {
		return content.Fail(content.Unreadable, "", err)
	}
	doc, err := r.pdf.OpenDocument(&requests.OpenDocument{FileReader: file, FileReaderSize: info.Size()})
	if err != nil {
		return fmt.Errorf("open document: %w", err)
	}
	r.doc = doc.Document
	return nil
}

// reason says which problem an error of PDFium is.
func (r *reader) reason(err error) error {
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case errors.Is(err, pdferrors.ErrPassword), errors.Is(err, pdferrors.ErrSecurity):
		return content.Fail(content.Encrypted, "", err)
	}
	return content.Or(err, content.Damaged)
}

func (r *reader) title() string {
	meta, err := r.pdf.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: r.doc, Tag: "Title"})
	if err != nil {
		return "" // a document without properties
	}
	title := content.Line(meta.Value)
	for _, made := range []string{"Microsoft Word -", "untitled", "Untitled", "无标题"} {
		if strings.HasPrefix(title, made) {
			return ""
		}
	}
	return content.Short(title, 200)
}
