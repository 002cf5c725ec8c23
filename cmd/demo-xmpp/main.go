// Command demo-xmpp shows Parley in an XMPP chat with a real client: it starts Prosody
// (which .ci/tools installs), Parley with a bot on it, and a page with Converse.js in
// which a visitor is logged in. Nothing of it lasts.
//
//	make demo-xmpp
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/internal/testservice"
)

type options struct {
	listen, program, page, sample, models string
}

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8090", "address of the page")
	flag.StringVar(&o.program, "program", "bin/parley", "the built program")
	flag.StringVar(&o.page, "page", "cmd/demo-xmpp/page", "folder of the page, with its node_modules")
	flag.StringVar(&o.sample, "sample", "docs/sample/help-centre", "folder of the documents")
	flag.StringVar(&o.models, "models", "", "value of models in config.yaml; empty: answers quote the documents")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo-xmpp:", err)
		os.Exit(1)
	}
}

// Who is there. The passwords are of a server that is gone afterwards.
const (
	bot, botPassword         = "helper", "demo-helper"
	visitor, visitorPassword = "visitor", "demo-visitor"
	room                     = "lobby@" + testservice.XMPPRooms
	botNick                  = "小助手"
)

func run(ctx context.Context, o options, out io.Writer) (err error) {
	server, err := testservice.StartProsody()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	for name, password := range map[string]string{bot: botPassword, visitor: visitorPassword} {
		if err := server.Register(name, password); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "parley-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := importSample(ctx, o, dir); err != nil {
		return err
	}
	front, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("%w; name another address with --listen", err)
	}
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, []byte(configuration(o, server)), 0o600); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return parley(ctx, o, dir, config) })
	group.Go(func() error { return show(ctx, front, o, server) })
	fmt.Fprintf(out, "\n  Chat      http://%s/\n            Ask %s in private, or in the room with @%s. Ctrl-C ends it.\n\n", front.Addr(), bot, botNick)
	return group.Wait()
}

func configuration(o options, server *testservice.XMPP) string {
	models := ""
	if o.models != "" {
		models = "models: " + o.models + "\n"
	}
	return fmt.Sprintf(`%schannels:
  xmpp:
    kind: xmpp
    jid: %s@%s
    password: %s
    url: "ws://%s%s"
    nick: %s
    rooms: [%s]
    pace: 500ms
`, models, bot, testservice.XMPPDomain, botPassword, server.Address(), server.Path(), botNick, room)
}

func importSample(ctx context.Context, o options, dir string) error {
	files, err := filepath.Glob(filepath.Join(o.sample, "*"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no documents in %s", o.sample)
	}
	cmd := exec.CommandContext(ctx, o.program, append([]string{"import", "--data", dir, "--collection", "help"}, files...)...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("import the documents: %w\n%s", err, said)
	}
	return nil
}

// parley runs the program until ctx ends.
func parley(ctx context.Context, o options, dir, config string) error {
	cmd := exec.CommandContext(ctx, o.program, "serve", "--config", config, "--data", dir, "--listen", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("parley: %w", err)
	}
	return nil
}

// show serves the page, and the server's WebSocket at the same address.
func show(ctx context.Context, l net.Listener, o options, server *testservice.XMPP) error {
	socket := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: server.Address()})
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(o.page)))
	mux.Handle("/converse/", http.StripPrefix("/converse/", http.FileServer(http.Dir(filepath.Join(o.page, "node_modules", "converse.js", "dist")))))
	mux.Handle(server.Path(), socket)
	mux.HandleFunc("/settings.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jid":%q,"password":%q,"bot":%q,"room":%q,"path":%q}`, visitor+"@"+testservice.XMPPDomain, visitorPassword, bot+"@"+testservice.XMPPDomain, room, server.Path())
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-ctx.Done()
		_ = s.Close() // sockets would keep it for ever
	}()
	err := s.Serve(l)
	if ctx.Err() != nil {
		<-done
		return nil
	}
	return err
}
