// Package content is what the readers of knowledge/extract have in common: the
// Document that they return, the Limits that they keep, the Problem that they
// report, and the few rules about text that every format needs (cleaning,
// joining lines, telling the header of a table).
//
// The readers (packages markup, office, pdf, charset and archive beside this
// one) know nothing of each other's formats. Package extract chooses one by what
// the bytes are, and turns a Problem into a sentence for people.
package content

import (
	"errors"
	"time"
)

// Document is what a file says: blocks in reading order.
type Document struct {
	Type   string  `json:"type"`  // found by content: "pdf", "docx", "xlsx", "html", "md", "csv", "txt"
	Title  string  `json:"title"` // as the file tells it, or ""
	Blocks []Block `json:"blocks"`
}

// Kind is what a Block is.
type Kind string

const (
	Heading   Kind = "heading"
	Paragraph Kind = "paragraph"
	List      Kind = "list" // one item a line, "- " or "1. " in front
	Table     Kind = "table"
	Code      Kind = "code"
)

// Block is one piece of a Document. Text is valid UTF-8 in NFC without NUL.
type Block struct {
	Kind     Kind       `json:"kind"`
	Level    int        `json:"level,omitempty"`    // of a heading, from 1
	Text     string     `json:"text,omitempty"`     // all kinds but Table
	Header   []string   `json:"header,omitempty"`   // of a Table, or nil if it has none
	Rows     [][]string `json:"rows,omitempty"`     // of a Table
	Location string     `json:"location,omitempty"` // for people: "page 3", "sheet Prices"; "" if the format has none
}

// Limits bound what one file may cost. A zero field means its default.
type Limits struct {
	FileBytes     int64         `json:"file_bytes"`     // size of the file; default 200 MB
	TextBytes     int64         `json:"text_bytes"`     // of the text found, and of a plain text file; default 32 MB
	UnpackedBytes int64         `json:"unpacked_bytes"` // of all that a zip-based file unpacks to; default 200 MB
	Entries       int           `json:"entries"`        // files inside a zip-based file; default 10,000
	Pages         int           `json:"pages"`          // of a PDF; default 5,000
	Cells         int           `json:"cells"`          // of a workbook or CSV file; default 5,000,000
	Depth         int           `json:"depth"`          // nesting of elements; default 256
	Time          time.Duration `json:"time"`           // default 60 s
	Memory        int64         `json:"memory"`         // of the child process; default 768 MB
	CacheDir      string        `json:"cache_dir"`      // where the compiled PDF reader is kept; "": compile it each time (5 s)
}

// Filled returns l with the defaults in place of zero fields.
func (l Limits) Filled() Limits {
	const mb = 1 << 20
	fill(&l.FileBytes, 200*mb)
	fill(&l.TextBytes, 32*mb)
	fill(&l.UnpackedBytes, 200*mb)
	fill(&l.Entries, 10_000)
	fill(&l.Pages, 5_000)
	fill(&l.Cells, 5_000_000)
	fill(&l.Depth, 256)
	fill(&l.Time, 60*time.Second)
	fill(&l.Memory, 768*mb)
	return l
}

func fill[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Codes of a Problem. They are stable: the console translates them.
const (
	Empty         = "empty"           // nothing in the file
	NoText        = "no_text"         // pages, but no text: most likely a scan
	Encrypted     = "encrypted"       // needs a password
	Damaged       = "damaged"         // cut off, or not what its first bytes say
	Bomb          = "bomb"            // unpacks to far more than it should
	Unsupported   = "unsupported"     // a type that is not read; Detail names it
	Binary        = "binary"          // said to be text, and is not
	TooLarge      = "too_large"       // Detail says what of it
	TooSlow       = "too_slow"        // took longer than Limits.Time
	TooMuchMemory = "too_much_memory" // took more than Limits.Memory
	ParserCrashed = "parser_crashed"  // the reader died
	Unreadable    = "unreadable"      // the file could not be opened
)

// Problem is why a file could not be read. Package extract makes the sentence.
type Problem struct {
	Code   string
	Detail string // completes the sentence: the type, or what is too large
	Cause  error  // for the log, or nil
}

// Fail returns a *Problem. cause may be nil.
func Fail(code, detail string, cause error) *Problem {
	return &Problem{Code: code, Detail: detail, Cause: cause}
}

func (p *Problem) Error() string {
	s := p.Code
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	if p.Cause != nil {
		s += ": " + p.Cause.Error()
	}
	return s
}

func (p *Problem) Unwrap() error { return p.Cause }

// Or returns err if it is, or wraps, a *Problem, else a Problem with this code.
func Or(err error, code string) error {
	if _, ok := errors.AsType[*Problem](err); ok {
		return err
	}
	return Fail(code, "", err)
}
