// Package rig is what every measurement stands on: the real program as processes
// of its own (Process, Cluster), on a folder or a database that is thrown away
// afterwards (Place), with a stand-in for a model (Standin) and made-up documents
// (Corpus). It has the rough tools too: kill -9, freeze and thaw, restart.
package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Process runs `parley serve` again and again on one folder and one address.
type Process struct {
	Program []string // how to call parley
	Config  string
	Data    string
	Listen  string
	Kills   int // times it was killed or died; read it when nothing runs

	mu    sync.Mutex
	cmd   *exec.Cmd
	log   *Tail
	out   *Tail
	ended chan error
}

// FreeAddress finds a loopback port that stays the same over restarts.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Start starts the server; extra are environment variables for this run only.
func (p *Process) Start(extra ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	args := append(append([]string(nil), p.Program[1:]...), "serve", "--config", p.Config, "--data", p.Data, "--listen", p.Listen)
	cmd := exec.Command(p.Program[0], args...)
	cmd.Env = append(os.Environ(), extra...)
	p.log, p.out = &Tail{}, &Tail{}
	cmd.Stderr, cmd.Stdout = p.log, p.out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	p.cmd, p.ended = cmd, ended
	return nil
}

// Ready waits until the server answers, or says why it does not.
func (p *Process) Ready(ctx context.Context) error {
	client := &http.Client{Timeout: time.Second}
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	for {
		res, err := client.Get("http://" + p.Listen + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-ended:
			ended <- err // for whoever waits next
			return fmt.Errorf("the server ended: %w\n%s", errors.Join(err, errors.New("see its log")), p.Log())
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w\n%s", context.Cause(ctx), p.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Log is the end of what the server wrote to its log.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.log == nil {
		return ""
	}
	return p.log.String()
}

// Output is the end of what the server printed.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// Kill ends the server as kill -9 does and waits until it is gone.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Kill() // it may have ended already
	p.wait()
	p.Kills++
}

// wait lets several wait for one end. The caller holds p.mu.
func (p *Process) wait() error {
	err := <-p.ended
	p.ended <- err
	return err
}

// Died waits until the server has ended by itself.
func (p *Process) Died(ctx context.Context) error {
	select {
	case err := <-p.ended:
		p.ended <- err
		p.Kills++
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the server did not reach its failpoint: %w", context.Cause(ctx))
	}
}

// Freeze stops all of the process where it is; Thaw lets it go on.
func (p *Process) Freeze() error { return p.signal(freeze) }

// Thaw lets a frozen process go on.
func (p *Process) Thaw() error { return p.signal(thaw) }

func (p *Process) signal(do func(*os.Process) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return do(p.cmd.Process)
}

// Stop asks the server to stop, and reports if it did not stop cleanly.
func (p *Process) Stop(patience time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	if err := interrupt(p.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case err := <-p.ended:
		p.ended <- err
		if err != nil {
			return fmt.Errorf("stop the server: %w\n%s", err, p.log)
		}
		return nil
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		_ = p.wait()
		return fmt.Errorf("the server did not stop within %v\n%s", patience, p.log)
	}
}

// interrupt asks a process to end; where there is no such signal it is killed.
func interrupt(p *os.Process) error {
	if err := p.Signal(os.Interrupt); err != nil {
		return p.Kill()
	}
	return nil
}

// Tail keeps the end of what a process wrote.
type Tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps the end of p.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b.Write(p)
	if extra := t.b.Len() - 16<<10; extra > 0 {
		t.b.Next(extra)
	}
	return len(p), nil
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}
