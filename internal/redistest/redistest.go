// Package redistest gives a test a real Redis server.
//
// Start gives an address and is what most tests want. A test that kills, freezes or
// empties Redis takes a Server of its own. Both are skipped where there is no server
// program (see .ci/services), and fail there if CI=true.
package redistest

import (
	"os"
	"testing"

	"github.com/parley-im/parley/internal/testservice"
)

// Start returns the URL of an empty server that ends with the test. If
// PARLEY_TEST_REDIS_URL is set it returns that, and others may use the same server
// at the same time: begin all keys with something of your own.
func Start(t testing.TB) (url string) {
	t.Helper()
	if url := os.Getenv("PARLEY_TEST_REDIS_URL"); url != "" {
		return url
	}
	return Server(t).URL()
}

// Server returns a server of the test's own, whatever the environment says.
func Server(t testing.TB) *testservice.Redis {
	t.Helper()
	s, err := testservice.StartRedis()
	if err != nil {
		testservice.Missing(t, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
