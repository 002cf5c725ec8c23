// Package backup puts a whole installation into one archive and brings it back.
//
// The archive is a gzipped tar, so that `tar -tzf` shows what is in it:
//
//	about.json          what this is: format, program, engine, schema (so that a wrong
//	                    archive is refused at once)
//	config.yaml         the configuration file with its secrets taken out (redact.go)
//	sqlite/parley.db    the database, or on Postgres
//	tables/NAME/000001  its tables in binary COPY format, cut into pieces of 4 MiB
//	files/…             the uploaded files (on Postgres they are rows like all else)
//	sums/000001         sha256 of the parts before it, a thousand at a time, as sha256sum
//	                    prints them
//	manifest.json       about.json again with counts and the sha256 of each sums part
//
// Make (writer.go) writes it in one go and needs to seek nowhere. Restore reads it
// twice (reader.go): the first time only to check every hash and every name, and not
// before that is the target touched. A part is never held in memory whole, and neither
// is the list of parts: memory stays flat however large the archive is.
//
// What an engine does to be read while the server writes, and to be filled, is in the
// packages folder (SQLite) and server (Postgres). An archive is restored into the
// engine it came from: the two have different tables (docs/operations.md: how to move).
package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// format is the layout of the archive. Older ones are to be read for ever.
const format = 1

// Manifest tells what an archive holds.
type Manifest struct {
	Format    int        `json:"format"`
	Program   string     `json:"program"` // version of Parley
	MadeAt    time.Time  `json:"made_at"`
	Engine    string     `json:"engine"` // "sqlite" or "postgres"
	Server    string     `json:"server"` // version of the database, for people
	Schema    int64      `json:"schema"` // migration the tables are at
	Tables    []Table    `json:"tables,omitempty"`
	Sequences []Sequence `json:"sequences,omitempty"`
	Parts     int64      `json:"parts"`
	Files     int64      `json:"files"`
	Bytes     int64      `json:"bytes"` // of all parts, unpacked
	Sums      []Sum      `json:"sums"`
}

// Table is one table of Postgres.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	Parts   int      `json:"parts"`
}

// Sequence is how far a generator of numbers has come.
type Sequence struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// Sum is the sha256 of a part.
type Sum struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Engine is a database with what belongs to it: an SQLite or a Postgres.
type Engine interface {
	// About tells engine, server and schema.
	About(ctx context.Context) (Manifest, error)
	// Dump adds the parts to w and fills in what m tells of them.
	Dump(ctx context.Context, w *Writer, m *Manifest) error
	// Begin checks the target against m and makes ready; nothing that was there is
	// changed before Finish is called.
	Begin(ctx context.Context, m Manifest, force bool) (Loader, error)
}

// Loader takes the parts of an archive.
type Loader interface {
	// Part is given each part but about.json, the sums and the manifest.
	Part(ctx context.Context, name string, size int64, r io.Reader) error
	// Finish makes what was loaded count and brings it up to this program's schema.
	Finish(ctx context.Context) error
	// Abandon removes what was loaded; after Finish it does nothing.
	Abandon(ctx context.Context) error
}

// Options say what Make adds.
type Options struct {
	Program string // version of Parley
	Now     time.Time
	Config  []byte // text of the configuration file, or nil
}

// Make writes an archive of all that e holds at one moment. The server may run.
func Make(ctx context.Context, out io.Writer, e Engine, o Options) (Manifest, error) {
	m, err := e.About(ctx)
	if err != nil {
		return m, err
	}
	m.Format, m.Program, m.MadeAt = format, o.Program, o.Now.UTC().Truncate(time.Second)
	w := newWriter(out, m.MadeAt)
	err = w.json(aboutName, m)
	if err == nil && o.Config != nil {
		var text []byte
		if text, err = redact(o.Config); err == nil {
			err = w.bytes(ConfigName, text)
		}
	}
	if err == nil {
		err = e.Dump(ctx, w, &m)
	}
	if err == nil {
		err = w.end(&m)
	}
	if err != nil {
		return m, fmt.Errorf("make backup: %w", err)
	}
	return m, nil
}

// Verify reads the archive from end to end and reports what is wrong with it.
func Verify(ctx context.Context, archive io.Reader) (Manifest, error) {
	return read(ctx, archive, nil)
}

// Restore fills e from the archive. If anything is wrong with it, nothing is touched.
// A target that holds something is refused unless force is set.
func Restore(ctx context.Context, archive io.ReadSeeker, e Engine, force bool) (m Manifest, err error) {
	if m, err = Verify(ctx, archive); err != nil {
		return m, err
	}
	to, err := e.About(ctx)
	if err != nil {
		return m, err
	}
	if m.Engine != to.Engine {
		return m, fault.Say(fault.Conflict, "other_engine",
			"This is a backup of %s and the configuration names %s. Restore it into the engine it came from; to move to the other one, see docs/operations.md.", m.Engine, to.Engine)
	}
	if _, err := archive.Seek(0, io.SeekStart); err != nil {
		return m, fmt.Errorf("read archive again: %w", err)
	}
	into, err := e.Begin(ctx, m, force)
	if err != nil {
		return m, err
	}
	defer func() {
		later, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, into.Abandon(later))
	}()
	again, err := read(ctx, archive, into.Part)
	if err != nil {
		return m, err
	}
	if again.MadeAt != m.MadeAt || again.Parts != m.Parts || again.Bytes != m.Bytes {
		return m, Broken("it changed while it was read", os.ErrInvalid)
	}
	if err := into.Finish(ctx); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	return m, nil
}

// Broken says that the archive is not as Make wrote it.
func Broken(what string, cause error) error {
	return fault.Say(fault.Invalid, "bad_archive", "The archive cannot be used: %s. Nothing was changed; take another backup file.", what).Because(cause)
}

// TooNew says that tables are newer than this program.
func TooNew(have, want int64) error {
	return fault.Say(fault.Conflict, "schema_too_new",
		"The tables are at schema version %d, this program knows %d at most. Use the version of Parley that wrote them.", have, want)
}
