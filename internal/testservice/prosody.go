package testservice

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/parley-im/parley/internal/fault"
)

const prosodyConfig = `daemonize = false
run_as_root = false
data_path = %[1]q
pidfile = %[2]q
certificates = %[1]q
interfaces = { "127.0.0.1" }
c2s_ports = { }
s2s_ports = { }
http_ports = { %[3]d }
http_interfaces = { "127.0.0.1" }
https_ports = { }
http_host = "localhost"
http_default_host = "localhost"
http_cors_override = { websocket = { enabled = true }; bosh = { enabled = true } }
cross_domain_websocket = true
modules_enabled = { "roster", "saslauth", "disco", "ping", "websocket", "smacks", "mam", "carbons", "pep", "private", "vcard4", "bookmarks", "offline" }
modules_disabled = { "s2s", "tls" }
consider_websocket_secure = true
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
authentication = "internal_hashed"
storage = "internal"
default_archive_policy = true
archive_expires_after = "1d"
max_archive_query_results = 50
smacks_hibernation_time = 30
log = { info = "*console" }
VirtualHost "localhost"
Component "conference.localhost" "muc"
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
  muc_room_locking = false
  muc_room_default_persistent = true
  muc_log_expires_after = "1d"
`

// StartProsody starts a new Prosody. Close ends it. It is fault.NotFound if there is none.
func StartProsody() (*XMPP, error) {
	program, err := exec.LookPath("prosody")
	if err != nil {
		return nil, fault.Say(fault.NotFound, "no_test_services", "There is no Prosody for the tests. Run .ci/tools, or install the package prosody.").Because(err)
	}
	control := filepath.Join(filepath.Dir(program), "prosodyctl")
	p, err := newProcess("prosody", "KILL")
	if err != nil {
		return nil, err
	}
	s := &XMPP{Software: "prosody", p: p, path: "/xmpp-websocket"}
	data, config := filepath.Join(p.folder, "data"), filepath.Join(p.folder, "prosody.cfg.lua")
	s.launch = func(port int) error {
		text := fmt.Sprintf(prosodyConfig, data, filepath.Join(p.folder, "prosody.pid"), port)
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			return err
		}
		return p.start(s.answers, program, "--config", config, "-F")
	}
	s.register = func(user, password string) error {
		if strings.ContainsAny(user+password, " \t\n") {
			return fmt.Errorf("names and passwords may not have spaces")
		}
		return p.run(control, "--config", config, "register", user, XMPPDomain, password)
	}
	err = os.Mkdir(data, 0o755)
	if err == nil {
		err = give(data)
	}
	return begun(s, err)
}
