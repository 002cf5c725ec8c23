package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

type importCmd struct {
	place
	Collection string   `help:"Collection to add to; it is made if it is not there." required:"" placeholder:"NAME"`
	Label      []string `help:"Label for the documents; may be given several times."`
	JSON       bool     `name:"json" help:"Print one line of JSON for each file."`
	Files      []string `arg:"" name:"file" help:"Files to add."`
}

type imported struct {
	File   string `json:"file"`
	Status string `json:"status"` // ready, failed
	Chunks int    `json:"chunks"`
	Error  string `json:"error"`
}

// Run adds the files one after the other and waits for each. A file that fails for
// a stated reason is a result, not a failure of the command.
func (c *importCmd) Run(a *app) error {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	in, err := open(a.ctx, cfg, newLog(a.stderr, "warn"))
	if err != nil {
		return err
	}
	err = c.all(a, in)
	return errors.Join(err, in.Close())
}

func (c *importCmd) all(a *app, in *installation) error {
	if slices.ContainsFunc(c.Files, func(f string) bool { return strings.EqualFold(filepath.Ext(f), ".pdf") }) {
		if err := in.runner.Warm(a.ctx); err != nil { // the first PDF file tells what is wrong, if it is
			in.log.Warn("the reader of PDF files could not be prepared; the first one will take longer", "err", err)
		}
	}
	collection, err := collectionNamed(a.ctx, in.base, c.Collection)
	if err != nil {
		return err
	}
	for _, file := range c.Files {
		out, err := c.one(a.ctx, in.base, collection.ID, file)
		if err != nil {
			return err
		}
		if c.JSON {
			err = printJSON(a, out)
		} else if out.Status == "ready" {
			_, err = fmt.Fprintf(a.stdout, "%-8s %4d chunks  %s\n", out.Status, out.Chunks, file)
		} else {
			_, err = fmt.Fprintf(a.stdout, "%-8s              %s: %s\n", out.Status, file, out.Error)
		}
		if err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	return nil
}

// collectionNamed returns the collection and makes it if need be.
func collectionNamed(ctx context.Context, base *knowledge.Base, name string) (knowledge.Collection, error) {
	c, err := base.CollectionByName(ctx, name)
	if !errors.Is(err, fault.NotFound) {
		return c, err
	}
	c, err = base.CreateCollection(ctx, name, "")
	if errors.Is(err, fault.Conflict) { // another process was faster
		return base.CollectionByName(ctx, name)
	}
	return c, err
}

func (c *importCmd) one(ctx context.Context, base *knowledge.Base, collection, file string) (imported, error) {
	out := imported{File: file, Status: "failed"}
	f, err := os.Open(file)
	if err != nil {
		out.Error = "The file cannot be opened: " + cause(err)
		return out, nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		out.Error = "This is not a file that can be read."
		return out, nil
	}
	d, _, err := base.Add(ctx, knowledge.Upload{
		Collection: collection, Name: filepath.Base(file), Labels: c.Label, AddedBy: "parley import", Body: f,
	})
	if err == nil {
		d, err = base.Process(ctx, d.ID)
	}
	switch {
	case ctx.Err() != nil:
		return out, ctx.Err()
	case err != nil && fault.Kind(err) == nil:
		return out, fmt.Errorf("import %s: %w", file, err)
	case err != nil:
		_, out.Error = fault.Public(err)
	case d.Stage == knowledge.Failed || d.Stage == knowledge.Cancelled:
		out.Error = d.Reason
	default:
		out.Status, out.Chunks = "ready", d.Chunks
	}
	return out, nil
}

// cause is the plain reason of an error of the file system, without the path again.
func cause(err error) string {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err.Error() + "."
	}
	return err.Error() + "."
}
