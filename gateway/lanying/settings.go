package lanying

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// How messages come in.
const (
	byWebhook = "webhook"
	bySocket  = "socket"
)

type settings struct {
	AppID    string        `yaml:"app_id"`
	URL      string        `yaml:"url"`        // of the REST API; "": looked up at DNSURL
	Receive  string        `yaml:"receive"`    // webhook or socket
	Bot      string        `yaml:"bot"`        // numeric ID of the bot's user; "": the one that logs in
	Token    string        `yaml:"token"`      // of an admin
	Username string        `yaml:"username"`   // of the bot's user, in place of Token
	Password string        `yaml:"password"`   //
	Secret   string        `yaml:"secret"`     // that callbacks must carry
	DNSURL   string        `yaml:"dns_url"`    // where the addresses of the servers are looked up
	Socket   string        `yaml:"socket_url"` // of the long connection; "": looked up
	Files    []string      `yaml:"file_hosts"` // more hosts that may have the token, for files
	CAFile   string        `yaml:"ca_file"`    // more certificate authorities
	Notice   string        `yaml:"antispam_prompt"`
	Pace     time.Duration `yaml:"pace"`
	Ping     time.Duration `yaml:"ping"`
	Strict   bool          `yaml:"strict"` // contacts are not accepted by themselves

	bot uint64
}

func defaults() settings {
	return settings{Receive: byWebhook, DNSURL: "https://dns.lanyingim.com", Pace: 3 * time.Second, Ping: 10 * time.Second}
}

func (s *settings) check() error {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fault.Say(fault.Invalid, "settings", format, args...))
	}
	if s.AppID == "" || strings.ContainsAny(s.AppID, " \r\n") {
		bad("app_id must be the ID of the app, as the console of Lanying shows it")
	}
	for name, address := range map[string]*string{"url": &s.URL, "dns_url": &s.DNSURL, "socket_url": &s.Socket} {
		*address = strings.TrimRight(*address, "/")
		if u, err := url.Parse(*address); *address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			bad("%s must be an address that begins with https:// or http://", name)
		}
	}
	if s.Bot != "" {
		n, err := strconv.ParseUint(s.Bot, 10, 63)
		if s.bot = n; err != nil || n == 0 {
			bad("bot must be the numeric ID of the bot's user")
		}
	}
	if (s.Username == "") != (s.Password == "") {
		bad("username and password belong together")
	}
	switch s.Receive {
	case byWebhook:
		if s.Secret == "" {
			bad("secret must be the signature that the callbacks carry, or anybody could ask in anybody's name")
		}
		if s.URL == "" {
			bad("url must be the API address that the console of Lanying shows")
		}
		if s.Bot == "" {
			bad("bot must be the numeric ID of the bot's user")
		}
		if s.Token == "" && s.Username == "" {
			bad("token must be an admin's, or username and password the bot's")
		}
	case bySocket:
		if s.Username == "" {
			bad("with receive: socket the bot logs in with username and password")
		}
		if s.DNSURL == "" && (s.Socket == "" || s.URL == "") {
			bad("without dns_url, both url and socket_url must be given")
		}
	default:
		bad("receive must be webhook or socket")
	}
	if s.Pace < time.Second {
		bad("pace must be at least 1s")
	}
	if s.Ping < 100*time.Millisecond || s.Ping > 25*time.Second {
		bad("ping must lie between 100ms and 25s")
	}
	return errors.Join(wrong...)
}

// tls is nil if the system's certificate authorities do.
func (s *settings) tls() (*tls.Config, error) {
	if s.CAFile == "" {
		return nil, nil
	}
	data, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, fault.Say(fault.Invalid, "settings", "ca_file cannot be read.").Because(err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, fault.Say(fault.Invalid, "settings", "ca_file holds no certificate in PEM form.")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// trusted reports whether the token may be shown to the host of a file.
func (s *settings) trusted(api string, file *url.URL) bool {
	hosts := s.Files
	if u, err := url.Parse(api); err == nil {
		if u.Scheme == "https" && file.Scheme != "https" {
			return false
		}
		hosts = append([]string{u.Host}, hosts...)
	}
	for _, h := range hosts {
		name, _, err := net.SplitHostPort(file.Host)
		if err != nil {
			name = file.Host
		}
		if h == file.Host || h == name {
			return true
		}
		if suffix, ok := strings.CutPrefix(h, "*."); ok && strings.HasSuffix(name, "."+suffix) {
			return true
		}
	}
	return false
}

// id reads a number as the platform writes it.
func id(n uint64) string { return strconv.FormatUint(n, 10) }

func parse(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no ID of Lanying: %w", text, fault.NotFound)
	}
	return n, nil
}
