//go:build unix

package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres"
	pgleases "github.com/parley-im/parley/internal/postgres/leases"
	"github.com/parley-im/parley/internal/postgres/messages"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
)

// far is a platform that drops nothing by itself; other processes post to it.
type far struct {
	mu    sync.Mutex
	texts map[string][]string // by chat
	keys  map[string]bool
	at    map[string]time.Time // when the first post of a chat and text came
}

func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if key := r.URL.Query().Get("find"); key != "" {
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.keys[key] {
			w.WriteHeader(http.StatusNotFound)
		}
		return
	}
	var out gateway.Outgoing
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	time.Sleep(20 * time.Millisecond)
	f.mu.Lock()
	f.texts[out.Conversation.Chat] = append(f.texts[out.Conversation.Chat], out.Text)
	f.keys[out.Key] = true
	if what := out.Conversation.Chat + out.Text; f.at[what].IsZero() {
		f.at[what] = time.Now()
	}
	f.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
}

func (f *far) posts(chat string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.texts[chat]...)
}

// wire is the channel to far.
type wire struct {
	gateway.Inbox
	base string
}

func (c *wire) do(ctx context.Context, method, query string, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+query, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", err, fault.Unavailable)
	}
	return res.StatusCode, res.Body.Close()
}

func (c *wire) Post(ctx context.Context, out gateway.Outgoing) (string, error) {
	body, err := json.Marshal(out)
	if err != nil {
		return "", err
	}
	_, err = c.do(ctx, http.MethodPost, "/", body)
	return out.Key, err
}

// searching is a wire that can look for a post.
type searching struct{ *wire }

func (c searching) Find(ctx context.Context, _ gateway.Conversation, key string) (string, error) {
	status, err := c.do(ctx, http.MethodGet, "/?find="+url.QueryEscape(key), nil)
	if err != nil || status != http.StatusOK {
		return "", err
	}
	return key, nil
}

const (
	replicaOf   = "PARLEY_TEST_REPLICA_DATABASE"
	replicaFar  = "PARLEY_TEST_REPLICA_PLATFORM"
	replicaFind = "PARLEY_TEST_REPLICA_FINDS"
)

// TestReplicaProcess is the process that TestStoppedBySignal starts.
func TestReplicaProcess(t *testing.T) {
	address := os.Getenv(replicaOf)
	if address == "" {
		t.Skip("is run by TestStoppedBySignal")
	}
	db, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := &wire{base: os.Getenv(replicaFar)}
	var ch gateway.Channel = w
	if os.Getenv(replicaFind) != "" {
		ch = searching{w}
	}
	g := gateway.New(gateway.Config{Ledger: messages.New(db), Leases: pgleases.New(db), Channels: []gateway.Named{{Name: "chat", Channel: ch}},
		Handler: handler(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			time.Sleep(100 * time.Millisecond) // whatever happens
			return echo(ctx, m, r)
		}),
		Events: func(e gateway.Event) {
			if e.Detail == gateway.FallbackUnsure {
				fmt.Fprintln(os.Stderr, "unsure")
			}
		},
	})
	if err := g.Run(t.Context()); err != nil { // until it is killed
		t.Error(err)
	}
}

// TestStoppedBySignal freezes a real process with SIGSTOP and wakes it with SIGCONT
// after others took over. What it had not sent yet must not be sent any more.
func TestStoppedBySignal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some ten seconds")
	}
	for _, finds := range []string{"1", ""} {
		t.Run("finds "+finds, func(t *testing.T) {
			address := postgrestest.URL(t)
			ledger := messages.New(postgrestest.Connect(t, address))
			f := &far{texts: map[string][]string{}, keys: map[string]bool{}, at: map[string]time.Time{}}
			server := httptest.NewServer(f)
			defer server.Close()
			var said bytes.Buffer // of the one that is not frozen
			start := func(stderr *bytes.Buffer) *exec.Cmd {
				c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestReplicaProcess$")
				c.Env = append(os.Environ(), replicaOf+"="+address, replicaFar+"="+server.URL, replicaFind+"="+finds)
				c.Stderr = stderr
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				return c
			}
			frozen, other := start(&bytes.Buffer{}), start(&said)
			defer func() {
				for _, c := range []*exec.Cmd{frozen, other} {
					_ = c.Process.Kill()
					_ = c.Wait()
				}
			}()
			const chats, rounds = 20, 24
			stored := map[string]time.Time{}
			for i := range rounds {
				for chat := range chats {
					m := gateway.Message{ID: fmt.Sprint(chat, "-", i), Text: fmt.Sprint(i, "?"), Direct: true, SentAt: time.Now(),
						Conversation: gateway.Conversation{Channel: "chat", Chat: fmt.Sprint("x", chat)}, Sender: gateway.Person{ID: fmt.Sprint("p", i)}}
					// A transaction that was open when the process froze may hold a row for a while.
					for end := time.Now().Add(time.Minute); ; {
						_, err := ledger.Receive(t.Context(), m)
						if err == nil {
							stored[m.Conversation.Chat+"re: "+m.Text] = time.Now()
							break
						}
						if !errors.Is(err, fault.Unavailable) || time.Now().After(end) {
							t.Fatal(err)
						}
					}
				}
				switch i {
				case 6:
					_ = frozen.Process.Signal(syscall.SIGSTOP)
				case 20:
					_ = frozen.Process.Signal(syscall.SIGCONT)
				}
				time.Sleep(500 * time.Millisecond)
			}
			for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				if n, err := ledger.Waiting(t.Context()); err == nil && len(n) == 0 {
					break
				}
			}
			_ = other.Process.Kill()
			_ = other.Wait()
			unsure, extra := bytes.Count(said.Bytes(), []byte("unsure")), 0
			for chat := range chats {
				got, at := f.posts(fmt.Sprint("x", chat)), 0
				for _, text := range got {
					if at < rounds && text == fmt.Sprint("re: ", at, "?") {
						at++
					}
				}
				if at != rounds {
					t.Errorf("chat %d misses answer %d, or shows it out of order: %q", chat, at, got)
				}
				extra += len(got) - rounds
			}
			longest := time.Duration(0)
			for what, at := range stored {
				longest = max(longest, f.at[what].Sub(at))
			}
			t.Logf("%d answers, %d posts too many, %d counted as unsure; longest wait for one %v", chats*rounds, extra, unsure, longest.Round(time.Millisecond))
			if extra > unsure || finds != "" && extra > 0 {
				t.Errorf("%d posts too many, %d counted as unsure", extra, unsure)
			}
		})
	}
}
