// Package web is the HTTP face of the program: the API under /api/v1 (package api),
// the console at /console/, the public page of a cited source, health and metrics,
// and the handlers of channels, which it mounts but does not know.
//
// server.go has the table of what is mounted where, middleware.go what every request
// passes: a number, the recovery from a panic, one line in the log, and headers that
// keep browsers strict. Errors become answers in package problem.
package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/parley-im/parley/internal/web/api"
	"github.com/parley-im/parley/internal/web/problem"
)

// Config is what the server works with.
type Config struct {
	API      api.Config
	Channels map[string]http.Handler // by name, mounted at /channels/NAME and below with the whole path
	Pages    map[string]http.Handler // by pattern, such as "/chat" and "/chat/"
	Ready    []Check                 // what /readyz asks
	Metrics  http.Handler            // at /metrics
	Observe  func(Observation)       // called once for each request
	Proxies  []netip.Prefix          // proxies whose X-Forwarded-For is believed; behind them RemoteAddr is the caller's
	Secure   bool                    // people reach the server over https
	Console  fs.FS                   // the built console; nil: the one in the program
	Log      *slog.Logger
}

// Check is one condition for taking requests.
type Check struct {
	Name string
	Ask  func(context.Context) error // nil: all is well
	Soft bool                        // worth telling, no reason to turn requests away
}

// Observation is one request, for metrics. Route is a pattern and has no IDs.
type Observation struct {
	Method string
	Route  string
	Status int
	Took   time.Duration
}

// Server serves HTTP.
type Server struct {
	Config
	api     *api.API
	mux     *http.ServeMux
	console *console
	handler http.Handler
}

// New returns a Server.
func New(c Config) (*Server, error) {
	s := &Server{Config: c, mux: http.NewServeMux()}
	built, err := newConsole(c.Console)
	if err != nil {
		return nil, err
	}
	s.console = built
	c.API.Log = c.Log
	s.api = api.New(c.API)
	if err := s.mount(); err != nil {
		return nil, err
	}
	s.handler = s.number(s.from(s.logged(s.recovered(s.strict(s.mux)))))
	return s, nil
}

// mount is the table of what is served where.
func (s *Server) mount() (err error) {
	defer func() {
		if p := recover(); p != nil { // ServeMux panics on patterns that clash; these come from Config
			err = fmt.Errorf("mount pages: %v", p)
		}
	}()
	s.mux.Handle(api.Prefix+"/", s.sameOrigin(s.api.Handler()))
	s.mux.HandleFunc("/api/", s.noSuchAPI)
	s.mux.Handle("/console/", s.console)
	s.mux.Handle("GET /console", http.RedirectHandler("/console/", http.StatusMovedPermanently))
	s.mux.HandleFunc("GET /sources/{reply_key}/{n}", s.source)
	s.mux.HandleFunc("GET /healthz", s.healthz)
	s.mux.HandleFunc("GET /readyz", s.readyz)
	if s.Metrics != nil {
		s.mux.Handle("GET /metrics", s.Metrics)
	}
	s.mux.Handle("GET /{$}", http.RedirectHandler("/chat", http.StatusFound))
	for name, h := range s.Channels {
		s.mux.Handle("/channels/"+name, h)
		s.mux.Handle("/channels/"+name+"/", h)
	}
	for pattern, h := range s.Pages {
		s.mux.Handle(pattern, h)
	}
	return nil
}

// Handler is everything, with all that each request passes.
func (s *Server) Handler() http.Handler { return s.handler }

func (s *Server) noSuchAPI(w http.ResponseWriter, r *http.Request) {
	problem.New(r.Context(), http.StatusNotFound, "not_found", "There is no such address. The API is at "+api.Prefix+"/.").Write(w)
}

// stopWait is how long requests that are under way may take when the server stops.
const stopWait = 10 * time.Second

// Run serves on l until ctx ends, then lets what is under way finish, and returns.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second, // uploads take their own time: see package library
		WriteTimeout:      15 * time.Minute, // WebSockets are taken out of this by the server
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
	defer cancel()
	err := server.Shutdown(wait)
	if err != nil { // somebody is slow: they are cut off
		err = server.Close()
	}
	if serve := <-ended; !errors.Is(serve, http.ErrServerClosed) {
		err = errors.Join(err, serve)
	}
	return err
}
