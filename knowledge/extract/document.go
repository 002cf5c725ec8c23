// Package extract turns the bytes of an uploaded file into structured text.
//
// File finds out what a file is (by its content; the name decides only between
// kinds of plain text), lets the reader for it do the work, and returns a
// Document, or a *fault.Error of kind Invalid whose sentence names the file and
// says what to do. The readers are the packages below this one: markup (txt, md,
// html, csv), office (docx, xlsx) and pdf, with charset and archive under them.
//
// Files come from strangers, and a parser that meets a hostile file may loop,
// fill the memory or crash. So a server uses a Runner, which has each file read
// by a child process (this very program, started with a hidden command that
// calls ChildMain) under limits of time and memory, and kills it when it
// overruns. One bad file fails; nothing else notices.
package extract

import "github.com/parley-im/parley/knowledge/extract/content"

// Document is what a file says: blocks in reading order.
type Document = content.Document

// Kind is what a Block is.
type Kind = content.Kind

// Block is one piece of a Document.
type Block = content.Block

// Limits bound what one file may cost. A zero field means its default.
type Limits = content.Limits

const (
	Heading   = content.Heading
	Paragraph = content.Paragraph
	List      = content.List
	Table     = content.Table
	Code      = content.Code
)
