package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/testservice"
)

// The server crashes while files are stored. What was said to be stored is there, and
// whatever is there is whole: the hash in its key is that of its bytes.
func TestServerCrashes(t *testing.T) {
	server := postgrestest.Server(t, testservice.PostgresOptions{})
	db := postgrestest.Connect(t, server.URL("postgres"))
	if _, _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := open(t, db, t.TempDir())
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	const crashes, between = 3, 4
	var stored, failed atomic.Int64
	var mu sync.Mutex
	promised := map[string]bool{}
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			body := bytes.Repeat([]byte{byte(w), 1, 2}, 1<<20)
			for stored.Load() < (crashes+1)*between && ctx.Err() == nil {
				s, err := f.Save(ctx, bytes.NewReader(body), 1<<30)
				if err != nil {
					failed.Add(1)
					if !errors.Is(err, fault.Unavailable) {
						t.Error(err)
						return
					}
					time.Sleep(10 * time.Millisecond) // not to hammer a server that starts
					continue
				}
				stored.Add(1)
				mu.Lock()
				promised[s.Key] = true
				mu.Unlock()
			}
		})
	}
	for crash := range int64(crashes) {
		for stored.Load() < (crash+1)*between && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		if err := errors.Join(server.Crash(), server.Start()); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if failed.Load() == 0 {
		t.Error("no call met a crash: the test shows nothing")
	}
	err := f.Each(ctx, 0, func(key string) error {
		delete(promised, key)
		r, err := f.Open(ctx, key)
		if err != nil {
			return err
		}
		hash := sha256.New()
		_, err = io.Copy(hash, r)
		if got := hex.EncodeToString(hash.Sum(nil)); !strings.HasPrefix(key[3:], got+"-") {
			t.Errorf("file %s reads as %s", key, got)
		}
		return errors.Join(err, r.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(promised) != 0 {
		t.Errorf("%d files are lost", len(promised))
	}
}
