package gateway

import (
	"context"
	"io"
)

// Kind is an adapter as the program registers it: how a channel is opened, and which
// settings of its own it takes, so that a form can be made of them.
type Kind struct {
	Open   Open
	Title  Words
	Fields []Field
}

// Words is a short text for people, in both languages of the console.
type Words struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// Field is one setting: a key below channels.NAME in config.yaml.
type Field struct {
	Name     string   `json:"name"` // as Setup.Decode knows it
	Type     string   `json:"type"` // one of the types below
	Required bool     `json:"required,omitempty"`
	Default  string   `json:"default,omitempty"` // as it would be written in config.yaml; "" for none
	Choices  []string `json:"choices,omitempty"` // of FieldChoice
	Label    Words    `json:"label"`
	Help     Words    `json:"help"` // a sentence: what it is and where it is found
}

// Types of a Field.
const (
	FieldText     = "text"
	FieldSecret   = "secret" // text that is taken and never shown again
	FieldURL      = "url"
	FieldBool     = "bool"
	FieldNumber   = "number"   // a whole one
	FieldDuration = "duration" // 1.5s, 10m
	FieldList     = "list"     // of texts
	FieldChoice   = "choice"
	FieldWords    = "words" // a text by language: {en: …, zh: …}
)

// Identified is a Channel that knows which account of which platform it is, such as
// "bot@example.com": stable, comparable, not secret. Two channels with the same account
// would answer everything twice, so the second one is refused.
type Identified interface{ Account() string }

// Fetcher opens an attachment of a message for reading: its URL may need the channel's
// own credentials, which must go to the platform's own host and not along a redirect
// elsewhere. At most limit bytes may be read before fault.Invalid is returned.
type Fetcher interface {
	Fetch(ctx context.Context, a Attachment, limit int64) (io.ReadCloser, error)
}
