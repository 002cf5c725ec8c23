package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web"
)

// form writes an upload: pairs of field and value, a field with a dot is a file.
func form(pairs ...string) (body *bytes.Buffer, contentType string) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.Contains(pairs[i], ".") {
			_, _ = must(w.CreateFormFile("file", pairs[i])).Write([]byte(pairs[i+1]))
		} else {
			_ = w.WriteField(pairs[i], pairs[i+1])
		}
	}
	_ = w.Close()
	return body, w.FormDataContentType()
}

func (p *person) upload(collection string, pairs ...string) reply {
	p.t.Helper()
	body, kind := form(pairs...)
	r := must(http.NewRequest("POST", p.url+"/api/v1/collections/"+collection+"/documents", body))
	r.Header.Set("Content-Type", kind)
	return p.send(r)
}

func TestUpload(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Editor)
	c := p.must(201, "POST", "/collections", map[string]any{"name": "help"}).json(t)["id"].(string)
	got := p.upload(c, "labels", " shop , , faq", "url", "https://shop.example/returns", "退货 \"1\".md", "# Returns")
	if got.status != 201 {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	d := got.json(t)
	if d["name"] != "退货 \"1\".md" || d["added_by"] != "editor" || fmt.Sprint(d["labels"]) != "[shop faq]" || d["url"] != "https://shop.example/returns" {
		t.Errorf("got %v", d)
	}
	if got := p.upload(c, "退货 \"1\".md", "# Returns"); got.status != 200 {
		t.Errorf("the same again: status %d, want 200", got.status)
	}
	file := p.get("/api/v1/documents/" + d["id"].(string) + "/file")
	if file.body != "# Returns" {
		t.Errorf("got %q back", file.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": "attachment; filename*=utf-8''", "Content-Security-Policy": "sandbox",
	} {
		if got := file.header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", name, got, want)
		}
	}
}

func TestBadUploads(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Editor)
	p.must(201, "POST", "/collections", map[string]any{"name": "help"})
	if got := p.upload("none", "a.txt", "x"); got.status != 404 || got.json(t)["code"] != "unknown_collection" {
		t.Errorf("unknown collection: got %d %s", got.status, got.body)
	}
	tests := []struct {
		name   string
		pairs  []string
		status int
		code   string
	}{
		{"no file", []string{"labels", "x"}, 422, "file_missing"},
		{"nothing", nil, 422, "file_missing"},
		{"too large", []string{"big.txt", strings.Repeat("x", 1<<20+1)}, 413, "too_large"},
		{"far too large", []string{"big.txt", strings.Repeat("x", 3<<20)}, 413, "too_large"},
		{"two files", []string{"a.txt", "x", "b.txt", "y"}, 422, "invalid"},
		{"a field behind the file", []string{"a.txt", "x", "labels", "y"}, 422, "invalid"},
		{"unknown field", []string{"colour", "red", "a.txt", "x"}, 422, "invalid"},
		{"NUL in a field", []string{"labels", "a\x00b", "a.txt", "x"}, 422, "invalid"},
		{"a script for an address", []string{"url", "javascript:alert(1)", "a.txt", "x"}, 422, "invalid"},
		{"a host without scheme", []string{"url", "//evil.example/x", "a.txt", "x"}, 422, "invalid"},
		{"a name in the address", []string{"url", "https://shop.example@evil.example/", "a.txt", "x"}, 422, "invalid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := p.upload("c1", test.pairs...)
			if got.status != test.status || got.json(t)["code"] != test.code {
				t.Errorf("got %d %s, want %d %s", got.status, got.body, test.status, test.code)
			}
			if test.status == 413 && !strings.Contains(got.body, "1 MB") {
				t.Errorf("the limit is not named: %s", got.body)
			}
		})
	}
	for name, kind := range map[string]string{"no form": "text/plain", "no boundary": "multipart/form-data"} {
		r := must(http.NewRequest("POST", h.url+"/api/v1/collections/c1/documents", strings.NewReader("x")))
		r.Header.Set("Content-Type", kind)
		if got := p.send(r); got.status != 400 || got.json(t)["code"] != "malformed" {
			t.Errorf("%s: got %d %s", name, got.status, got.body)
		}
	}
	if n := len(h.shelf.documents); n != 0 {
		t.Errorf("%d documents were left behind", n)
	}
}

// A connection that breaks in the middle of a file must not leave half of it.
func TestBrokenUploadLeavesNothing(t *testing.T) {
	done := make(chan int, 1)
	h := staffed(t, func(c *web.Config) {
		c.Observe = func(o web.Observation) {
			if strings.HasSuffix(o.Route, "/documents") {
				done <- o.Status
			}
		}
	})
	p := h.as(auth.Editor)
	p.must(201, "POST", "/collections", map[string]any{"name": "help"})
	body, kind := form("a.txt", strings.Repeat("half of a file ", 1000))
	r := must(http.NewRequest("POST", h.url+"/api/v1/collections/c1/documents", io.MultiReader(
		io.LimitReader(body, int64(body.Len()/2)), errReader{})))
	r.Header.Set("Content-Type", kind)
	if res, err := p.client.Do(r); err == nil {
		res.Body.Close()
	}
	if status := <-done; status < 400 {
		t.Errorf("status %d for half a file", status)
	}
	if n := len(h.shelf.documents); n != 0 {
		t.Errorf("%d documents were left behind", n)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("the cable was pulled") }

// What is sent is handed on as it comes: the file is never whole in memory.
func TestUploadIsStreamed(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Editor)
	p.must(201, "POST", "/collections", map[string]any{"name": "help"})
	first := make(chan struct{})
	h.shelf.began = first
	in, out := io.Pipe()
	w := multipart.NewWriter(out)
	go func() {
		part := must(w.CreateFormFile("file", "a.txt"))
		_, _ = part.Write(bytes.Repeat([]byte("x"), 64<<10))
		<-first // the server reads the file before it has all come
		_, _ = part.Write([]byte("the rest"))
		_ = w.Close()
		_ = out.Close()
	}()
	r := must(http.NewRequest("POST", h.url+"/api/v1/collections/c1/documents", in))
	r.Header.Set("Content-Type", w.FormDataContentType())
	if got := p.send(r); got.status != 201 || got.json(t)["size"] != float64(64<<10+8) {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestSearch(t *testing.T) {
	h := staffed(t)
	p := h.as(auth.Editor)
	c := p.must(201, "POST", "/collections", map[string]any{"name": "help"}).json(t)["id"].(string)
	p.upload(c, "a.txt", "Returns take two days")
	got := p.must(200, "POST", "/search", map[string]any{"question": "two days"}).json(t)
	if got["known"] != true || got["confidence"] != 0.8 || len(got["passages"].([]any)) != 1 {
		t.Errorf("got %v", got)
	}
	if got := p.must(200, "POST", "/search", map[string]any{"question": "nothing such"}); !strings.Contains(got.body, `"passages":[]`) || got.json(t)["known"] != false {
		t.Errorf("got %s", got.body)
	}
	if got := p.must(200, "GET", "/collections/"+c+"/documents?q=a", nil).json(t); got["counts"].(map[string]any)["ready"] != 1.0 {
		t.Errorf("got %v", got)
	}
}
