// Package archive opens the zip file that a DOCX or XLSX document is, and reads
// the XML inside it, without trusting either: what a header says of a size is
// not believed, all that is unpacked is counted, names are only compared and
// never used as paths, and XML may neither declare entities nor nest without end.
package archive

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/parley-im/parley/knowledge/extract/content"
)

// Expansion that is allowed at any rate, and the ratio allowed beyond it.
const (
	freeBytes = 10 << 20
	maxRatio  = 100
)

// Archive is an open zip file. It is not for use by several goroutines.
type Archive struct {
	closer  io.Closer
	parts   map[string]*zip.File
	names   []string
	size    int64 // of the file
	limits  content.Limits
	counted int64 // unpacked so far
}

// Open opens the zip file at path. The caller closes it.
func Open(path string, limits content.Limits) (*Archive, error) {
	r, err := zip.OpenReader(path)
	if err != nil {
		return nil, content.Fail(content.Damaged, "", fmt.Errorf("open zip: %w", err))
	}
	a := &Archive{closer: r, parts: make(map[string]*zip.File, len(r.File)), limits: limits}
	if len(r.File) > limits.Entries {
		return nil, errors.Join(content.Fail(content.Bomb, fmt.Sprintf("it holds more than %d parts", limits.Entries), nil), r.Close())
	}
	claimed := int64(0)
	for _, f := range r.File {
		// A size in a header may be a lie, but not one to be believed too big.
		claim, packed := int64(min(f.UncompressedSize64, 1<<40)), int64(min(f.CompressedSize64, 1<<40))
		if claimed += claim; claimed > limits.UnpackedBytes || claim > freeBytes && claim > packed*maxRatio {
			return nil, errors.Join(tooBig(limits), r.Close())
		}
		a.size += int64(min(f.CompressedSize64, 1<<40))
		name := clean(f.Name)
		if _, twice := a.parts[name]; twice || strings.HasSuffix(f.Name, "/") {
			continue
		}
		a.parts[name] = f
		a.names = append(a.names, name)
	}
	return a, nil
}

// clean makes names comparable: writers differ in case, slashes and a leading /.
func clean(name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// Close closes the file.
func (a *Archive) Close() error { return a.closer.Close() }

// Has reports whether there is a part of that name.
func (a *Archive) Has(name string) bool { return a.parts[clean(name)] != nil }

// Names returns the names of all parts in the order of the file, in lower case.
func (a *Archive) Names() []string { return a.names }

// Open returns the unpacked part of that name; it is content.Damaged if there is
// none. Reading fails with content.Bomb as soon as a limit is passed.
func (a *Archive) Open(name string) (io.ReadCloser, error) {
	f := a.parts[clean(name)]
	if f == nil {
		return nil, content.Fail(content.Damaged, "", fmt.Errorf("no part %q", content.Short(name, 80)))
	}
	if f.Flags&1 != 0 {
		return nil, content.Fail(content.Encrypted, "", nil)
	}
	r, err := f.Open()
	if err != nil {
		return nil, content.Fail(content.Damaged, "", fmt.Errorf("open part: %w", err))
	}
	return &part{a: a, r: r, packed: int64(min(f.CompressedSize64, 1<<40))}, nil
}

// Read returns the whole unpacked part of that name.
func (a *Archive) Read(name string) ([]byte, error) {
	r, err := a.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, content.Or(err, content.Damaged)
	}
	return b, nil
}

// Measure unpacks everything once and throws it away: for the sake of a reader
// that opens the file by itself and trusts it.
func (a *Archive) Measure(ctx context.Context) error {
	for _, name := range a.names {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := a.Open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		if err := errors.Join(err, r.Close()); err != nil {
			return content.Or(err, content.Damaged)
		}
	}
	a.counted = 0
	return nil
}

// part counts what comes out of one entry.
type part struct {
	a      *Archive
	r      io.ReadCloser
	packed int64
	out    int64
}

func (p *part) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.out += int64(n)
	p.a.counted += int64(n)
	if p.a.counted > p.a.limits.UnpackedBytes ||
		p.out > freeBytes && p.out > p.packed*maxRatio ||
		p.a.counted > freeBytes && p.a.counted > p.a.size*maxRatio {
		return n, tooBig(p.a.limits)
	}
	if err != nil && err != io.EOF {
		err = content.Or(err, content.Damaged)
	}
	return n, err
}

func (p *part) Close() error { return p.r.Close() }

func tooBig(limits content.Limits) error {
	return content.Fail(content.Bomb, fmt.Sprintf("it unpacks to more than %d MB, or to more than %d times its size", limits.UnpackedBytes>>20, maxRatio), nil)
}
