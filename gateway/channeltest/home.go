package channeltest

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"

	"go.yaml.in/yaml/v4"

	"github.com/parley-im/parley/gateway"
)

// Home is the Gateway's side of a channel that is opened for a test: it remembers what
// the channel told. The zero Home is ready.
type Home struct {
	mu      sync.Mutex
	seen    int
	ratings []gateway.Rating
}

// Setup is for a channel of that name with settings in YAML. Its client keeps no
// connection, so that none outlives the made-up platform.
func (h *Home) Setup(name, settings string) gateway.Setup {
	return gateway.Setup{
		Name: name, Log: slog.New(slog.DiscardHandler), Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Decode: func(into any) error { return yaml.Unmarshal([]byte(settings), into) },
		Seen: func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.seen++
		},
		Rate: func(_ context.Context, r gateway.Rating) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.ratings = append(h.ratings, r)
			return nil
		},
	}
}

// Seen is Far.Seen.
func (h *Home) Seen() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen
}

// Ratings is Far.Ratings.
func (h *Home) Ratings() []gateway.Rating {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ratings)
}
