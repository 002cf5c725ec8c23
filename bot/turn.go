package bot

import (
	"context"
	"iter"
	"time"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/prompts"
)

// Role is who said a Turn.
type Role string

const (
	User      Role = "user"
	Assistant Role = "assistant"
)

// Turn is one thing said, as the model sees it.
type Turn struct {
	Role Role   `json:"role"`
	Text string `json:"text"`
}

// Request is one call of a model.
type Request struct {
	System    string
	Turns     []Turn // oldest first, the last one is the question
	MaxTokens int    // most tokens of the answer; 0: the model's own limit
	// For answerers that do not call a model: what was asked and what was found.
	Question string
	Language string // "zh", "en", …
	Passages []knowledge.Passage
}

// Chunk is a piece of an answer, as the reader may see it: never reasoning text.
// Usage and Truncated come with the last ones, which may have no Text.
type Chunk struct {
	Text      string
	Model     string // the model that speaks, in each chunk
	Mode      Mode   // in each chunk
	Usage     *Usage
	Truncated bool // the model stopped at its length limit, not because it was done
}

// Mode is how an answer was made.
type Mode string

const (
	ByModel      Mode = "model"
	ByExtraction Mode = "extractive" // passages quoted, no model asked
)

// Usage is what a call cost, in tokens.
type Usage struct {
	Input  int `json:"input"`
	Cached int `json:"cached"` // of Input, read from the provider's cache
	Output int `json:"output"`
}

// Model answers requests piece by piece.
type Model interface {
	// Stream sends r and yields the answer as it comes. An error ends the sequence:
	// a stream that was cut yields an error, so a sequence that ends without one is
	// whole. Leaving the loop early stops the request.
	Stream(ctx context.Context, r Request) iter.Seq2[Chunk, error]
}

// Retriever finds passages. knowledge.Base is one.
type Retriever interface {
	Retrieve(ctx context.Context, q knowledge.Query) ([]knowledge.Passage, error)
}

// Prompter gives the active version of a prompt. prompts.Store is one.
type Prompter interface {
	Active(ctx context.Context, name string) (prompts.Prompt, error)
}

// Memory keeps what was said and how each answer came about. Implementations run the
// suite in memorytest.
type Memory interface {
	// Recent returns the last turns of a session, at most n, oldest first; not those of
	// the answer with the given ReplyKey, which an earlier attempt at it may have left.
	Recent(ctx context.Context, session string, n int, except string) ([]Turn, error)
	// Remember stores a receipt and, if it has an answer, the two turns of it. A second
	// call with the same ReplyKey replaces the first.
	Remember(ctx context.Context, session string, r Receipt) error
	// Forget starts the session afresh: Recent no longer returns what was said before.
	Forget(ctx context.Context, session string) error
	// Last returns the receipt of the session's latest answer; fault.NotFound if there is none.
	Last(ctx context.Context, session string) (Receipt, error)
}

// Receipt tells how one answer came about. It is stored as JSON and shown in the console.
type Receipt struct {
	ReplyKey      string              `json:"reply_key"`
	Channel       string              `json:"channel"`
	Question      string              `json:"question"`   // as asked
	Standalone    string              `json:"standalone"` // as searched for
	Language      string              `json:"language"`
	Command       string              `json:"command,omitempty"` // "/help", …, "small talk", "attachment": no retrieval, no model
	Known         bool                `json:"known"`             // something relevant was found and used: the answer cites a passage
	Confidence    float64             `json:"confidence"`        // calibrated, 0 to 1
	Passages      []knowledge.Passage `json:"passages"`          // what the answer could draw on, with scores, best first; citation [1] is the first
	Cited         []int               `json:"cited"`             // numbers of the passages that the answer cites, from 1
	Prompt        string              `json:"prompt"`            // name
	PromptVersion int                 `json:"prompt_version"`    // 0: the default that ships
	System        string              `json:"system"`            // the final request
	Turns         []Turn              `json:"turns"`
	Mode          Mode                `json:"mode"`
	Model         string              `json:"model"`
	Cached        bool                `json:"cached,omitempty"` // the answer was kept from an equal request: Model said it then, and none was asked now
	Usage         Usage               `json:"usage"`
	Answer        string              `json:"answer"`
	Stopped       bool                `json:"stopped,omitempty"`
	Error         string              `json:"error,omitempty"` // code of the failure, for staff; Answer is empty then
	Stages        []Stage             `json:"stages"`
	At            time.Time           `json:"at"`
}

// Stage is the time one step took.
type Stage struct {
	Name string        `json:"name"` // history, rewrite, retrieve, prompt, cache, first_token, answer
	Took time.Duration `json:"took"` // nanoseconds
}
