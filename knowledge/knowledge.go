// Package knowledge turns documents into passages that can be found.
//
// A Base is all of it. Add keeps the bytes of an upload (Files) and writes a row
// that asks for work (Store); Run, in this process or another, takes the rows one
// by one: extract the text (Extractor), cut it into chunks (package chunk), index
// their words (packages tokens and words) and let the whole version appear at
// once in place of the one before. Vectors, when there is an Embedder, follow:
// a document can be found by its words as soon as it is live, and by its meaning
// once Embedding is done. When the model cannot be reached the document is Ready
// all the same, and the vectors are tried again later.
//
// Retrieve asks words and meaning, joins the two (fuse.go), and says of each
// passage how likely it bears on the question at all (package relevance), so that
// the caller can say "I do not know" on purpose.
//
// Base decides; what must be atomic is one method of Store. Stores run the suite
// in storetest.
package knowledge

import (
	"context"
	"io"
	"time"
)

// Collection is a set of documents that is asked as one.
type Collection struct {
	ID        string    `json:"id"` // UUID
	Name      string    `json:"name"`
	Note      string    `json:"note"`
	Documents int       `json:"documents"`
	Chunks    int       `json:"chunks"`
	CreatedAt time.Time `json:"created_at"`
}

// Stage is how far the ingestion of a document version has come.
type Stage string

const (
	Queued     Stage = "queued"
	Extracting Stage = "extracting"
	Chunking   Stage = "chunking"
	Indexing   Stage = "indexing"
	Embedding  Stage = "embedding"
	Ready      Stage = "ready"
	Failed     Stage = "failed"
	Cancelled  Stage = "cancelled"
)

// Document is one uploaded file in a collection. A file of the same name in the
// same collection is a new version of it: the old one answers until the new one
// is ready, and never after.
type Document struct {
	ID         string    `json:"id"`         // UUID
	Collection string    `json:"collection"` // ID
	Name       string    `json:"name"`       // file name
	Title      string    `json:"title"`
	Labels     []string  `json:"labels"`
	URL        string    `json:"url"`          // where readers find it, or ""
	Version    int       `json:"version"`      // of the upload in progress, or the live one
	Live       int       `json:"live_version"` // the version that answers; 0: none yet
	Type       string    `json:"type"`         // found by content: "pdf", "docx", …
	Size       int64     `json:"size"`         // bytes
	Hash       string    `json:"hash"`         // sha256 of the file
	Stage      Stage     `json:"stage"`
	Progress   float64   `json:"progress"` // 0 to 1 over all stages
	Code       string    `json:"code"`     // of the failure, as in fault.Error
	Reason     string    `json:"reason"`   // of the failure, for people
	Chunks     int       `json:"chunks"`
	AddedBy    string    `json:"added_by"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// Upload is a file to be added.
type Upload struct {
	Collection string // ID
	Name       string // file name; path parts are dropped
	Labels     []string
	URL        string
	AddedBy    string
	Body       io.Reader
}

// Chunk is a piece of a document that can be found.
type Chunk struct {
	ID       string `json:"id"`  // from the content's hash: the same text in the same document has the same ID
	Seq      int    `json:"seq"` // place in the document, from 0
	Text     string `json:"text"`
	Heading  string `json:"heading"`  // path of headings, joined by " › "
	Location string `json:"location"` // "page 3", "sheet Prices", or ""
}

// Query is what is looked for, and by whom.
type Query struct {
	Text        string
	Collections []string // IDs; none: nothing is found
	Labels      []string // only documents with at least one of these; none: any document
	Limit       int      // most passages; 0: 8
}

// Passage is a chunk that was found, with why.
type Passage struct {
	DocumentID string  `json:"document_id"`
	Version    int     `json:"version"`
	Document   string  `json:"document"` // title
	URL        string  `json:"url,omitempty"`
	ChunkID    string  `json:"chunk_id"`
	Seq        int     `json:"seq"`
	Text       string  `json:"text"`
	Heading    string  `json:"heading,omitempty"`
	Location   string  `json:"location,omitempty"`
	Score      float64 `json:"score"`     // fused, for ranking within one result
	Words      float64 `json:"words"`     // BM25
	Meaning    float64 `json:"meaning"`   // cosine, 0 without an embedder
	Relevance  float64 `json:"relevance"` // calibrated, 0 to 1: how likely this passage bears on the question
}

// Embedder turns texts into vectors.
type Embedder interface {
	// Model names the vector space. Vectors of two models are never compared.
	Model() string
	// Embed returns one vector for each text, in order.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}
