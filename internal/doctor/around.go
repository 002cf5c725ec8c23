package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/diskspace"
	"github.com/parley-im/parley/internal/redis"
)

// slow is a call to Redis that takes more of a message's time than it saves.
const slow = 10 * time.Millisecond

// Redis looks at the server that url names.
func Redis(ctx context.Context, url string) []Finding {
	const check = "redis"
	client, err := redis.Open(url, slog.New(slog.DiscardHandler))
	if err != nil {
		return []Finding{Failed(check, err, "Write the address as redis://USER:PASSWORD@HOST:PORT/0.")}
	}
	defer client.Close()
	s, err := client.Inspect(ctx)
	if err != nil {
		// nothing is lost without it, so this is no failure of the installation
		return []Finding{mind(check, err.Error(), "Answers go on without it: limits are each replica's own and live updates take a second longer. See that it runs and that the address in \"redis\" is right.")}
	}
	detail := fmt.Sprintf("version %s answers after %v", s.Version, s.Took.Round(10*time.Microsecond))
	switch {
	case s.Took > slow:
		return []Finding{mind(check, detail, "That is slow for a cache. Put it near Parley, or leave \"redis\" empty.")}
	case !s.Evicts:
		return []Finding{mind(check, detail+"; when its memory is full it refuses to write, or it has no bound", "Set maxmemory and maxmemory-policy allkeys-lru.")}
	}
	return []Finding{{Check: check, Level: OK, Detail: detail}}
}

// what a disk should have left
const (
	littleSpace = 2 << 30
	noSpace     = 200 << 20
)

// Disk looks at the room where the data folder lies.
func Disk(dir string) Finding {
	const check = "disk"
	s, err := diskspace.Of(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		return Fine(check, "this system does not tell how much is free")
	}
	if err != nil {
		return Failed(check, err, "Name a folder with --data that exists.")
	}
	return room(s, dir)
}

func gigabytes(n uint64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<30)) }

func room(s diskspace.Space, dir string) Finding {
	const check, advice = "disk", "Make room: old backups, folders named replaced-* of earlier restores, documents that nobody needs."
	detail := fmt.Sprintf("%.1f GB of %.1f GB are free at %s", float64(s.Free)/(1<<30), float64(s.Total)/(1<<30), dir)
	switch {
	case s.Free < noSpace:
		return broken(check, detail, advice).coded("disk", "free", gigabytes(s.Free), "total", gigabytes(s.Total))
	case s.Free < littleSpace || s.Total > 0 && s.Free < s.Total/20:
		return mind(check, detail, advice).coded("disk", "free", gigabytes(s.Free), "total", gigabytes(s.Total))
	}
	return Fine(check, "%s", detail)
}

// Answers asks a running server at url, such as http://127.0.0.1:8080/healthz.
func Answers(ctx context.Context, url string) Finding {
	const check = "server"
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Failed(check, err, "Write the address as http://127.0.0.1:8080/healthz.")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it asks this machine
	a, err := client.Do(r)
	if err != nil {
		return Failed(check, err, "Is \"parley serve\" running, and does it listen there?")
	}
	defer a.Body.Close()
	text, err := io.ReadAll(io.LimitReader(a.Body, 4096))
	if err != nil {
		return Failed(check, err, "It broke off amid its answer; see its log.")
	}
	said := strings.Join(strings.Fields(string(text)), " ")
	if a.StatusCode != http.StatusOK {
		return broken(check, fmt.Sprintf("%s says %s: %s", url, a.Status, said), "Its log says why.")
	}
	return Fine(check, "%s says %s", url, said)
}
