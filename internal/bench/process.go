package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// process runs `parley serve` again and again on one folder and one address.
type process struct {
	program []string // how to call parley
	config  string
	data    string
	listen  string

	mu    sync.Mutex
	cmd   *exec.Cmd
	log   *tail
	ended chan error
	Kills int
}

// freeAddress finds a loopback port that stays the same over restarts.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// start starts the server; extra are environment variables for this run only.
func (p *process) start(extra ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	args := append(append([]string(nil), p.program[1:]...), "serve", "--config", p.config, "--data", p.data, "--listen", p.listen)
	cmd := exec.Command(p.program[0], args...)
	cmd.Env = append(os.Environ(), extra...)
	p.log = &tail{}
	cmd.Stderr = p.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	p.cmd, p.ended = cmd, ended
	return nil
}

// ready waits until the server answers, or says why it does not.
func (p *process) ready(ctx context.Context) error {
	client := &http.Client{Timeout: time.Second}
	for {
		res, err := client.Get("http://" + p.listen + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-p.ended:
			return fmt.Errorf("the server ended: %w\n%s", errors.Join(err, errors.New("see its log")), p.log)
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w\n%s", ctx.Err(), p.log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill ends the server as kill -9 does and waits until it is gone.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Kill()
	<-p.ended
	p.Kills++
}

// died waits until the server has ended by itself.
func (p *process) died(ctx context.Context) error {
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the server did not reach its failpoint: %w", ctx.Err())
	}
}

// stop asks the server to stop, and reports if it did not stop cleanly.
func (p *process) stop(patience time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := interrupt(p.cmd.Process); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			return fmt.Errorf("stop the server: %w\n%s", err, p.log)
		}
		return nil
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.ended
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

// memory returns the resident memory of the server in bytes, 0 where it cannot be read.
func (p *process) memory() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb int64
			if _, err := fmt.Sscanf(strings.TrimSpace(rest), "%d kB", &kb); err == nil {
				return kb * 1024
			}
		}
	}
	return 0
}

// tail keeps the end of what a process wrote.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b.Write(p)
	if extra := t.b.Len() - 16<<10; extra > 0 {
		t.b.Next(extra)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}
