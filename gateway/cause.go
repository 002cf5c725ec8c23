package gateway

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/fault"
)

// Why the context of Handle ended before its time; see context.Cause.
var (
	// ErrStopped: the reader stopped the answer. What was written stays.
	ErrStopped = errors.New("stopped by the reader")
	// ErrMerged: a follow-up came before anything was shown. Handle is called again with
	// both; nothing of this call is kept, and it should leave no trace.
	ErrMerged = errors.New("asked again together with a follow-up")
)

var (
	errDrained = errors.New("the process is stopping")
	errLost    = errors.New("the lease was lost")
	errStrange = errors.New("the channel is not configured here")
	errTooLong = fmt.Errorf("the answer took too long: %w", fault.Unavailable)
	errPanic   = errors.New("panic")
	errLedger  = errors.New("ledger")
	errClosed  = errors.New("the reply is closed")
)

// later asks to release the turn and to go on after a while.
type later struct {
	after time.Duration
	err   error
}

func (e *later) Error() string { return e.err.Error() }
func (e *later) Unwrap() error { return e.err }

// refused says that the platform will never take this.
type refused struct{ err error }

func (e *refused) Error() string { return e.err.Error() }
func (e *refused) Unwrap() error { return e.err }

// recovered turns a panic of a handler or channel into an error of one line.
func recovered(err *error) {
	if v := recover(); v != nil {
		stack := strings.Join(strings.Fields(string(debug.Stack())), " ")
		*err = fmt.Errorf("%w: %v: %s", errPanic, v, stack)
	}
}
