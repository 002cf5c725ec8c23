// Package llmtest is a stand-in for an OpenAI-compatible server: chat completions
// as a stream, embeddings, and a list of models, on loopback, with no model behind.
//
// It answers from what it is asked: with passages in the system text it quotes the
// first one and cites it as [1]; else (a follow-up to be rewritten) it repeats the
// last message. A Script sets its pace and its faults: each way in which real
// servers misbehave has a name. Its embeddings are hashed words: the same text has
// the same vector and shared words make vectors alike. They are for tests only.
//
// Tests use Start; a program that wants one to run for itself uses ListenAndServe.
package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Fault is a way to misbehave.
type Fault string

const (
	None          Fault = ""
	Unauthorized  Fault = "401"
	BadRequest    Fault = "400"
	NotFound      Fault = "404"
	TooLarge      Fault = "413" // embeddings: only with more than one text
	RateLimit     Fault = "429"
	ServerError   Fault = "500"
	HTML          Fault = "html"           // status 200 and a web page
	HTMLError     Fault = "html-error"     // status 502 and a web page
	Garbage       Fault = "garbage"        // bytes that are no event stream
	BrokenJSON    Fault = "broken-json"    // an event that is no JSON
	Hang          Fault = "hang"           // no answer at all, until the caller leaves
	HangFirst     Fault = "hang-first"     // status 200, then nothing but keep-alives
	Cut           Fault = "cut"            // half of the text, then the end
	Reset         Fault = "reset"          // half of the text, then a broken connection
	Stall         Fault = "stall"          // half of the text, then nothing
	LongLine      Fault = "long-line"      // a line of two megabytes
	ErrorEvent    Fault = "error-event"    // half of the text, then "event: error"
	ErrorChunk    Fault = "error-chunk"    // half of the text, then a chunk with an error in it
	ErrorObject   Fault = "error-object"   // status 200 and a JSON error instead of a stream
	WrongFinish   Fault = "wrong-finish"   // half of the text, then finish_reason "error"
	LengthFinish  Fault = "length"         // half of the text, then finish_reason "length"
	FilterFinish  Fault = "content-filter" // half of the text, then finish_reason "content_filter"
	NoFinish      Fault = "no-finish"      // whole, [DONE] but no finish_reason
	NoDone        Fault = "no-done"        // whole, finish_reason but no [DONE]
	EmptyAnswer   Fault = "empty"          // whole, without text
	NilChoices    Fault = "nil-choices"    // whole, with chunks that have no choices in between
	WrongVectors  Fault = "wrong-vectors"  // embeddings: one too few
	ShuffledOrder Fault = "shuffled"       // embeddings: right, in another order
)

// Asked is what a call asks.
type Asked struct {
	System string
	Last   string // text of the last message
	Call   int    // number of the call, from 1
}

// Script tells the server how to behave. The zero value answers at once and well.
type Script struct {
	FirstToken time.Duration        // before the first piece
	Pace       float64              // pieces a second after it; 0: all at once
	Answer     func(Asked) string   // nil: the answer described above
	Fault      func(call int) Fault // nil: none; chat and embeddings count together
	RetryAfter string               // header of status 429
	KeepAlives int                  // comments before the first piece
	Reasoning  string               // reasoning text before the answer
	Reasons    string               // how: "reasoning_content", "reasoning", or "think" for marks in the text
	NoUsage    bool                 // send no usage even if asked
	Dimensions int                  // of vectors; 64
}

// Request is a call as it came in.
type Request struct {
	Path   string
	Query  string
	Header http.Header
	Body   map[string]any
}

// Server is a stand-in that runs.
type Server struct {
	URL     string // base URL, with /v1
	handler *Handler
}

// Tester is the part of testing.TB that Start needs.
type Tester interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
}

// Start runs a server until the end of the test.
func Start(t Tester, s Script) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := &Server{URL: "http://" + listener.Addr().String() + "/v1", handler: NewHandler(s)}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, server.handler) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
	return server
}

// Calls returns how many calls came in.
func (s *Server) Calls() int { return len(s.Requests()) }

// Requests returns the calls, in order.
func (s *Server) Requests() []Request {
	s.handler.mu.Lock()
	defer s.handler.mu.Unlock()
	return append([]Request(nil), s.handler.requests...)
}

// Set changes the script for the calls to come.
func (s *Server) Set(script Script) {
	s.handler.mu.Lock()
	defer s.handler.mu.Unlock()
	s.handler.script = script
}

// ListenAndServe runs a stand-in at address until ctx ends. ready gets the base URL.
func ListenAndServe(ctx context.Context, address string, s Script, ready func(url string)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	if ready != nil {
		ready("http://" + listener.Addr().String() + "/v1")
	}
	return serve(ctx, listener, NewHandler(s))
}

func serve(ctx context.Context, listener net.Listener, h http.Handler) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return base }}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		cancel() // calls that hang on purpose
		stopped <- server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// Handler is the stand-in as an http.Handler.
type Handler struct {
	mux      *http.ServeMux
	mu       sync.Mutex
	script   Script
	requests []Request
}

// NewHandler returns a Handler.
func NewHandler(s Script) *Handler {
	h := &Handler{script: s, mux: http.NewServeMux()}
	h.mux.HandleFunc("POST /v1/chat/completions", h.chat)
	h.mux.HandleFunc("POST /v1/embeddings", h.embed)
	h.mux.HandleFunc("POST /v1/openai/deployments/{model}/chat/completions", h.chat) // as Azure has it
	h.mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"object": "list", "data": []any{map[string]any{"id": "standin", "object": "model"}}})
	})
	return h
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// record notes a call and returns its number, its body and how to behave.
func (h *Handler) record(w http.ResponseWriter, r *http.Request) (call int, body map[string]any, s Script, ok bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<20)).Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, "the body is no JSON")
		return 0, nil, Script{}, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, Request{Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body})
	return len(h.requests), body, h.script, true
}

func (s Script) fault(call int) Fault {
	if s.Fault == nil {
		return None
	}
	return s.Fault(call)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may have left
}

func refuse(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]any{"error": map[string]any{"message": message, "type": "standin", "code": nil}})
}

// misbehaves plays the faults that come instead of an answer.
func misbehaves(w http.ResponseWriter, r *http.Request, f Fault, retryAfter string) bool {
	page := func(status int) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<!doctype html><title>SECRET-PAGE</title><h1>Bad gateway</h1>"))
	}
	switch f {
	case Unauthorized:
		refuse(w, http.StatusUnauthorized, "Incorrect API key provided.")
	case BadRequest:
		refuse(w, http.StatusBadRequest, "Unknown parameter.")
	case NotFound:
		refuse(w, http.StatusNotFound, "The model does not exist.")
	case RateLimit:
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		refuse(w, http.StatusTooManyRequests, "Rate limit reached.")
	case ServerError:
		refuse(w, http.StatusInternalServerError, "The server had an error.")
	case HTML:
		page(http.StatusOK)
	case HTMLError:
		page(http.StatusBadGateway)
	case Hang:
		<-r.Context().Done()
	default:
		return false
	}
	return true
}

var firstPassage = regexp.MustCompile(`(?s)<<<passages [0-9a-f]+>>>\n\[1\] [^\n]*\n(.*?)\n\n(?:\[2\]|<<<end)`)

// answer is what the stand-in says by itself.
func answer(a Asked) string {
	m := firstPassage.FindStringSubmatch(a.System)
	if m == nil {
		return a.Last
	}
	text := strings.Join(strings.Fields(m[1]), " ")
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200]) + "…"
	}
	if strings.ContainsFunc(a.Last, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return "根据知识库：" + text + " [1]"
	}
	return "The knowledge base says: " + text + " [1]"
}
