package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/accounts"
	"github.com/parley-im/parley/internal/sqlite/activity"
	"github.com/parley-im/parley/internal/sqlite/promptversions"
	"github.com/parley-im/parley/internal/sqlite/receipts"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/internal/web"
	"github.com/parley-im/parley/internal/web/api"
	"github.com/parley-im/parley/prompts"
)

const password = "correct horse battery"

// house is a whole server on loopback, over a real database.
type house struct {
	t        *testing.T
	db       *sqlite.DB
	staff    *auth.Service
	receipts *receipts.Store
	shelf    *shelf
	tester   *tester
	config   web.Config
	server   *web.Server
	url      string
	log      *journal
	owner    auth.User
}

// cheap hashes passwords fast.
var cheap = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// open starts a server. change may alter its configuration.
func open(t *testing.T, change ...func(*web.Config)) *house {
	t.Helper()
	return openWith(t, func(_ *house, c *web.Config) {
		for _, f := range change {
			f(c)
		}
	})
}

func openWith(t *testing.T, change func(*house, *web.Config)) *house {
	t.Helper()
	db := sqlitetest.Open(t)
	h := &house{t: t, db: db, shelf: newShelf(), tester: &tester{}, log: &journal{}, receipts: receipts.New(db, 0)}
	h.staff = auth.New(accounts.New(db), cheap)
	h.config = web.Config{
		API: api.Config{
			Version: "test", Models: []string{"m"}, MaxUpload: 1 << 20, KnownAt: 0.5,
			Accounts:    h.staff,
			Collections: h.shelf, Documents: h.shelf, Files: h.shelf, Finder: h.shelf,
			Prompts: prompts.New(promptversions.New(db)), Tester: h.tester, Receipts: h.receipts,
			Activity: activity.New(db), Embedding: &models{},
			System: func(context.Context) (api.System, error) {
				return api.System{Database: api.Database{Kind: "sqlite", Bytes: 4096}, Redis: api.Redis{State: "none"}}, nil
			},
			Channels: func() []gateway.Health {
				return []gateway.Health{{Name: "chat", Kind: "webchat", State: gateway.Connected, Since: time.Now()}}
			},
		},
		Log: h.logger(),
	}
	change(h, &h.config)
	h.config.API.Sessions = auth.NewSessions(accounts.NewSessions(db), h.config.Secure)
	server, err := web.New(h.config)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server.Handler())
	t.Cleanup(s.Close)
	h.server, h.url = server, s.URL
	return h
}

func (h *house) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// staffed also makes the first user.
func staffed(t *testing.T, change ...func(*web.Config)) *house {
	t.Helper()
	return open(t, change...).found()
}

func staffedWith(t *testing.T, change func(*house, *web.Config)) *house {
	t.Helper()
	return openWith(t, change).found()
}

// found makes the first user.
func (h *house) found() *house {
	h.t.Helper()
	t := h.t
	token, err := h.staff.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.owner, err = h.staff.SetUp(t.Context(), "test", token, auth.NewUser{Username: "owner", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// as makes a user of a role and signs in.
func (h *house) as(role auth.Role) *person {
	h.t.Helper()
	if role != auth.Owner {
		by, err := h.staff.Session(h.t.Context(), h.owner.ID, h.owner.Epoch)
		if err != nil {
			h.t.Fatal(err)
		}
		if _, err := h.staff.AddUser(h.t.Context(), by, auth.NewUser{Username: string(role), Role: role, Password: password}); err != nil {
			h.t.Fatal(err)
		}
	}
	p := h.nobody()
	p.must(200, "POST", "/session", map[string]any{"username": string(role), "password": password})
	return p
}

// person is somebody with a browser.
type person struct {
	t      *testing.T
	url    string
	client *http.Client
	header http.Header
}

func (h *house) nobody() *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &person{t: h.t, url: h.url, header: http.Header{}, client: &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(r.body), &out); err != nil {
		t.Fatalf("answer is not JSON: %v\n%s", err, r.body)
	}
	return out
}

// do calls the API; body is JSON unless it is a string.
func (p *person) do(method, path string, body any) reply {
	p.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			p.t.Fatal(err)
		}
		in = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+"/api/v1"+path, in)
	if err != nil {
		p.t.Fatal(err)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return p.send(r)
}

func (p *person) send(r *http.Request) reply {
	p.t.Helper()
	for name, values := range p.header {
		r.Header[name] = values
	}
	res, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(data)}
}

// get reads an address outside the API.
func (p *person) get(path string, header ...string) reply {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), "GET", p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return p.send(r)
}

func (p *person) must(status int, method, path string, body any) reply {
	p.t.Helper()
	got := p.do(method, path, body)
	if got.status != status {
		p.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, got.status, status, got.body)
	}
	return got
}

// refused wants a problem with a code.
func (p *person) refused(status int, code, method, path string, body any) reply {
	p.t.Helper()
	got := p.do(method, path, body)
	if got.status != status || got.header.Get("Content-Type") != "application/problem+json" {
		p.t.Fatalf("%s %s: status %d %s, want %d\n%s", method, path, got.status, got.header.Get("Content-Type"), status, got.body)
	}
	problem := got.json(p.t)
	if problem["code"] != code || problem["request_id"] != got.header.Get("X-Request-Id") || problem["request_id"] == "" || problem["detail"] == "" {
		p.t.Fatalf("%s %s: got %s, want code %q and the number of the request", method, path, got.body, code)
	}
	return got
}

// journal keeps what is logged.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// tester is a bot that answers as it is told.
type tester struct {
	got     bot.TryRequest
	receipt bot.Receipt
	err     error
}

func (b *tester) Try(_ context.Context, t bot.TryRequest) (bot.Receipt, error) {
	b.got = t
	return b.receipt, b.err
}
