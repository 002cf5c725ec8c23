// Package fault holds the five kinds of error that Parley tells apart, and the
// one type that carries a sentence fit for people.
//
// A kind is a sentinel and is tested with errors.Is. It is wrapped where it
// becomes known, together with what was being done:
//
//	fmt.Errorf("delete document %s: %w", id, fault.NotFound)
//
// The text of an error is for the log. What a person may read (a customer, a
// member of staff, the caller of the API) is only ever the sentence of an
// *Error, made by Say, or the general sentence of the kind.
package fault

import (
	"errors"
	"fmt"
)

// The five kinds. Everything else is an internal error: its text never leaves
// the process.
var (
	NotFound    = errors.New("not found")
	Invalid     = errors.New("invalid")
	Conflict    = errors.New("conflict")
	Denied      = errors.New("denied")
	Unavailable = errors.New("unavailable") // may work later
)

// Error is an error of a kind with a sentence that a person may read.
type Error struct {
	Kind     error  // one of the five
	Code     string // stable and short, such as "encrypted"; the console translates it
	Sentence string // English, names the field or file and what to do; no internals
	Cause    error  // for the log, or nil
}

// Say returns an *Error. The sentence is shown to people as it is.
func Say(kind error, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Sentence: fmt.Sprintf(format, args...)}
}

// Because adds the cause, which only the log sees.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Sentence + ": " + e.Cause.Error()
	}
	return e.Sentence
}

// Unwrap gives errors.Is both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause != nil {
		return []error{e.Kind, e.Cause}
	}
	return []error{e.Kind}
}

// Kind returns which of the five err is, or nil for an internal error.
func Kind(err error) error {
	for _, k := range []error{NotFound, Invalid, Conflict, Denied, Unavailable} {
		if errors.Is(err, k) {
			return k
		}
	}
	return nil
}

// Public returns what a person may read of err: a code and a sentence.
func Public(err error) (code, sentence string) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code, e.Sentence
	}
	switch Kind(err) {
	case NotFound:
		return "not_found", "There is no such thing here."
	case Invalid:
		return "invalid", "This cannot be accepted as it is."
	case Conflict:
		return "conflict", "This does not fit what is there already."
	case Denied:
		return "denied", "You may not do this."
	case Unavailable:
		return "unavailable", "This does not work right now. Try again in a moment."
	}
	return "internal", "Something went wrong on our side. The number of this request tells the operators what."
}
