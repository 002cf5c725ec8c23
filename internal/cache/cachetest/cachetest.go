// Package cachetest is the suite that every cache.Cache runs. An implementation's
// test calls
//
//	cachetest.Run(t, func(t *testing.T) cache.Cache { … })
//
// and gives a fresh one, with room for 10 MB at least, for each case.
package cachetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/cache"
)

// Run runs every case.
func Run(t *testing.T, open func(t *testing.T) cache.Cache) {
	t.Helper()
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) { c.run(&suite{T: t, Cache: open(t)}) })
	}
}

var cases = []struct {
	name string
	run  func(*suite)
}{
	{"what was set is there", (*suite).there},
	{"it grows old", (*suite).old},
	{"values arrive unharmed", (*suite).unharmed},
	{"what is not kept", (*suite).dropped},
	{"it copies", (*suite).copies},
	{"an ended context", (*suite).ended},
	{"many at once", (*suite).many},
}

type suite struct {
	*testing.T
	cache.Cache
}

func (s *suite) want(key, want string) {
	s.Helper()
	if got := s.Get(s.Context(), key); len(got) != 1 || string(got[0]) != want {
		s.Errorf("%.40q holds %.40q, want %.40q", key, got, want)
	}
}

func (s *suite) set(key, value string) {
	s.Set(s.Context(), time.Hour, cache.Entry{Key: key, Value: []byte(value)})
}

func (s *suite) there() {
	if got := s.Get(s.Context()); len(got) != 0 {
		s.Errorf("no keys: %q", got)
	}
	s.Set(s.Context(), time.Hour)
	if got := s.Get(s.Context(), "a", "b"); len(got) != 2 || got[0] != nil || got[1] != nil {
		s.Errorf("an empty cache holds %q", got)
	}
	s.Set(s.Context(), time.Hour, cache.Entry{Key: "a", Value: []byte("1")}, cache.Entry{Key: "c", Value: []byte("3")})
	got := s.Get(s.Context(), "a", "b", "c", "a")
	if len(got) != 4 || string(got[0]) != "1" || got[1] != nil || string(got[2]) != "3" || string(got[3]) != "1" {
		s.Errorf("got %q", got)
	}
	s.set("a", "another")
	s.want("a", "another")
}

func (s *suite) old() {
	s.Set(s.Context(), 60*time.Millisecond, cache.Entry{Key: "a", Value: []byte("1")})
	s.set("b", "2")
	time.Sleep(80 * time.Millisecond)
	s.want("a", "")
	s.want("b", "2")
}

func (s *suite) unharmed() {
	for i, value := range []string{"plain", "\x00", "退货", "\xff\xfe\r\n$5", strings.Repeat("x", cache.MaxValue)} {
		for _, key := range []string{"k", "with space", "{tag}", "名前", "\x00\xff", strings.Repeat("k", 2000)} {
			s.set(key+fmt.Sprint(i), value)
			s.want(key+fmt.Sprint(i), value)
		}
	}
}

func (s *suite) dropped() {
	s.set("empty", "")
	s.set("large", strings.Repeat("x", cache.MaxValue+1))
	s.Set(s.Context(), 0, cache.Entry{Key: "old", Value: []byte("1")})
	s.Set(s.Context(), -time.Second, cache.Entry{Key: "older", Value: []byte("1")})
	for _, key := range []string{"empty", "large", "old", "older"} {
		s.want(key, "")
	}
}

func (s *suite) copies() {
	value := []byte("one")
	s.Set(s.Context(), time.Hour, cache.Entry{Key: "a", Value: value})
	copy(value, "two")
	s.want("a", "one")
}

func (s *suite) ended() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	s.Set(ctx, time.Hour, cache.Entry{Key: "a", Value: []byte("1")}) // may be kept or not
	if got := s.Get(ctx, "a", "b"); len(got) != 2 || got[1] != nil {
		s.Errorf("got %q", got)
	}
}

func (s *suite) many() {
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				key, value := fmt.Sprint(i), bytes.Repeat([]byte{byte(i)}, 1000)
				if w%2 == 0 {
					s.Set(s.Context(), time.Hour, cache.Entry{Key: key, Value: value})
				} else if got := s.Get(s.Context(), key); got[0] != nil && !bytes.Equal(got[0], value) {
					s.Errorf("%s holds another value", key)
				}
			}
		})
	}
	wg.Wait()
}
