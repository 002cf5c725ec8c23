package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// names of parts
const (
	aboutName    = "about.json"
	ConfigName   = "config.yaml"
	DatabaseName = "sqlite/parley.db"
	TablesDir    = "tables/"
	FilesDir     = "files/"
	sumsDir      = "sums/"
	manifestName = "manifest.json"
)

// sumsEach is how many sums are collected before they are written.
const sumsEach = 1000

// Writer adds parts to an archive and keeps their sums.
type Writer struct {
	gz      *gzip.Writer
	tar     *tar.Writer
	made    time.Time
	pending strings.Builder // sums not written yet
	n       int             // how many
	parts   int64
	size    int64
	sums    []Sum
}

func newWriter(out io.Writer, made time.Time) *Writer {
	// Most of a large archive is vectors, which hardly shrink: the fast level costs little.
	gz, _ := gzip.NewWriterLevel(out, gzip.BestSpeed) // fails on an unknown level only
	return &Writer{gz: gz, tar: tar.NewWriter(gz), made: made}
}

// Part adds size bytes of r under name.
func (w *Writer) Part(ctx context.Context, name string, size int64, r io.Reader) error {
	sum, err := w.write(ctx, name, size, r)
	if err != nil {
		return err
	}
	fmt.Fprintf(&w.pending, "%s  %s\n", sum, name)
	w.n++
	w.parts++
	w.size += size
	if w.n == sumsEach {
		return w.flush(ctx)
	}
	return nil
}

// write adds one entry and returns its sum.
func (w *Writer) write(ctx context.Context, name string, size int64, r io.Reader) (string, error) {
	err := w.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: w.made, Format: tar.FormatPAX})
	if err != nil {
		return "", fmt.Errorf("add %s: %w", name, err)
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(w.tar, hash), &patient{ctx, r})
	if err == nil && n != size {
		err = fmt.Errorf("it has %d bytes, %d were expected: %w", n, size, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return "", fmt.Errorf("add %s: %w", name, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func (w *Writer) bytes(name string, text []byte) error {
	return w.Part(context.Background(), name, int64(len(text)), bytes.NewReader(text))
}

func (w *Writer) json(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("add %s: %w", name, err)
	}
	return w.bytes(name, append(text, '\n'))
}

// flush writes the sums that wait.
func (w *Writer) flush(ctx context.Context) error {
	if w.n == 0 {
		return nil
	}
	name := fmt.Sprintf("%s%06d", sumsDir, len(w.sums)+1)
	sum, err := w.write(ctx, name, int64(w.pending.Len()), strings.NewReader(w.pending.String()))
	if err != nil {
		return err
	}
	w.sums = append(w.sums, Sum{name, sum})
	w.pending.Reset()
	w.n = 0
	return nil
}

// end writes the manifest and closes the archive.
func (w *Writer) end(m *Manifest) error {
	if err := w.flush(context.Background()); err != nil {
		return err
	}
	m.Parts, m.Bytes, m.Sums = w.parts, w.size, w.sums
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if _, err := w.write(context.Background(), manifestName, int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	if err := errors.Join(w.tar.Close(), w.gz.Close()); err != nil {
		return fmt.Errorf("finish archive: %w", err)
	}
	return nil
}

// Reader reads r until ctx ends.
func Reader(ctx context.Context, r io.Reader) io.Reader { return &patient{ctx, r} }

// patient reads until the caller has had enough.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}
