// Package testservice runs real PostgreSQL, Redis and XMPP servers for tests,
// measurements and the demo. The programs are those that .ci/services put into the
// user's cache folder, and for XMPP those that .ci/tools installed. Each server gets a
// folder of its own below the temporary folder, an unused port of the loopback address
// and an unprivileged user.
//
// No server outlives the process that started it, however that ends: a small shell
// next to each server waits for the end of a pipe that only this process holds, then
// ends the server and removes its folder.
//
// postgres.go, redis.go, and xmpp.go with prosody.go and ejabberd.go hold the
// servers, process.go what they share. Tests of stores use postgrestest and
// redistest, which are built on it.
package testservice

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/parley-im/parley/internal/fault"
)

// Folder is where .ci/services put the programs. It is fault.NotFound, with a
// sentence that says what to do, if they are not there.
func Folder() (string, error) {
	folder, err := place()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(folder, "ready")); err != nil {
		return "", fault.Say(fault.NotFound, "no_test_services", "There is no PostgreSQL and Redis for the tests in %s. "+
			"Run .ci/services, or set PARLEY_TEST_DATABASE_URL and PARLEY_TEST_REDIS_URL.", folder).Because(err)
	}
	return folder, nil
}

// place follows the same rule as .ci/services.
func place() (string, error) {
	if folder := os.Getenv("PARLEY_SERVICES"); folder != "" {
		return folder, nil
	}
	if os.Geteuid() == 0 {
		return "/var/cache/parley/services", nil
	}
	if cache := os.Getenv("XDG_CACHE_HOME"); cache != "" {
		return filepath.Join(cache, "parley", "services"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fault.Say(fault.NotFound, "no_test_services", "Set HOME or PARLEY_SERVICES, so that the servers for the tests can be found.").Because(err)
	}
	return filepath.Join(home, ".cache", "parley", "services"), nil
}

// T is what Missing needs of a testing.TB.
type T interface {
	Helper()
	Fatal(...any)
	Skip(...any)
}

// Missing ends a test that could not get its server: it fails, but is only skipped on
// a machine of a developer who has no servers.
func Missing(t T, err error) {
	t.Helper()
	if errors.Is(err, fault.NotFound) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	t.Fatal(err)
}
