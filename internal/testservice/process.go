package testservice

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// process is one server: its folder, and the program while it runs.
type process struct {
	folder string
	guard  *os.File // the end of this pipe ends the guarding shell, and that the server

	mu     sync.Mutex
	server *exec.Cmd
	shell  *exec.Cmd
}

// The guard's last act. A stopped process would not hear the signal: CONT first.
const guardScript = `cat >/dev/null
if [ -s "$1/pid" ]; then kill -CONT "$(cat "$1/pid")"; kill -"$2" "$(cat "$1/pid")"; sleep 0.3; fi
rm -rf "$1"`

// newProcess makes the folder and starts its guard, which ends the server with signal.
func newProcess(kind, signal string) (p *process, err error) {
	folder, err := os.MkdirTemp("", "parley-"+kind+"-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for %s: %w", kind, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	if err := give(folder); err != nil {
		return nil, fmt.Errorf("give %s to the server's user: %w", folder, err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("guard %s: %w", kind, err)
	}
	shell := exec.Command("/bin/sh", "-c", guardScript, "guard", folder, signal)
	shell.Stdin = read
	shell.SysProcAttr = detached() // a Ctrl-C at the tests must not end the guard first
	err = errors.Join(shell.Start(), read.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("guard %s: %w", kind, err), write.Close())
	}
	return &process{folder: folder, guard: write, shell: shell}, nil
}

// run runs a program to its end as the server's user.
func (p *process) run(program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Env = p.folder, unprivileged(), environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(program), err, out)
	}
	return nil
}

// start starts the server and waits until ready says so.
func (p *process) start(ready func() bool, program string, args ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		return fmt.Errorf("start %s: it runs already", filepath.Base(program))
	}
	log, err := os.OpenFile(p.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(program), err)
	}
	alive, held, err := os.Pipe() // held by the server: it ends with it
	if err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", filepath.Base(program), err), log.Close())
	}
	defer alive.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Env, cmd.Stdout, cmd.Stderr = p.folder, unprivileged(), environment(), log, log
	cmd.ExtraFiles = []*os.File{held}
	if err := errors.Join(cmd.Start(), log.Close(), held.Close()); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(program), err)
	}
	p.server = cmd
	err = os.WriteFile(filepath.Join(p.folder, "pid"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)
	deadline := time.Now().Add(startTimeout)
	for err == nil && !ready() {
		err = alive.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
		if _, end := alive.Read(make([]byte, 1)); err == nil && !errors.Is(end, os.ErrDeadlineExceeded) || time.Now().After(deadline) {
			log, readErr := os.ReadFile(p.log())
			err = errors.Join(fmt.Errorf("it did not get ready: %s", log), readErr)
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", filepath.Base(program), err), p.halt(syscall.SIGKILL))
	}
	return nil
}

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 20 * time.Second
)

func (p *process) log() string { return filepath.Join(p.folder, "log") }

// end sends signal and waits for the server's end. It does nothing if none runs.
func (p *process) end(signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.halt(signal)
}

func (p *process) halt(signal syscall.Signal) error {
	if p.server == nil {
		return nil
	}
	err := p.server.Process.Signal(signal)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	kill := time.AfterFunc(stopTimeout, func() { _ = p.server.Process.Kill() }) // Wait tells
	waited := p.server.Wait()
	if _, ok := errors.AsType[*exec.ExitError](waited); !ok { // a signal is how it should end
		err = errors.Join(err, waited)
	}
	if !kill.Stop() {
		err = errors.Join(err, fmt.Errorf("the server did not end on %v", signal))
	}
	p.server = nil
	return errors.Join(err, os.Remove(filepath.Join(p.folder, "pid")))
}

// signal sends a signal without waiting.
func (p *process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server == nil {
		return errors.New("no server runs")
	}
	return p.server.Process.Signal(s)
}

// close ends the server and its guard, which removes the folder.
func (p *process) close(signal syscall.Signal) error {
	return errors.Join(p.end(signal), p.guard.Close(), p.shell.Wait())
}

// environment keeps nothing of ours that would change what a server does.
func environment() []string { return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"} }

// unusedPort finds a port that nobody listens on.
func unusedPort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find an unused port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
