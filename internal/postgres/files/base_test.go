package files_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/sqlite/library"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/extract"
)

// lines reads a file as one paragraph.
type lines struct{}

func (lines) Extract(_ context.Context, _, path string) (extract.Document, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return extract.Document{}, err
	}
	if string(body) == "bad" {
		return extract.Document{}, errors.New("cannot be read")
	}
	return extract.Document{Type: "txt", Blocks: []extract.Block{{Kind: extract.Paragraph, Text: string(body)}}}, nil
}

// A Base works on documents whose files are in the database: what it copies is gone
// afterwards, and so are the files of what was deleted.
func TestBaseOnTheseFiles(t *testing.T) {
	folder := t.TempDir()
	f := open(t, postgrestest.Open(t), folder)
	base := knowledge.New(library.New(sqlitetest.Open(t)), f, lines{}, nil, slog.New(slog.DiscardHandler), knowledge.Options{})
	ctx := t.Context()
	c, err := base.CreateCollection(ctx, "Help", "")
	if err != nil {
		t.Fatal(err)
	}
	stages := ""
	var last knowledge.Document
	for _, text := range []string{"Returns are free within thirty days.", "bad", "Parcels take two days."} {
		d, _, err := base.Add(ctx, knowledge.Upload{Collection: c.ID, Name: text[:3] + ".txt", Body: strings.NewReader(text)})
		if err == nil {
			last, err = base.Process(ctx, d.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		stages += fmt.Sprint(last.Stage, " ")
	}
	if stages != "ready failed ready " {
		t.Errorf("ended in %s", stages)
	}
	r, _, err := base.File(ctx, last.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := base.Delete(ctx, last.ID); err != nil {
		t.Fatal(err)
	}
	stored := 0
	err = f.Each(ctx, 0, func(string) error { stored++; return nil })
	if stored != 2 || err != nil {
		t.Errorf("%d files are stored, %v; want 2", stored, err)
	}
	if n := lying(t, folder); n != 0 {
		t.Errorf("%d copies were left behind", n)
	}
}
