package openai

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func read(s string) (string, error) {
	e := &events{lines: bufio.NewReaderSize(strings.NewReader(s), 16)}
	out, err := io.ReadAll(e)
	return string(out), err
}

func TestEvents(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		err            error
	}{
		{"whole", ": hi\nid: 1\nevent: message\ndata: {\"a\":1}\n\ndata:{\"b\":2}\r\n\r\ndata: [DONE]\n\n", "data: {\"a\":1}\ndata: {\"b\":2}\ndata: [DONE]\n", nil},
		{"no end of line", "data: [DONE]", "data: [DONE]\n", nil},
		{"byte order mark", "\xef\xbb\xbfdata: [DONE]\n", "data: [DONE]\n", nil},
		{"cut", "data: {\"a\":1}\n\ndata: {\"b\":", "data: {\"a\":1}\n", errCut},
		{"cut without an end of line", "data: {\"a\":1}", "data: {\"a\":1}\n", errCut},
		{"nothing", "", "", errCut},
		{"error event", "event: error\ndata: {\"message\":\"busy\",\"code\":503}\n\ndata: {\"a\":1}\n", "data: {\"error\":{\"message\":\"busy\",\"code\":\"503\"}}\n", nil},
		{"error event of words", "event: error\ndata: upstream gone\n", "data: {\"error\":{\"message\":\"\",\"code\":\"\"}}\n", nil},
		{"error as text", "data: {\"error\": \"busy\"}\n", "data: {\"error\":{\"message\":\"busy\",\"code\":\"\"}}\n", nil},
		{"no error", "data: {\"error\":null,\"a\":1}\ndata: [DONE]\n", "data: {\"error\":null,\"a\":1}\ndata: [DONE]\n", nil},
		{"the word in the text", `data: {"c":"an \"error\" here"}` + "\ndata: [DONE]\n", `data: {"c":"an \"error\" here"}` + "\ndata: [DONE]\n", nil},
		{"a page", "<html>\n", "", errGarbage},
		{"an object", "{\"id\":1}\n", "", errGarbage},
		{"a long line", "data: " + strings.Repeat("x", maxLine) + "\n", "", errLine},
	} {
		got, err := read(c.in)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %.200q, %v; want %q, %v", c.name, got, err, c.want, c.err)
		}
	}
}

func FuzzEvents(f *testing.F) {
	for _, s := range []string{"data: {}\n\ndata: [DONE]\n", "event: error\ndata: {\n", ": \n\n", "{\"error\":1}", "data"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, err := read(s)
		for line := range strings.Lines(out) {
			if !strings.HasPrefix(line, "data: ") || !strings.HasSuffix(line, "\n") {
				t.Errorf("%q is no data line", line)
			}
		}
		if err == nil && !strings.Contains(s, "[DONE]") && !strings.Contains(out, `{"error":`) {
			t.Errorf("%q counts as whole", s)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	at := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		name, value string
		least, most time.Duration
	}{
		{"Retry-After", "2", 2 * time.Second, 2 * time.Second},
		{"Retry-After", "0.5", 500 * time.Millisecond, 500 * time.Millisecond},
		{"Retry-After", at, 80 * time.Second, 91 * time.Second},
		{"Retry-After", "soon", 0, 0},
		{"Retry-After", "-1", 0, 0},
		{"Retry-After", "1e300", 0, 0},
		{"Retry-After-Ms", "250", 250 * time.Millisecond, 250 * time.Millisecond},
	} {
		if got := retryAfter(http.Header{c.name: {c.value}}); got < c.least || got > c.most {
			t.Errorf("%s: %s: got %v", c.name, c.value, got)
		}
	}
}

// A redirect is not followed: the key would go along.
func TestRedirect(t *testing.T) {
	r := &repair{next: roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"http://other.example"}}, Body: http.NoBody}, nil
	})}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://a.example/chat/completions", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if response, err := r.RoundTrip(request); !errors.Is(err, errGarbage) {
		t.Errorf("got %v, %v", response, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
