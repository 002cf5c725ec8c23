package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/parley-im/parley/internal/config"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge/extract"
)

type extractCmd struct {
	JSON    bool     `name:"json" help:"Print one line of JSON for each file."`
	Prepare bool     `name:"prepare" help:"Compile the reader of PDF files for later runs, if that was not done."`
	Cache   string   `name:"cache" type:"path" help:"Folder for the compiled reader; default: one of yours."`
	Files   []string `arg:"" optional:"" name:"file" help:"Files to read."`
}

type extracted struct {
	File  string `json:"file"`
	Type  string `json:"type"`
	Text  string `json:"text"`
	Error string `json:"error"`
}

// Run reads each file as the server would. A file that cannot be read for a stated
// reason is a result, not a failure of the command.
func (c *extractCmd) Run(a *app) error {
	runner, err := newRunner(config.Default(), cmp.Or(c.Cache, cacheDir()))
	if err != nil {
		return err
	}
	switch {
	case c.Prepare:
		if err := runner.Warm(a.ctx); err != nil {
			return fmt.Errorf("prepare the reader of PDF files: %w", err)
		}
	case len(c.Files) == 0:
		return errors.New("name at least one file to read, or give --prepare")
	}
	for _, file := range c.Files {
		out := extracted{File: file}
		d, err := runner.Extract(a.ctx, filepath.Base(file), file)
		switch {
		case a.ctx.Err() != nil:
			return a.ctx.Err()
		case err != nil:
			if fault.Kind(err) == nil {
				return err
			}
			_, out.Error = fault.Public(err)
		default:
			out.Type, out.Text = d.Type, extract.Text(d)
		}
		if err := c.print(a, out); err != nil {
			return err
		}
	}
	return nil
}

func (c *extractCmd) print(a *app, out extracted) error {
	if c.JSON {
		return printJSON(a, out)
	}
	text := out.Text
	if out.Error != "" {
		text = "error: " + out.Error
	}
	_, err := fmt.Fprintf(a.stdout, "==> %s %s\n%s\n\n", out.File, out.Type, text)
	return err
}

type extractChildCmd struct{}

// Run reads the one file that the parent process asks for on standard input.
func (c *extractChildCmd) Run(a *app) error {
	return exitStatus(extract.ChildMain(a.ctx, a.stdin, a.stdout))
}

// newRunner reads files in child processes of this very program.
func newRunner(c config.Config, cache string) (extract.Runner, error) {
	program, err := self()
	if err != nil {
		return extract.Runner{}, err
	}
	return extract.Runner{
		Command: append(program, "extract-child"),
		Limits: extract.Limits{
			Time: c.Uploads.ParseTime, Memory: int64(c.Uploads.ParseMemory),
			FileBytes: int64(c.Uploads.MaxSize), CacheDir: cache,
		},
	}, nil
}

// cacheDir is where compiled parsers are kept between runs when there is no data folder.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "parley")
}
