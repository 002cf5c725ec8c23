// Package filestest is the suite that every knowledge.Files runs.
//
// The two handles that Open returns keep the same files, as two replicas do.
package filestest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

// Open returns two handles of the same new files.
type Open func(t *testing.T) (one, other knowledge.Files)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, one, other knowledge.Files)
	}{
		{"SaveOpenRemove", saveOpenRemove},
		{"Sizes", sizes},
		{"NothingIsLeftOfABadUpload", badUploads},
		{"Path", paths},
		{"WhatIsOpenCanBeReadToTheEnd", openStays},
		{"WhatIsNotThere", notThere},
		{"Each", each},
		{"ManyAtOnce", manyAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, other := open(t)
			c.run(t, one, other)
		})
	}
}

func save(t *testing.T, f knowledge.Files, body []byte) knowledge.Stored {
	t.Helper()
	s, err := f.Save(t.Context(), bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	if s.Size != int64(len(body)) || s.Hash != hex.EncodeToString(sum[:]) || s.Key == "" {
		t.Fatalf("%d bytes were stored as %+v", len(body), s)
	}
	return s
}

func read(t *testing.T, f knowledge.Files, key string) []byte {
	t.Helper()
	r, err := f.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return body
}

// keys lists what is stored and not younger than age.
func keys(t *testing.T, f knowledge.Files, age time.Duration) []string {
	t.Helper()
	var all []string
	err := f.Each(t.Context(), age, func(key string) error {
		all = append(all, key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func saveOpenRemove(t *testing.T, f, other knowledge.Files) {
	a, b := save(t, f, []byte("same")), save(t, other, []byte("same"))
	if a.Key == b.Key || a.Hash != b.Hash || !strings.HasPrefix(a.Key, a.Hash[:2]+"/") {
		t.Fatalf("saved twice: %+v, %+v", a, b)
	}
	if err := errors.Join(f.Remove(t.Context(), a.Key), f.Remove(t.Context(), a.Key), other.Remove(t.Context(), a.Key)); err != nil {
		t.Error(err)
	}
	if _, err := other.Open(t.Context(), a.Key); !errors.Is(err, fault.NotFound) {
		t.Errorf("a removed file: %v", err)
	}
	if body := read(t, f, b.Key); string(body) != "same" {
		t.Errorf("reads %q", body)
	}
}

func sizes(t *testing.T, f, other knowledge.Files) {
	const mb = 1 << 20
	random := rand.NewChaCha8([32]byte{1})
	for _, n := range []int{0, 1, mb - 1, mb, mb + 1, 3*mb + 17} {
		body := make([]byte, n)
		_, _ = random.Read(body) // never fails
		s := save(t, f, body)
		if got := read(t, other, s.Key); !bytes.Equal(got, body) {
			t.Errorf("%d bytes came back as %d, or not the same", n, len(got))
		}
	}
}

// broken fails after some bytes, as a connection does.
type broken struct{ left int }

func (b *broken) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := min(len(p), b.left)
	b.left -= n
	return n, nil
}

func badUploads(t *testing.T, f, other knowledge.Files) {
	ended, stop := context.WithCancel(t.Context())
	stop()
	const limit = 2 << 20
	if _, err := f.Save(t.Context(), bytes.NewReader(make([]byte, limit+1)), limit); !errors.Is(err, fault.Invalid) {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := f.Save(ended, strings.NewReader("x"), 10); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := f.Save(t.Context(), &broken{limit - 1}, limit); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken off: %v", err)
	}
	if all := keys(t, other, 0); len(all) != 0 {
		t.Errorf("left behind: %q", all)
	}
	s, err := f.Save(t.Context(), bytes.NewReader(make([]byte, limit)), limit)
	if err != nil || s.Size != limit {
		t.Errorf("just at the limit: %+v, %v", s, err)
	}
	if all := keys(t, other, 0); !slices.Equal(all, []string{s.Key}) {
		t.Errorf("kept: %q, want %q", all, s.Key)
	}
}

func paths(t *testing.T, f, other knowledge.Files) {
	s := save(t, f, []byte("to be extracted"))
	for _, h := range []knowledge.Files{f, other, f} { // again after it was released
		path, release, err := h.Path(t.Context(), s.Key)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := os.ReadFile(path); string(body) != "to be extracted" || err != nil {
			t.Errorf("reads %q, %v", body, err)
		}
		again, releaseAgain, err := h.Path(t.Context(), s.Key) // two workers, or a try while one is at it
		if err != nil {
			t.Fatal(err)
		}
		release()
		if _, err := os.Stat(again); err != nil {
			t.Errorf("released by one, gone for the other: %v", err)
		}
		releaseAgain()
	}
	if body := read(t, f, s.Key); string(body) != "to be extracted" {
		t.Errorf("after release the file reads %q", body)
	}
}

func openStays(t *testing.T, f, other knowledge.Files) {
	body := bytes.Repeat([]byte("abc"), 1<<20)
	s := save(t, f, body)
	r, err := f.Open(t.Context(), s.Key)
	if err != nil {
		t.Fatal(err)
	}
	begin := make([]byte, 10)
	if _, err := io.ReadFull(r, begin); err != nil {
		t.Fatal(err)
	}
	if err := other.Remove(t.Context(), s.Key); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(append(begin, rest...), body) {
		t.Errorf("removed while it was read: %d bytes, %v", len(begin)+len(rest), err)
	}
}

func notThere(t *testing.T, f, _ knowledge.Files) {
	for _, key := range []string{"ab/none", "../../etc/passwd", "/etc/passwd", "aa/../../x", "a\xffb"} {
		if r, err := f.Open(t.Context(), key); !errors.Is(err, fault.NotFound) {
			t.Errorf("Open(%q): %v", key, err)
			if err == nil {
				_ = r.Close() // it should not be open at all
			}
		}
		if _, _, err := f.Path(t.Context(), key); !errors.Is(err, fault.NotFound) {
			t.Errorf("Path(%q): %v", key, err)
		}
		if err := f.Remove(t.Context(), key); err != nil {
			t.Errorf("Remove(%q): %v", key, err)
		}
	}
}

func each(t *testing.T, f, other knowledge.Files) {
	var want []string
	for i := range 5 {
		want = append(want, save(t, f, []byte(fmt.Sprint(i))).Key)
	}
	slices.Sort(want)
	if got := keys(t, other, 0); !slices.Equal(got, want) {
		t.Errorf("visited %q, want %q", got, want)
	}
	if got := keys(t, other, time.Hour); len(got) != 0 {
		t.Errorf("older than an hour: %q", got)
	}
	// what is visited may be removed; an error ends it
	enough := errors.New("enough")
	n := 0
	err := other.Each(t.Context(), 0, func(key string) error {
		if n++; n == 3 {
			return enough
		}
		return other.Remove(t.Context(), key)
	})
	if !errors.Is(err, enough) || n != 3 {
		t.Errorf("ended with %v after %d", err, n)
	}
	if got := keys(t, f, 0); len(got) != 3 {
		t.Errorf("%d are left, want 3", len(got))
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := f.Each(ended, 0, func(string) error { return nil }); err == nil {
		t.Error("went on though nobody waits")
	}
}

func manyAtOnce(t *testing.T, one, other knowledge.Files) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var left []string
	for i := range 16 {
		f, reader := one, other
		if i%2 == 1 {
			f, reader = other, one
		}
		wg.Go(func() {
			body := bytes.Repeat([]byte{byte(i / 2)}, 300_000) // each body twice
			s, err := f.Save(t.Context(), bytes.NewReader(body), 1<<20)
			if err != nil {
				t.Error(err)
				return
			}
			path, release, err := reader.Path(t.Context(), s.Key)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, body) {
				t.Errorf("file %d came back with %d bytes, %v", i, len(got), err)
			}
			release()
			if i%4 == 0 {
				if err := reader.Remove(t.Context(), s.Key); err != nil {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			left = append(left, s.Key)
		})
	}
	wg.Wait()
	slices.Sort(left)
	if got := keys(t, one, 0); !slices.Equal(got, left) {
		t.Errorf("%d files are there, want %d", len(got), len(left))
	}
}
