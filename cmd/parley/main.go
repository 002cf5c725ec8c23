// Command parley is the whole of Parley in one binary: the gateway to chat
// platforms, the knowledge base, the prompts and the console.
//
// main only reads the command line; each command is a struct with a Run method in
// a file of its own. The parts are joined in assemble.go (what every command needs)
// and serve.go (what runs), and channels.go has one line for each kind of channel.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/parley-im/parley/internal/config"
)

var version = "dev" // set by the linker

// cli is the command line.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Start the server: chat, console, API and all channels."`
	Import  importCmd  `cmd:"" help:"Add files to a collection."`
	Ask     askCmd     `cmd:"" help:"Ask a question, as a customer would."`
	Eval    evalCmd    `cmd:"" help:"Measure quality on evaluation sets."`
	Extract extractCmd `cmd:"" help:"Show the text that Parley reads out of files."`
	Bench   benchCmd   `cmd:"" help:"Measure delivery and speed on this machine."`
	Doctor  doctorCmd  `cmd:"" help:"Check configuration, database, files and models."`
	Migrate migrateCmd `cmd:"" help:"Bring the database up to this program's version."`
	Backup  backupCmd  `cmd:"" help:"Write everything into one archive, while the server runs."`
	Restore restoreCmd `cmd:"" help:"Bring an archive back, or check it."`
	Version versionCmd `cmd:"" help:"Print the version."`

	ExtractChild extractChildCmd `cmd:"" hidden:"" help:"Read one file in a process of its own (used by the server)."`
	Standin      standinCmd      `cmd:"" hidden:"" help:"Run a scripted stand-in for a model server (used by tests)."`
}

// app is what the commands are given.
type app struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) (string, bool)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(&app{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.LookupEnv}, os.Args[1:])
	stop()
	os.Exit(code)
}

// run is main without the process: 0 done, 1 failed, 2 wrong command line.
func run(a *app, args []string) int {
	var c cli
	code := -1
	parser, err := kong.New(&c, kong.Name("parley"),
		kong.Description("AI chatbot gateway: connects chats to a language model and your own knowledge base."),
		kong.Writers(a.stdout, a.stderr), kong.Exit(func(n int) { code = n }), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(a.stderr, "parley:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if code >= 0 { // --help
		return code
	}
	if err != nil {
		fmt.Fprintf(a.stderr, "parley: %v\nRun \"parley --help\" to see the commands.\n", err)
		return 2
	}
	if err := k.Run(a); err != nil {
		if status, ok := errors.AsType[exitStatus](err); ok {
			return int(status)
		}
		fmt.Fprintln(a.stderr, "parley:", err)
		return 1
	}
	return 0
}

// exitStatus ends the program with a status after the command has said why.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// place are the flags that say which installation a command works on.
type place struct {
	Config string `help:"Configuration file; the defaults hold without one." type:"existingfile" env:"PARLEY_CONFIG" placeholder:"FILE"`
	Data   string `help:"Folder of the database and the uploaded files." placeholder:"DIR"`
}

// load reads the configuration, with --data on top.
func (p place) load(a *app) (config.Config, error) {
	c, err := config.Load(p.Config, a.getenv)
	if err != nil {
		return config.Config{}, err
	}
	if p.Data != "" {
		c.Data = p.Data
	}
	return c, nil
}
