package testservice

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

// XMPP is an XMPP server with one domain, rooms, and an archive of messages (XEP-0313),
// reached over WebSocket without TLS. It keeps what it knows over Stop and Start; what
// ejabberd learned in its last seconds is lost by Kill.
type XMPP struct {
	Software string // "prosody" or "ejabberd"
	port     atomic.Int32
	p        *process
	path     string
	launch   func(port int) error // starts p
	register func(user, password string) error
}

const (
	// XMPPDomain is what accounts of an XMPP server end in.
	XMPPDomain = "localhost"
	// XMPPRooms is what its rooms end in.
	XMPPRooms = "conference.localhost"
)

// Address is host and port. It is another one after a restart: the old port may be
// taken for a while.
func (s *XMPP) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.port.Load()) }

// Path is where the WebSocket is, such as "/xmpp-websocket".
func (s *XMPP) Path() string { return s.path }

// URL is the address of its WebSocket.
func (s *XMPP) URL() string { return "ws://" + s.Address() + s.path }

// Register makes the account user@XMPPDomain.
func (s *XMPP) Register(user, password string) error {
	if err := s.register(user, password); err != nil {
		return fmt.Errorf("register %s with %s: %w", user, s.Software, err)
	}
	return nil
}

// Start starts the server again after Kill or Stop.
func (s *XMPP) Start() error {
	port, err := unusedPort()
	if err != nil {
		return err
	}
	s.port.Store(int32(port))
	if err := s.launch(port); err != nil {
		return fmt.Errorf("start %s: %w", s.Software, err)
	}
	return nil
}

// Kill ends the server at once, Stop lets it say good-bye.
func (s *XMPP) Kill() error { return s.p.end(syscall.SIGKILL) }

// Stop asks the server to end and waits for it.
func (s *XMPP) Stop() error { return s.p.end(syscall.SIGTERM) }

// Freeze stops the server without ending it: connections stay and get no answer.
func (s *XMPP) Freeze() error { return s.p.signal(sigFreeze) }

// Thaw lets it go on.
func (s *XMPP) Thaw() error { return s.p.signal(sigThaw) }

// Log is the file that the server's log is written to.
func (s *XMPP) Log() string { return s.p.log() }

// Close ends the server and removes what it kept.
func (s *XMPP) Close() error { return s.p.close(syscall.SIGKILL) }

// begun is how a server is started for the first time.
func begun(s *XMPP, err error) (*XMPP, error) {
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, s.p.close(syscall.SIGKILL))
	}
	return s, nil
}

// answers reports whether an HTTP server is there, whatever it says.
func (s *XMPP) answers() bool {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + s.Address() + s.path)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode != http.StatusNotFound
}
