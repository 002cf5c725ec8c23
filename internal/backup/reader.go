package backup

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"reflect"
	"strings"

	"github.com/parley-im/parley/internal/fault"
)

// limits of what is read into memory of an archive that somebody may have made up
const (
	maxManifest = 64 << 20
	maxSums     = sumsEach * 1024
)

// visitor is given each part that holds data. What it leaves is skipped.
type visitor func(ctx context.Context, name string, size int64, r io.Reader) error

// check is the state of one reading.
type check struct {
	first   *Manifest // about.json
	pending []Sum     // parts whose sums have not come yet
	sums    []Sum     // of the sums parts
	last    *Manifest
	parts   int64
	files   int64
	size    int64
	table   string         // that pieces come of now
	piece   int            // number of its last piece
	pieces  map[string]int // by table, once it is whole
}

// read goes through the archive once and checks it; visit may be nil.
func read(ctx context.Context, archive io.Reader, visit visitor) (Manifest, error) {
	// tar would read byte by byte where it can
	gz, err := gzip.NewReader(bufio.NewReaderSize(&patient{ctx, archive}, 1<<20))
	if err != nil {
		return Manifest{}, bad(ctx, "it is not an archive that Parley wrote", err)
	}
	t := tar.NewReader(gz)
	c := &check{pieces: map[string]int{}}
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Manifest{}, bad(ctx, "it is cut short or damaged", err)
		}
		if err := c.entry(ctx, h, t, visit); err != nil {
			return Manifest{}, err
		}
	}
	if _, err := io.Copy(io.Discard, gz); err != nil { // up to the checksum at its end
		return Manifest{}, bad(ctx, "it is cut short or damaged", err)
	}
	if err := c.whole(); err != nil {
		return Manifest{}, err
	}
	return *c.last, nil
}

// bad is Broken, unless it was the caller who gave up or the trouble has a name already.
func bad(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("read archive: %w", ctx.Err())
	}
	return Broken(what, err)
}

func (c *check) entry(ctx context.Context, h *tar.Header, r io.Reader, visit visitor) error {
	name := h.Name
	if h.Typeflag != tar.TypeReg || !fs.ValidPath(name) || strings.ContainsAny(name, "\\:\x00\n") {
		return Broken(fmt.Sprintf("%q in it is not a plain file with a plain name", name), fs.ErrInvalid)
	}
	if c.last != nil {
		return Broken(fmt.Sprintf("%s comes after its manifest", name), fs.ErrInvalid)
	}
	if (c.first == nil) != (name == aboutName) {
		return Broken("it does not begin with one about.json, so it is not a backup of Parley", fs.ErrInvalid)
	}
	sum := sha256.New()
	in := io.TeeReader(r, sum)
	switch {
	case name == manifestName:
		return c.manifest(ctx, in)
	case strings.HasPrefix(name, sumsDir):
		return c.list(ctx, name, in, sum)
	}
	if err := c.place(name); err != nil {
		return err
	}
	if name == aboutName {
		if err := c.about(ctx, in); err != nil {
			return err
		}
	} else if visit != nil {
		if err := visit(ctx, name, h.Size, in); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return bad(ctx, "it is cut short or damaged in "+name, err)
	}
	c.parts++
	c.size += h.Size
	c.pending = append(c.pending, Sum{name, hex.EncodeToString(sum.Sum(nil))})
	if len(c.pending) > sumsEach {
		return Broken("sums are missing in it", fs.ErrInvalid)
	}
	return nil
}

// place checks that a part is one of those that Make writes.
func (c *check) place(name string) error {
	table, number, inTable := CutTable(name)
	switch {
	case inTable && table == c.table && number == c.piece+1:
		c.piece = number
		c.pieces[table] = number
		return nil
	case inTable && table != c.table && number == 1 && c.pieces[table] == 0:
		c.table, c.piece = table, 1
		c.pieces[table] = 1
		return nil
	case inTable:
		return Broken(fmt.Sprintf("%s is not where it belongs", name), fs.ErrInvalid)
	case strings.HasPrefix(name, FilesDir):
		c.files++
		return nil
	case name == aboutName || name == ConfigName || name == DatabaseName:
		return nil
	}
	return Broken(fmt.Sprintf("%q in it is unknown", name), fs.ErrInvalid)
}

// CutTable takes tables/NAME/NUMBER apart.
func CutTable(name string) (table string, number int, ok bool) {
	rest, ok := strings.CutPrefix(name, TablesDir)
	if !ok {
		return "", 0, false
	}
	table, digits, _ := strings.Cut(rest, "/")
	_, _ = fmt.Sscanf(digits, "%d", &number) // 0 is refused by the caller
	if fmt.Sprintf("%06d", number) != digits {
		number = 0
	}
	return table, number, true
}

func (c *check) about(ctx context.Context, r io.Reader) error {
	m, err := decode(ctx, r)
	if err != nil {
		return err
	}
	if m.Format > format {
		return fault.Say(fault.Conflict, "newer_archive",
			"This backup has format %d, and this program (which knows %d) is older than the one that made it (%s). Use that version.", m.Format, format, m.Program)
	}
	c.first = &m
	return nil
}

func decode(ctx context.Context, r io.Reader) (m Manifest, err error) {
	if err := json.NewDecoder(io.LimitReader(r, maxManifest)).Decode(&m); err != nil {
		return m, bad(ctx, "what it says of itself cannot be read", err)
	}
	return m, nil
}

// list compares the sums of what came before with what was read.
func (c *check) list(ctx context.Context, name string, r io.Reader, sum hash.Hash) error {
	text, err := io.ReadAll(io.LimitReader(r, maxSums))
	if err != nil {
		return bad(ctx, "it is cut short or damaged in "+name, err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != len(c.pending) {
		return Broken(fmt.Sprintf("%s does not fit the parts before it", name), fs.ErrInvalid)
	}
	for i, got := range c.pending {
		if lines[i] != got.SHA256+"  "+got.Name {
			return Broken(fmt.Sprintf("the content of %s is not what was backed up (its sha256 differs)", got.Name), fs.ErrInvalid)
		}
	}
	c.pending = c.pending[:0]
	c.sums = append(c.sums, Sum{name, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (c *check) manifest(ctx context.Context, r io.Reader) error {
	m, err := decode(ctx, r)
	if err != nil {
		return err
	}
	c.last = &m
	return nil
}

// whole compares the manifest with what was read.
func (c *check) whole() error {
	m := c.last
	if m == nil {
		return Broken("it is cut short: its manifest is missing", io.ErrUnexpectedEOF)
	}
	f := c.first
	same := m.Format == f.Format && m.Engine == f.Engine && m.Schema == f.Schema && m.Program == f.Program && m.MadeAt.Equal(f.MadeAt)
	if !same || len(c.pending) > 0 || !reflect.DeepEqual(m.Sums, c.sums) || m.Parts != c.parts || m.Files != c.files || m.Bytes != c.size {
		return Broken("its manifest does not fit its content", fs.ErrInvalid)
	}
	if len(m.Tables) != len(c.pieces) {
		return Broken("it has not the tables that its manifest names", fs.ErrInvalid)
	}
	for _, t := range m.Tables {
		if t.Parts != c.pieces[t.Name] {
			return Broken(fmt.Sprintf("table %s is not whole in it", t.Name), fs.ErrInvalid)
		}
	}
	return nil
}
