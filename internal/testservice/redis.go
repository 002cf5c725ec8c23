package testservice

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Redis is a Redis server that keeps nothing on disk.
type Redis struct {
	p       *process
	program string
	port    int
}

// StartRedis starts a new, empty server. Close ends it.
func StartRedis() (s *Redis, err error) {
	s = &Redis{}
	if folder, err := Folder(); err == nil {
		s.program = filepath.Join(folder, "usr", "bin", "redis-server")
	} else if s.program, _ = exec.LookPath("redis-server"); s.program == "" {
		return nil, err
	}
	if s.p, err = newProcess("redis", "KILL"); err != nil {
		return nil, err
	}
	if s.port, err = unusedPort(); err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start Redis: %w", err), s.p.close(syscall.SIGKILL))
	}
	return s, nil
}

// URL is the server's address.
func (s *Redis) URL() string { return "redis://" + s.Address() }

// Address is host and port, for a proxy.
func (s *Redis) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// Start starts the server again after Kill, empty and on the same port.
func (s *Redis) Start() error {
	return s.p.start(s.ready, s.program, "--port", fmt.Sprint(s.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", s.p.folder)
}

func (s *Redis) ready() bool {
	c, err := net.DialTimeout("tcp", s.Address(), time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	answer := make([]byte, 7)
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	n, err := c.Read(answer)
	return err == nil && string(answer[:n]) == "+PONG\r\n"
}

// Kill ends the server at once; all it held is lost.
func (s *Redis) Kill() error { return s.p.end(syscall.SIGKILL) }

// Freeze stops the server without ending it: connections stay and get no answer.
func (s *Redis) Freeze() error { return s.p.signal(sigFreeze) }

// Thaw lets it go on.
func (s *Redis) Thaw() error { return s.p.signal(sigThaw) }

// Close ends the server.
func (s *Redis) Close() error { return s.p.close(syscall.SIGKILL) }
