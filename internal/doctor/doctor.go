// Package doctor looks at what an installation stands on, the database server, Redis,
// the disk, another process, and says in one line for each what it found and what to
// do about it.
//
// A Finding is for the operator of the machine. OK means nothing is to be done, Warn
// that it works and should be better, Fail that something does not work. server.go
// asks Postgres, around.go the rest. `parley doctor` prints what it returns.
package doctor

import "fmt"

// Level is how bad a finding is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Finding is the result of one check.
type Finding struct {
	Check  string `json:"check"`
	Level  Level  `json:"level"`
	Detail string `json:"detail"`           // what was found
	Advice string `json:"advice,omitempty"` // what to do, unless all is well

	// Code is stable and names what should be changed, for programs and for the console,
	// which says it in the reader's language; "" if all is well, or if Detail is the
	// text of an error, which only the operator of the machine may read.
	Code   string            `json:"code,omitempty"`
	Values map[string]string `json:"values,omitempty"` // what the sentence of Code names
}

// coded returns f with its code and, in pairs, the values that belong to it.
func (f Finding) coded(code string, pairs ...any) Finding {
	f.Code, f.Values = code, map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Values[fmt.Sprint(pairs[i])] = fmt.Sprint(pairs[i+1])
	}
	return f
}

// Fine is a finding where nothing is to be done.
func Fine(check, format string, args ...any) Finding {
	return Finding{Check: check, Level: OK, Detail: fmt.Sprintf(format, args...)}
}

// Failed is a finding of an error; its text is for the operator.
func Failed(check string, err error, advice string) Finding {
	return Finding{Check: check, Level: Fail, Detail: err.Error(), Advice: advice}
}

// broken is a finding of something that does not work, though nothing returned an error.
func broken(check, detail, advice string) Finding {
	return Finding{Check: check, Level: Fail, Detail: detail, Advice: advice}
}

// mind is a finding that works and should be better.
func mind(check, detail, advice string) Finding {
	return Finding{Check: check, Level: Warn, Detail: detail, Advice: advice}
}
