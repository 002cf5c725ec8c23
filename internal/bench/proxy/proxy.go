// Package proxy is a TCP proxy that treats connections badly: it cuts and resets
// them, lets them go silent in both directions while they stay open (half-open, as
// after a NAT has forgotten them), delays and slows them, says again what a client
// said (Replay), and refuses new ones. Every fault is asked for by the test, so a run
// can be repeated.
//
// A Proxy stands in front of one address. Each accepted connection is a Conn, which
// has two goroutines, one for each direction; Close ends them all and waits.
package proxy

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// dialTime is the limit for reaching the target.
const dialTime = 5 * time.Second

// Proxy is one that listens.
type Proxy struct {
	listener net.Listener
	target   atomic.Pointer[string]
	running  sync.WaitGroup
	refusing atomic.Bool

	mu     sync.Mutex
	chance *rand.Rand
	conns  map[*Conn]struct{}
	closed bool
	total  int
}

// Listen starts a proxy on loopback in front of target, HOST:PORT. seed is of what
// Some draws.
func Listen(target string, seed uint64) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	p := &Proxy{listener: l, conns: map[*Conn]struct{}{}, chance: rand.New(rand.NewPCG(seed, 11))}
	p.Point(target)
	p.running.Go(p.accept)
	return p, nil
}

// Address is where it listens.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Point lets new connections go to another target.
func (p *Proxy) Point(target string) { p.target.Store(&target) }

// Connections is how many were made in all.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total
}

// Refuse closes new connections at once, as a machine does whose server is gone.
func (p *Proxy) Refuse(on bool) { p.refusing.Store(on) }

// Some calls do for a share of the open connections, drawn at random, and returns
// for how many.
func (p *Proxy) Some(share float64, do func(*Conn)) (n int) {
	p.mu.Lock()
	var chosen []*Conn
	for c := range p.conns {
		if p.chance.Float64() < share {
			chosen = append(chosen, c)
		}
	}
	p.mu.Unlock()
	for _, c := range chosen {
		do(c)
	}
	return len(chosen)
}

// Close ends everything and waits for it.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.listener.Close()
	p.Some(1, (*Conn).Cut)
	p.running.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		if p.refusing.Load() {
			_ = client.Close()
			continue
		}
		p.running.Go(func() { p.serve(client) })
	}
}

// serve joins one connection with the target until either end is gone.
func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", *p.target.Load(), dialTime)
	if err != nil {
		return
	}
	defer server.Close()
	c := &Conn{proxy: p, client: client, server: server, thawed: make(chan struct{}), gone: make(chan struct{})}
	close(c.thawed)
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.conns[c] = struct{}{}
	p.total++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
	}()
	var both sync.WaitGroup
	both.Go(func() { defer c.Cut(); c.pump(client, server, true) })
	both.Go(func() { defer c.Cut(); c.pump(server, client, false) })
	both.Wait()
}

// Conn is one connection through the proxy.
type Conn struct {
	proxy          *Proxy
	client, server net.Conn

	mu     sync.Mutex
	said   []byte        // what the client said, up to remembered bytes
	thawed chan struct{} // closed while bytes may pass
	delay  time.Duration // of each piece
	piece  int           // most bytes in a piece; 0: as they come
	once   sync.Once
	gone   chan struct{}
}

// remembered is how much of what a client said can be replayed.
const remembered = 1 << 20

// pump carries bytes from one side to the other.
func (c *Conn) pump(from io.Reader, to io.Writer, client bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !c.pass(to, buffer[:n], client) {
			return
		}
		if err != nil {
			return
		}
	}
}

// pass hands on what was read, when and in the pieces that it may.
func (c *Conn) pass(to io.Writer, data []byte, client bool) bool {
	c.mu.Lock()
	if room := remembered - len(c.said); client && room > 0 {
		c.said = append(c.said, data[:min(room, len(data))]...)
	}
	c.mu.Unlock()
	for len(data) > 0 {
		c.mu.Lock()
		thawed, delay, size := c.thawed, c.delay, len(data)
		if c.piece > 0 {
			size = min(size, c.piece)
		}
		c.mu.Unlock()
		select {
		case <-thawed:
		case <-c.gone:
			return false
		}
		if delay > 0 {
			select {
			case <-time.After(delay):
			case <-c.gone:
				return false
			}
		}
		if _, err := to.Write(data[:size]); err != nil {
			return false
		}
		data = data[size:]
	}
	return true
}

// Cut closes the connection in both directions, as a clean end does.
func (c *Conn) Cut() {
	c.once.Do(func() {
		close(c.gone)
		_ = c.client.Close() // both may be closed already
		_ = c.server.Close()
	})
}

// Reset breaks the connection: both sides get a reset, and what was not yet read is lost.
func (c *Conn) Reset() {
	for _, side := range []net.Conn{c.client, c.server} {
		if tcp, ok := side.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // it may be closed already
		}
	}
	c.Cut()
}

// Freeze lets no byte pass any more, in either direction, while both sides believe
// that they are connected: half-open. Thaw ends it.
func (c *Conn) Freeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.thawed:
		c.thawed = make(chan struct{})
	default: // frozen already
	}
}

// Thaw lets bytes pass again, also those that waited.
func (c *Conn) Thaw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.thawed:
	default:
		close(c.thawed)
	}
}

// Slow makes every piece wait, and pieces at most so many bytes long (0: as they come).
func (c *Conn) Slow(delay time.Duration, piece int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delay, c.piece = delay, piece
}

// Replay says to the target, over a connection of its own, all that the client has
// said so far. The answers go nowhere. It returns when the target has been silent
// for a moment or has hung up.
func (c *Conn) Replay() error {
	c.mu.Lock()
	said := append([]byte(nil), c.said...)
	c.mu.Unlock()
	server, err := net.DialTimeout("tcp", *c.proxy.target.Load(), dialTime)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	defer server.Close()
	if err := server.SetDeadline(time.Now().Add(dialTime)); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if _, err := server.Write(said); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	for buffer := make([]byte, 4<<10); ; {
		if err := server.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		_, err := server.Read(buffer)
		var slow net.Error
		if err == io.EOF || errors.As(err, &slow) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
	}
}
