package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/failpoint"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/web"
	"github.com/parley-im/parley/internal/web/api"
)

type serveCmd struct {
	place
	Listen string `help:"HOST:PORT of the web server." placeholder:"HOST:PORT"`
	Print  bool   `help:"Print the effective configuration, secrets hidden, and end."`
}

func (c *serveCmd) Run(a *app) error {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	if c.Listen != "" {
		cfg.Listen = c.Listen
	}
	if c.Print {
		text, err := cfg.Print()
		if err != nil {
			return err
		}
		_, err = io.WriteString(a.stdout, text)
		return err
	}
	log := newLog(a.stderr, cfg.Log.Level)
	listener, err := listen(a.ctx, cfg.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if cfg.Database == "" {
		if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
			return fmt.Errorf("make the data folder: %w", err)
		}
		release, err := sqlite.Claim(a.ctx, filepath.Join(cfg.Data, "serving.lock"))
		if err != nil {
			return err
		}
		defer func() { _ = release() }() // the process ends here
	}
	in, err := open(a.ctx, cfg, log)
	if err != nil {
		return err
	}
	s, err := newServer(in, a.getenv, listener.Addr().String())
	if err != nil {
		return errors.Join(err, in.Close())
	}
	err = s.greet(a, listener.Addr().String())
	if err == nil {
		err = s.run(a.ctx, listener)
	}
	return errors.Join(err, in.Close())
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: something else uses this port already, perhaps another Parley; stop it, or choose another with --listen", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// server is everything that runs.
type server struct {
	in      *installation
	auth    *auth.Service
	gateway *gateway.Gateway
	web     *web.Server
	chats   []*webchat.Channel
}

func newServer(in *installation, getenv func(string) (string, bool), address string) (*server, error) {
	s := &server{in: in}
	ledger := in.stores.ledger
	if text, ok := getenv("PARLEY_FAILPOINT"); ok { // crash tests
		plan, err := failpoint.Parse(text)
		if err != nil {
			return nil, err
		}
		ledger = failpoint.Ledger(ledger, plan, func() {
			if p, err := os.FindProcess(os.Getpid()); err == nil {
				_ = p.Kill()
			}
			select {}
		})
	}
	g := in.cfg.Gateway
	s.gateway = gateway.New(gateway.Config{
		Ledger: ledger, Handler: in.bot, Owner: owner(in.cfg.Replica), Leases: in.stores.leases, Bus: in.sharing.bus, Log: in.log, Events: in.meters.Event,
		MergeWindow: max(g.MergeWindow, time.Nanosecond), // 0 would stand for the gateway's default
		StaleAfter:  g.StaleAfter, AnswerTimeout: g.AnswerTimeout, Workers: g.Workers, MaxCrashes: g.MaxCrashes,
	})
	in.meters.Channels(s.gateway.Health)
	handlers, pages, err := s.openChannels()
	if err != nil {
		return nil, err
	}
	proxies, err := in.cfg.TrustedProxies()
	if err != nil {
		return nil, err
	}
	s.auth = auth.New(in.stores.accounts, auth.DefaultParams())
	s.auth.LimitWith(in.sharing.limits)
	secure := strings.HasPrefix(in.cfg.PublicURL, "https://")
	s.web, err = web.New(web.Config{
		API: api.Config{
			Version: version, Models: in.modelNames(), Embedder: in.embedderName(),
			MaxUpload: int64(in.cfg.Uploads.MaxSize), KnownAt: in.cfg.Answers.KnownAt,
			Accounts: s.auth, Sessions: auth.NewSessions(in.stores.sessions, secure),
			Collections: in.base, Documents: in.base, Files: in.base, Finder: in.base,
			Prompts: in.prompts, Tester: in.bot, Receipts: in.stores.receipts, Activity: in.stores.activity,
			Channels: s.gateway.Health, Embedding: in.base, System: in.system,
		},
		Channels: handlers, Pages: pages, Secure: secure, Log: in.log, Proxies: proxies,
		Metrics: in.meters.Handler(), Observe: func(o web.Observation) { in.meters.Request(o.Method, o.Route, o.Status, o.Took) },
		Ready: s.checks(),
	})
	return s, err
}

// checks are what /readyz asks. Without Redis all goes on, a little less well.
func (s *server) checks() []web.Check {
	list := []web.Check{{Name: "database", Ask: s.in.stores.ready}, {Name: "gateway", Ask: s.gateway.Ready}}
	if s.in.sharing.client != nil {
		list = append(list, web.Check{Name: "redis", Ask: s.in.sharing.degraded, Soft: true})
	}
	return list
}

// openChannels opens what config.yaml names and returns what has to be mounted.
func (s *server) openChannels() (handlers, pages map[string]http.Handler, err error) {
	handlers, pages = map[string]http.Handler{}, map[string]http.Handler{}
	kinds := channelKinds(s.in.stores.chats, s.in.sharing.limits)
	var wrong []error
	accounts := map[string]string{} // who has which
	for _, name := range slices.Sorted(maps.Keys(s.in.cfg.Channels)) {
		c := s.in.cfg.Channels[name]
		kind, ok := kinds[c.Kind]
		if !ok {
			wrong = append(wrong, fmt.Errorf("channels.%s.kind: %q is none of %s", name, c.Kind, strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")))
			continue
		}
		ch, err := s.gateway.Open(c.Kind, kind.Open, gateway.Setup{
			Name: name, Decode: c.Decode, Client: outgoing(), Log: s.in.log.With("channel", name),
			PublicURL: s.in.cfg.PublicURL, DataDir: s.in.cfg.Data,
		})
		if err != nil {
			wrong = append(wrong, fmt.Errorf("channels.%s: %w", name, err))
			continue
		}
		if one, ok := ch.(gateway.Identified); ok {
			account := c.Kind + " " + one.Account()
			if other := accounts[account]; other != "" {
				wrong = append(wrong, fmt.Errorf("channels.%s: it has the same account as channels.%s, and both would answer everything; leave one of them out", name, other))
				continue
			}
			accounts[account] = name
		}
		if h, ok := ch.(http.Handler); ok {
			handlers[name] = h
		}
		if chat, ok := ch.(*webchat.Channel); ok {
			if len(s.chats) == 0 { // the first one, by name, has the short addresses
				pages["/chat"], pages["/chat/"] = chat.Page(), chat.Page()
				pages["/widget.js"], pages["/widget"] = chat.Script(), chat.Demo()
			}
			s.chats = append(s.chats, chat)
		}
	}
	return handlers, pages, errors.Join(wrong...)
}

// outgoing is the client that channels call their platforms with.
func outgoing() *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second, MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute,
	}}
}

// greet prints where things are.
func (s *server) greet(a *app, address string) error {
	base := s.in.cfg.PublicURL
	if base == "" {
		base = "http://" + address
	}
	token, err := s.auth.SetupToken(a.ctx)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nParley %s is running.\n\n", version)
	if len(s.chats) > 0 {
		fmt.Fprintf(&b, "  Chat      %s/chat\n  Widget    %s/widget\n", base, base)
	}
	if token != "" {
		fmt.Fprintf(&b, "  Set-up    %s/console/setup?token=%s\n            (makes the first admin; works once, until the next start)\n", base, token)
	}
	fmt.Fprintf(&b, "  Console   %s/console/\n", base)
	if len(s.in.cfg.Models) == 0 {
		b.WriteString("\n  No model is configured: answers quote the documents. See \"models\" in config.yaml.\n")
	}
	_, err = fmt.Fprintln(a.stdout, b.String())
	return err
}

// run runs everything until ctx ends: first the gateway finishes its answers, then
// the rest stops.
func (s *server) run(ctx context.Context, l net.Listener) error {
	later, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer stop()
		return s.gateway.Run(failed)
	})
	group.Go(func() error { return s.in.base.Run(failed) })
	group.Go(func() error {
		select { // first things first: messages that wait are answered before
		case <-time.After(5 * time.Second):
		case <-failed.Done():
			return nil
		}
		if err := s.in.runner.Warm(failed); err != nil && failed.Err() == nil {
			s.in.log.Warn("the reader of PDF files could not be prepared; the first one will take longer", "err", err)
		}
		return nil
	})
	group.Go(func() error {
		defer stop()
		return s.web.Run(later, l)
	})
	group.Go(func() error { return s.in.sharing.run(later) })
	group.Go(func() error {
		<-later.Done()
		var errs []error
		for _, chat := range s.chats {
			errs = append(errs, chat.Close())
		}
		return errors.Join(errs...)
	})
	err := group.Wait()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// newLog writes JSON at level.
func newLog(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo // checked when the configuration was read
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l}))
}
