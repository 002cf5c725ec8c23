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
}

// Fine is a finding where nothing is to be done.
func Fine(check, format string, args ...any) Finding {
	return Finding{Check: check, Level: OK, Detail: fmt.Sprintf(format, args...)}
}

// Failed is a finding of an error; its text is for the operator.
func Failed(check string, err error, advice string) Finding {
	return Finding{Check: check, Level: Fail, Detail: err.Error(), Advice: advice}
}

// mind is a finding that works and should be better.
func mind(check, detail, advice string) Finding {
	return Finding{Check: check, Level: Warn, Detail: detail, Advice: advice}
}
