package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:console/dist
var built embed.FS

// console serves the built React program. Whatever address a person opens, they
// get index.html, which then shows the right page.
type console struct {
	files map[string]file // by path below /console/
	index []byte          // nil: the console was not built
}

type file struct {
	data []byte
	etag string
}

// noncePlace is what index.html has where the nonce of its styles goes.
const noncePlace = "__CSP_NONCE__"

func newConsole(from fs.FS) (*console, error) {
	if from == nil {
		sub, err := fs.Sub(built, "console/dist")
		if err != nil {
			return nil, fmt.Errorf("open console: %w", err)
		}
		from = sub
	}
	c := &console{files: map[string]file{}}
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		c.files[name] = file{data, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read console: %w", err)
	}
	c.index = c.files["index.html"].data
	delete(c.files, "index.html")
	if c.index != nil && !bytes.Contains(c.index, []byte(noncePlace)) {
		return nil, errors.New("read console: index.html has no place for the nonce of its styles")
	}
	return c, nil
}

func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET works here.", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/console/")
	if f, ok := c.files[name]; ok {
		cache := "no-cache"
		if strings.HasPrefix(name, "assets/") {
			cache = "public, max-age=31536000, immutable" // its name changes with what is in it
		}
		w.Header().Set("Cache-Control", cache)
		w.Header().Set("ETag", f.etag)
		http.ServeContent(w, r, path.Base(name), time.Time{}, bytes.NewReader(f.data))
		return
	}
	if path.Ext(name) != "" && name != "index.html" || !strings.Contains(r.Header.Get("Accept"), "text/html") && name != "" {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	c.serveIndex(w)
}

func (c *console) serveIndex(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache, no-store")
	if c.index == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("<!doctype html><title>Parley</title><p>The console was not built into this program. Run <code>make build</code> and start it again."))
		return
	}
	n := nonce()
	w.Header().Set("Content-Security-Policy", policy+"; script-src 'self'; style-src 'self' 'nonce-"+n+"'")
	_, _ = w.Write(bytes.ReplaceAll(c.index, []byte(noncePlace), []byte(n))) // the connection is gone if this fails
}

func nonce() string {
	b := make([]byte, 18)
	_, _ = rand.Read(b) // never fails, and ends the process if it would
	return base64.RawURLEncoding.EncodeToString(b)
}
