package proxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-im/parley/internal/bench/proxy"
)

// target is a server that repeats every line, and remembers it.
type target struct {
	net.Listener
	mu    sync.Mutex
	lines []string
}

func echo(t *testing.T) *target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &target{Listener: l}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					e.mu.Lock()
					e.lines = append(e.lines, lines.Text())
					e.mu.Unlock()
					if _, err := io.WriteString(c, lines.Text()+"\n"); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return e
}

func (e *target) heard() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.lines, " ")
}

func start(t *testing.T) (*target, *proxy.Proxy, net.Conn, *bufio.Reader) {
	t.Helper()
	e := echo(t)
	p, err := proxy.Listen(e.Addr().String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	r := bufio.NewReader(c)
	say(t, c, r, "one")
	return e, p, c, r
}

func say(t *testing.T, c net.Conn, r *bufio.Reader, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text+"\n"); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if line, err := r.ReadString('\n'); err != nil || line != text+"\n" {
		t.Fatalf("got %q, %v; want %q", line, err, text)
	}
}

func TestBytesPass(t *testing.T) {
	_, p, c, r := start(t)
	say(t, c, r, strings.Repeat("x", 60000))
	if n := p.Connections(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestCutAndReset(t *testing.T) {
	for name, do := range map[string]func(*proxy.Conn){"cut": (*proxy.Conn).Cut, "reset": (*proxy.Conn).Reset} {
		t.Run(name, func(t *testing.T) {
			_, p, c, r := start(t)
			if n := p.Some(1, do); n != 1 {
				t.Fatalf("%d connections, want 1", n)
			}
			_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
			_, err := r.ReadByte()
			if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("still connected: %v", err)
			}
			if name == "reset" && err == io.EOF {
				t.Error("a clean end, want a reset")
			}
		})
	}
}

func TestFrozenIsHalfOpen(t *testing.T) {
	_, p, c, r := start(t)
	p.Some(1, (*proxy.Conn).Freeze)
	if _, err := io.WriteString(c, "two\n"); err != nil {
		t.Fatalf("a half-open connection takes what is written: %v", err)
	}
	_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := r.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("want silence, got %v", err)
	}
	p.Some(1, (*proxy.Conn).Thaw)
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if line, err := r.ReadString('\n'); err != nil || line != "two\n" {
		t.Errorf("after the thaw: %q, %v", line, err)
	}
}

func TestFrozenCanBeClosed(t *testing.T) {
	_, p, c, _ := start(t)
	p.Some(1, (*proxy.Conn).Freeze)
	if _, err := io.WriteString(c, "two\n"); err != nil {
		t.Fatal(err)
	}
}

func TestSlow(t *testing.T) {
	_, p, c, r := start(t)
	p.Some(1, func(c *proxy.Conn) { c.Slow(5*time.Millisecond, 1) })
	began := time.Now()
	say(t, c, r, "ten bytes")
	if took := time.Since(began); took < 40*time.Millisecond {
		t.Errorf("ten pieces took %v", took)
	}
}

func TestReplaySaysAllAgain(t *testing.T) {
	e, p, c, r := start(t)
	say(t, c, r, "two")
	p.Some(1, func(c *proxy.Conn) {
		if err := c.Replay(); err != nil {
			t.Error(err)
		}
	})
	if got := e.heard(); got != "one two one two" {
		t.Errorf("the target heard %q", got)
	}
	say(t, c, r, "three") // and the connection itself goes on
}

func TestRefuse(t *testing.T) {
	_, p, _, _ := start(t)
	p.Refuse(true)
	c, err := net.Dial("tcp", p.Address())
	if err != nil {
		return // refused outright: as good
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a refused connection is open: %v", err)
	}
}
