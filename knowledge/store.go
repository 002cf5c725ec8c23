package knowledge

import (
	"context"
	"io"
	"time"

	"github.com/parley-im/parley/knowledge/words"
)

// Store keeps everything but the files. Every method is one transaction: it
// happens wholly or not at all, also when the process is killed. Methods that
// name something unknown return fault.NotFound.
type Store interface {
	Shelves
	Library
	Queue
	Index
}

// Shelves are the collections.
type Shelves interface {
	// AddCollection stores c, all but its counts; fault.Conflict if the name is taken.
	AddCollection(ctx context.Context, c Collection) error
	// Collections returns all, by name.
	Collections(ctx context.Context) ([]Collection, error)
	// RenameCollection changes name and note; fault.Conflict if the name is taken.
	RenameCollection(ctx context.Context, id, name, note string) (Collection, error)
	// DropCollection makes a collection and all in it invisible. Clean removes the rest.
	DropCollection(ctx context.Context, id string) error
}

// Library are the documents.
type Library interface {
	// Enqueue makes the upload the newest version of the document of its name, and asks
	// for work on it. If the newest version has the same bytes and did not fail, nothing
	// changes and changed is false. The lease of older work on the document ends.
	Enqueue(ctx context.Context, v NewVersion) (d Document, changed bool, err error)
	Document(ctx context.Context, id string) (Document, error)
	Documents(ctx context.Context, f Filter) (Page, error)
	// Chunks returns chunks of the live version behind place after, in order.
	Chunks(ctx context.Context, id string, after, limit int) ([]Chunk, error)
	// Change changes what is not nil. Another title asks for the document to be indexed anew.
	Change(ctx context.Context, id string, c Change) (Document, error)
	// File tells the key of the live version's file, or of the only one there is.
	File(ctx context.Context, id string) (key string, d Document, err error)
	// Remove removes a document: no row and no text of it is left. What is left of its
	// words in the index can no longer be found and goes with Clean.
	Remove(ctx context.Context, id string) error
}

// Queue is the work to be done on documents. A Job is guarded by its fence: once
// somebody else took, replaced, cancelled or removed the document, every write
// returns fault.Conflict.
type Queue interface {
	// Claim takes the oldest waiting work, or that of one document if id is not "". It
	// returns false if there is none. Work that was taken before and not brought to an
	// end is taken again once its lease is over; what has been taken more than most
	// times is failed with the code "crashed" instead.
	Claim(ctx context.Context, id string, lease time.Duration, most int) (Job, bool, error)
	// Renew makes the lease longer and shows how far the work is.
	Renew(ctx context.Context, j Job, s Stage, progress float64, lease time.Duration) error
	// Prepare stores chunks of the new version; nobody sees them yet. Chunks come in order.
	Prepare(ctx context.Context, j Job, p Preparation) error
	// Publish shows the prepared chunks and removes the older version in one step.
	Publish(ctx context.Context, j Job, p Publication) error
	// Fail ends the work with a reason; the live version, if any, stays. What was prepared goes.
	Fail(ctx context.Context, j Job, code, reason string) error
	// Release gives the work back untouched.
	Release(ctx context.Context, j Job) error
	// Retry asks again for work that failed or was cancelled; fault.Conflict if it did not.
	Retry(ctx context.Context, id string) error
	// Cancel ends work that waits or runs; fault.Conflict if there is none.
	Cancel(ctx context.Context, id string) error
	// Waiting reports whether Claim or ClaimVectors might find something.
	Waiting(ctx context.Context, model string) (bool, error)

	// ClaimVectors takes a live document with chunks that have no vector of the model; those
	// of other models stay. With no model it takes only what stopped in the stage Embedding.
	ClaimVectors(ctx context.Context, id, model string, lease time.Duration) (Job, bool, error)
	// Missing returns chunks of the document without a vector of the model.
	Missing(ctx context.Context, j Job, model string, limit int) ([]Indexed, error)
	// SaveVectors stores one vector for each chunk that is still there.
	SaveVectors(ctx context.Context, j Job, model string, chunks []int64, vectors [][]float32) error
	// EndVectors says that the vectors of the model are complete, or else when to try again.
	EndVectors(ctx context.Context, j Job, model string, again time.Time) error

	// Clean does a bounded piece of what can wait: folding the index, removing what is
	// left of removed documents. It returns false when there is nothing more to do.
	Clean(ctx context.Context) (more bool, err error)
	// Garbage returns keys of files that belong to no document any more.
	Garbage(ctx context.Context, limit int) (keys []string, err error)
	// Collected says that the file is gone.
	Collected(ctx context.Context, key string) error
	// Known reports whether a document has, or had until just now, this file.
	Known(ctx context.Context, key string) (bool, error)
}

// Index is what is searched.
type Index interface {
	// Search returns what may answer, all of one moment and of what the Selection allows.
	// It proposes; what is best is for the caller to say. An unknown collection is
	// fault.NotFound.
	Search(ctx context.Context, l Look) (Catch, error)
	// Spaces returns the models that have vectors, oldest first.
	Spaces(ctx context.Context) ([]Space, error)
	// Serve lets the vectors of a model answer; fault.Conflict if they are not complete.
	Serve(ctx context.Context, model string) error
	// Forget removes a model with its vectors; fault.Conflict if it serves.
	Forget(ctx context.Context, model string) error
	// Tune does work that may take minutes and makes searches faster, if there is any to
	// do. Others may use the store meanwhile.
	Tune(ctx context.Context) error
}

// Selection says what is searched.
type Selection struct {
	Collections []string
	Labels      []string // at least one of these; none: any document
}

// Look is one search.
type Look struct {
	Selection
	Terms   []string
	Weights []float64
	Words   int       // so many chunks that are best by BM25 must be found; more may be
	Model   string    // "": by words alone
	Vector  []float32 // of Model
	Near    int       // so many chunks of the largest cosine are named
	Close   int       // and so many of them found
}

// Catch is what a search found.
type Catch struct {
	Size    words.Size  // of the collections, whatever the labels
	Counts  []int       // by term: chunks of the collections that have it
	Found   []Found     // best by words, and nearest; in no order
	Near    []words.Hit // best first
	Vectors int         // of the model in the collections
}

// Found is a chunk as the index has it.
type Found struct {
	Chunk     int64
	Fields    []string // as indexed
	Cosine    float64
	HasVector bool
	Passage   Passage // without scores
}

// Space is a model with the vectors it made. Two spaces live side by side while one
// takes over from the other, and after that until the older one is forgotten.
type Space struct {
	Model      string    `json:"model"`
	Dimensions int       `json:"dimensions"`
	Vectors    int       `json:"vectors"`
	Chunks     int       `json:"chunks"`   // live ones, with or without a vector
	Complete   bool      `json:"complete"` // no live document waits for its vectors
	Served     bool      `json:"served"`   // it answers, or did before
	Serving    bool      `json:"serving"`
	Indexed    bool      `json:"indexed"` // searches are fast: it is small, or has its index
	CreatedAt  time.Time `json:"created_at"`
}

// NewVersion is an upload whose file is stored.
type NewVersion struct {
	ID         string // of the document, if it is new
	Collection string
	Name       string
	Labels     []string
	URL        string
	AddedBy    string
	File       string // key
	Hash       string
	Size       int64
}

// Filter chooses documents of a collection.
type Filter struct {
	Collection string
	Text       string // in name or title
	Stage      Stage
	Label      string
	Limit      int
	After      string // Next of the page before
}

// Page is some documents of a collection, newest first.
type Page struct {
	Documents []Document
	Next      string        // "" on the last page
	Counts    map[Stage]int // of the whole collection
}

// Change is what of a document may change without a new upload. Nil stays.
type Change struct {
	Title  *string
	Labels *[]string
	URL    *string
}

// Job is work on one version of a document.
type Job struct {
	Document Document
	File     string // key
	Fence    int64
	Title    string // given by people, "" if the file tells it
}

// Indexed is a chunk on its way into the index.
type Indexed struct {
	Chunk
	Number int64    // set by Missing
	Fields []string // title, headings, text
}

// Preparation is a batch of chunks of a new version.
type Preparation struct {
	Total    int // of the version
	Chunks   []Indexed
	Progress float64
	Lease    time.Duration
}

// Publication is what is known of the version as a whole.
type Publication struct {
	Type  string
	Title string // as indexed
	Next  Stage  // Ready or Embedding
}

// Files keeps the uploaded bytes.
type Files interface {
	// Save stores body under a new key; fault.Invalid with code "too_large" if there are
	// more than limit bytes, and then nothing is left behind.
	Save(ctx context.Context, body io.Reader, limit int64) (Stored, error)
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// Path is where the extractor reads the file: the file itself, or a copy on this
	// machine. It lies there until release is called, once.
	Path(ctx context.Context, key string) (path string, release func(), err error)
	// Remove removes the file; it is no error if it is gone.
	Remove(ctx context.Context, key string) error
	// Each calls visit for the key of every file that is older than the given age.
	Each(ctx context.Context, age time.Duration, visit func(key string) error) error
}

// Stored is a file that was saved.
type Stored struct {
	Key  string
	Hash string // sha256, hex
	Size int64
}
