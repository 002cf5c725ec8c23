package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge/chunk"
	"github.com/parley-im/parley/knowledge/extract"
)

// Extractor reads the text out of a file. name is what people call it. What is
// wrong with the file is a *fault.Error of kind Invalid.
type Extractor interface {
	Extract(ctx context.Context, name, path string) (extract.Document, error)
}

// Options are the limits of a Base. A zero field means its default.
type Options struct {
	MaxUpload    int64         // bytes of one file; 100 MB
	Lease        time.Duration // how long work is kept from others without a sign of life; 30 s
	Poll         time.Duration // how often Run looks for work of other processes; 1 s
	ExtractTime  time.Duration // for reading one file; 10 min
	EmbedTime    time.Duration // for one batch of chunks; 60 s
	QueryTime    time.Duration // for the vector of a question, then words serve alone; 3 s
	Attempts     int           // crashes of one file until it is given up; 3
	Workers      int           // files worked on at once; 1
	EmbedBatch   int           // chunks in one call; 32
	Meaning      float64       // weight of meaning against words, 0 to 1; 0.25
	EmbedRetry   time.Duration // until a model that could not be reached is tried again; 30 s
	Chunks       chunk.Options // chunk.Defaults
	Former       Embedder      // the model before Embedder, see spaces.go; may be nil
	CleanAtStart time.Duration // files of no document are removed at this age; 24 h
}

func (o Options) filled() Options {
	o.MaxUpload = cmp.Or(o.MaxUpload, 100<<20)
	o.Lease = cmp.Or(o.Lease, 30*time.Second)
	o.Poll = cmp.Or(o.Poll, time.Second)
	o.ExtractTime = cmp.Or(o.ExtractTime, 10*time.Minute)
	o.EmbedTime = cmp.Or(o.EmbedTime, time.Minute)
	o.QueryTime = cmp.Or(o.QueryTime, 3*time.Second)
	o.Attempts = cmp.Or(o.Attempts, 3)
	o.Workers = cmp.Or(o.Workers, 1)
	o.EmbedBatch = cmp.Or(o.EmbedBatch, 32)
	o.Meaning = cmp.Or(o.Meaning, 0.25)
	o.EmbedRetry = cmp.Or(o.EmbedRetry, 30*time.Second)
	o.CleanAtStart = cmp.Or(o.CleanAtStart, 24*time.Hour)
	if o.Chunks == (chunk.Options{}) {
		o.Chunks = chunk.Defaults()
	}
	return o
}

// Base is the knowledge base. Several, in one process or many, may work on the
// same store and files.
type Base struct {
	store     Store
	files     Files
	extractor Extractor
	embedder  Embedder // nil: words alone
	log       *slog.Logger
	opts      Options

	wake      chan struct{}
	fallbacks atomic.Int64
	turn      atomic.Uint32 // of the models, see embedOne

	mu      sync.Mutex
	running map[string]context.CancelCauseFunc // by document

	servingModel string
	servingUntil time.Time
}

// New returns a Base. Nothing runs until Run or Process is called. embedder may
// be nil.
func New(store Store, files Files, extractor Extractor, embedder Embedder, log *slog.Logger, opts Options) *Base {
	return &Base{
		store: store, files: files, extractor: extractor, embedder: embedder, log: log, opts: opts.filled(),
		wake: make(chan struct{}, 1), running: map[string]context.CancelCauseFunc{},
	}
}

// Fallbacks counts the searches that had to do without meaning because the
// embedder failed.
func (b *Base) Fallbacks() int64 { return b.fallbacks.Load() }

// Collections returns all collections by name.
func (b *Base) Collections(ctx context.Context) ([]Collection, error) {
	return b.store.Collections(ctx)
}

// CollectionByName returns the collection called name.
func (b *Base) CollectionByName(ctx context.Context, name string) (Collection, error) {
	all, err := b.store.Collections(ctx)
	if err != nil {
		return Collection{}, err
	}
	for _, c := range all {
		if c.Name == strings.TrimSpace(name) {
			return c, nil
		}
	}
	return Collection{}, fault.Say(fault.NotFound, "unknown_collection", "There is no collection called %q.", name)
}

// CreateCollection makes an empty collection.
func (b *Base) CreateCollection(ctx context.Context, name, note string) (Collection, error) {
	name, err := collectionName(name)
	if err != nil {
		return Collection{}, err
	}
	c := Collection{ID: uuid.NewString(), Name: name, Note: note, CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
	return c, b.store.AddCollection(ctx, c)
}

// UpdateCollection changes name and note.
func (b *Base) UpdateCollection(ctx context.Context, id, name, note string) (Collection, error) {
	name, err := collectionName(name)
	if err != nil {
		return Collection{}, err
	}
	return b.store.RenameCollection(ctx, id, name, note)
}

// DeleteCollection removes a collection with everything in it.
func (b *Base) DeleteCollection(ctx context.Context, id string) error {
	if err := b.store.DropCollection(ctx, id); err != nil {
		return err
	}
	return b.clean(ctx)
}

func collectionName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", fault.Say(fault.Invalid, "name_missing", "A collection needs a name.")
	case utf8.RuneCountInString(name) > 200 || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		return "", fault.Say(fault.Invalid, "name_invalid", "The name of a collection is one line of at most 200 characters.")
	}
	return name, nil
}

// clean does all that can wait and removes the files that nobody needs.
func (b *Base) clean(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = b.store.Clean(ctx); err != nil {
			return fmt.Errorf("clean up: %w", err)
		}
	}
	keys, err := b.store.Garbage(ctx, 1000)
	if err != nil {
		return fmt.Errorf("clean up files: %w", err)
	}
	for _, key := range keys {
		if err := b.files.Remove(ctx, key); err != nil {
			return fmt.Errorf("clean up files: %w", err)
		}
		if err := b.store.Collected(ctx, key); err != nil {
			return fmt.Errorf("clean up files: %w", err)
		}
	}
	return nil
}
