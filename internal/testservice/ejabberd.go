package testservice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

const ejabberdConfig = `hosts: [localhost]
loglevel: warning
listen:
  - {port: %d, ip: "127.0.0.1", module: ejabberd_http, request_handlers: {/websocket: ejabberd_http_ws, /api: mod_http_api}}
auth_method: internal
auth_password_format: scram
auth_scram_hash: sha256
websocket_origin: []
acl: {local: {user_regexp: ""}}
access_rules: {local: {allow: local}, c2s: {allow: all}, muc_create: {allow: local}}
api_permissions: {"loopback": {who: {ip: 127.0.0.1/8}, what: "*"}}
modules:
  mod_admin_extra: {}
  mod_disco: {}
  mod_http_api: {}
  mod_roster: {}
  mod_offline: {}
  mod_ping: {}
  mod_carboncopy: {}
  mod_stream_mgmt: {resume_timeout: 30}
  mod_mam: {assume_mam_usage: true, default: always}
  mod_muc: {host: conference.localhost, access_create: muc_create, access_mam: all, default_room_options: {mam: true, persistent: true}}
  mod_muc_admin: {}
`

// StartEjabberd starts a new ejabberd. Close ends it. It is fault.NotFound if there is none.
func StartEjabberd() (*XMPP, error) {
	beams, _ := filepath.Glob("/usr/lib/*/ejabberd-*/ebin/ejabberd.beam")
	program, err := exec.LookPath("erl")
	if len(beams) == 0 || err != nil {
		return nil, fault.Say(fault.NotFound, "no_test_services", "There is no ejabberd for the tests. Run .ci/tools, or install the package ejabberd.").Because(err)
	}
	libs := filepath.Dir(filepath.Dir(filepath.Dir(beams[0])))
	p, err := newProcess("ejabberd", "KILL")
	if err != nil {
		return nil, err
	}
	s := &XMPP{Software: "ejabberd", p: p, path: "/websocket"}
	config := filepath.Join(p.folder, "ejabberd.yml")
	s.launch = func(port int) error {
		if err := os.WriteFile(config, fmt.Appendf(nil, ejabberdConfig, port), 0o644); err != nil {
			return err
		}
		return p.start(s.answers, "/usr/bin/env", "ERL_LIBS="+libs, "EJABBERD_CONFIG_PATH="+config,
			"EJABBERD_LOG_PATH="+filepath.Join(p.folder, "ejabberd.log"), "EJABBERD_PID_PATH="+filepath.Join(p.folder, "ejabberd.pid"),
			"ERL_CRASH_DUMP=/dev/null", "HOME="+p.folder,
			program, "-noinput", "+K", "true", "+S", "2", "+sbwt", "none", "-mnesia", "dir", fmt.Sprintf("%q", filepath.Join(p.folder, "spool")), "-s", "ejabberd")
	}
	s.register = func(user, password string) error {
		return s.api("register", map[string]string{"user": user, "host": XMPPDomain, "password": password})
	}
	return begun(s, nil)
}

// api calls the server's HTTP interface.
func (s *XMPP) api(command string, arguments any) error {
	body, err := json.Marshal(arguments)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Post("http://"+s.Address()+"/api/"+command, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1000))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	return err
}
