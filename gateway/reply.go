package gateway

import (
	"strings"
	"sync"
)

// reply is the writer that Handle gets. It only collects: what is shown of it, and
// when, is the poster's business, so a slow platform never holds up the Handler.
type reply struct {
	wake chan struct{} // something was written

	mu     sync.Mutex
	text   strings.Builder
	rest   Answer // all but the text
	closed bool
}

var _ Reply = (*reply)(nil)

func newReply() *reply { return &reply{wake: make(chan struct{}, 1)} }

// Write adds to the answer.
func (r *reply) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0, errClosed
	}
	r.text.Write(p)
	r.poke()
	return len(p), nil
}

// Cite sets the sources.
func (r *reply) Cite(label string, sources []Source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rest.Label, r.rest.Sources = label, append([]Source(nil), sources...)
}

// Notice marks the answer as a hint.
func (r *reply) Notice() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rest.Notice = true
}

func (r *reply) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *reply) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

func (r *reply) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// answer is what was written so far.
func (r *reply) answer() Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.rest
	if a.Text = r.text.String(); strings.TrimSpace(a.Text) == "" {
		a.Text = ""
	}
	return a
}
