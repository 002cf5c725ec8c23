package adapter

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

func TestPersistently(t *testing.T) {
	for _, c := range []struct {
		name     string
		failures int
		ctx      time.Duration
		want     error
		least    time.Duration
		most     time.Duration
	}{
		{"at once", 0, time.Hour, nil, 0, 0},
		{"after three", 3, time.Hour, nil, 700 * time.Millisecond, 700 * time.Millisecond},
		{"never", 1000, time.Hour, fault.Unavailable, 20 * time.Second, 30 * time.Second},
		{"until the end of the context", 1000, 2 * time.Second, fault.Unavailable, 2 * time.Second, 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.ctx)
				defer cancel()
				begun, calls := time.Now(), 0
				err := Persistently(func(_ context.Context, m gateway.Message) error {
					if m.ID != "1" {
						t.Errorf("offered %+v", m)
					}
					if calls++; calls <= c.failures {
						return fault.Unavailable
					}
					return nil
				})(ctx, gateway.Message{ID: "1"})
				if took := time.Since(begun); !errors.Is(err, c.want) || took < c.least || took > c.most {
					t.Errorf("%v after %v and %d calls, want %v after %v to %v", err, took, calls, c.want, c.least, c.most)
				}
			})
		})
	}
}

func TestGet(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/known":
			_, _ = io.WriteString(w, strings.Repeat("x", 100))
		case "/chunked":
			w.(http.Flusher).Flush() // so that no length is told
			_, _ = io.WriteString(w, strings.Repeat("x", 100))
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer server.Close()
	for _, c := range []struct {
		path  string
		limit int64
		want  error
	}{
		{"/known", 100, nil}, {"/chunked", 100, nil}, {"/known", 99, fault.Invalid}, {"/chunked", 99, fault.Invalid}, {"/other", 100, fault.Unavailable},
	} {
		req, err := http.NewRequest(http.MethodGet, server.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := read(t, req, c.limit)
		if !errors.Is(err, c.want) || err == nil && len(data) != 100 {
			t.Errorf("%s with %d allowed: %d bytes, %v; want %v", c.path, c.limit, len(data), err, c.want)
		}
	}
	server.Close()
	req, _ := http.NewRequest(http.MethodGet, server.URL, nil)
	if _, err := read(t, req, 100); err == nil {
		t.Error("nobody there: no error")
	}
}

func read(t *testing.T, req *http.Request, limit int64) ([]byte, error) {
	t.Helper()
	b, err := Get(t.Context(), req, http.DefaultClient.Do, limit)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return io.ReadAll(b)
}

func TestPinned(t *testing.T) {
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer server.Close()
	given := &http.Client{Timeout: time.Minute}
	for _, c := range []*http.Client{given, nil} {
		pinned := Pinned(c)
		resp, err := pinned.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusFound || asked != 0 || pinned.Timeout != 0 {
			t.Errorf("status %d, %d requests elsewhere, time-out %v", resp.StatusCode, asked, pinned.Timeout)
		}
	}
	if given.CheckRedirect != nil || given.Timeout != time.Minute {
		t.Error("the client that was given has changed")
	}
}

func TestPosition(t *testing.T) {
	type place struct{ At int }
	for cursor, want := range map[string]int{"": 0, `{"At":5}`: 5, `{"At":5`: 0, `{"At":"x"}`: 0, "no JSON": 0} {
		if got := Position[place](cursor, slog.New(slog.DiscardHandler)); got.At != want {
			t.Errorf("%q: %+v, want %d", cursor, got, want)
		}
	}
}

func TestMemory(t *testing.T) {
	var m Memory[int]
	asked := 0
	for _, c := range []struct {
		tells error
		want  int
	}{{fault.Unavailable, 0}, {nil, 2}, {nil, 2}} {
		got, err := m.Ask("a", func() (int, error) { asked++; return asked, c.tells })
		if !errors.Is(err, c.tells) || c.tells == nil && got != c.want {
			t.Errorf("got %d, %v; want %d, %v", got, err, c.want, c.tells)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2: an error is not remembered", asked)
	}
	for i := range mostKept {
		m.Put(strconv.Itoa(i), i)
	}
	if _, ok := m.Get("a"); ok {
		t.Error("it grows without end")
	}
	if v, ok := m.Get(strconv.Itoa(mostKept - 1)); !ok || v != mostKept-1 {
		t.Errorf("the newest is %d, %v", v, ok)
	}
}
