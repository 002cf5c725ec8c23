// Package retrieval measures search over many chunks, within this process: how long
// words and meaning together take, how many of the truly nearest chunks are found
// when a filter lets only some through, and that nothing is ever found outside of
// what the asker may read.
//
// Documents and questions are made up (package rig). Vectors are too (vectors.go):
// points around some hundred centres, so the figures of recall flatter a little; the
// time of a real embedding model is not in any figure.
package retrieval

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/bench/rig"
	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/knowledge/extract"
)

// Store is an open store. Settle does what its database does by itself some time after
// an import; nil: nothing.
type Store struct {
	knowledge.Store
	Settle func(ctx context.Context) error
	Close  func() error
}

// Open opens a store in a place that was made for it.
type Open func(ctx context.Context, p *rig.Place) (Store, error)

// Trial is one measurement.
type Trial struct {
	Open      Open
	Database  string // postgres:// of a server on which a database may be made; "": SQLite
	Chunks    int
	Questions int // for each figure
	Rights    int // questions with drawn rights
	Seed      uint64
}

// Share is what was measured with a filter that lets a share of the chunks through.
type Share struct {
	Share  float64 `json:"share"`
	P50    float64 `json:"p50_ms"` // words and meaning
	P95    float64 `json:"p95_ms"`
	Recall float64 `json:"recall_at_10"` // of meaning alone, against all vectors compared
}

// Report is what was measured.
type Report struct {
	Store     string  `json:"store"`
	Chunks    int     `json:"chunks"`
	Questions int     `json:"questions"`
	PerSecond float64 `json:"ingest_chunks_per_second"` // text, words, vectors and index; without reading files in children
	Index     float64 `json:"index_seconds"`            // until words are folded and vectors indexed
	Shares    []Share `json:"shares"`
	Rights    int     `json:"questions_with_rights"`
	Leaks     int     `json:"passages_outside_rights"`
}

// Fault says what broke the promise, or "".
func (r Report) Fault() string {
	if r.Leaks > 0 {
		return fmt.Sprintf("%d passages were found that the asker may not read", r.Leaks)
	}
	return ""
}

// Table is the report for people.
func (r Report) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "retrieval on %s: %d chunks × %d, %d questions, ingested at %.0f chunks/s, indexed in %.0f s\n", r.Store, r.Chunks, dimensions, r.Questions, r.PerSecond, r.Index)
	for _, s := range r.Shares {
		fmt.Fprintf(&b, "  %6.1f %% allowed   p50 %.1f ms   p95 %.1f ms   recall@10 %.3f\n", s.Share*100, s.P50, s.P95, s.Recall)
	}
	fmt.Fprintf(&b, "  outside rights    %d of %d questions\n", r.Leaks, r.Rights)
	return b.String()
}

const perDocument = 50

// shares are how much a label lets through: every nth document has it.
func shares() []int { return []int{1, 10, 100, 1000} }

func label(every int) string { return fmt.Sprintf("every-%d", every) }

// run is a Trial in progress.
type run struct {
	Trial
	base       *knowledge.Base
	space      *space
	words      *rig.Corpus
	collection string
}

// Run fills a store and asks it.
func (t Trial) Run(ctx context.Context) (report Report, err error) {
	report = Report{Questions: t.Questions, Rights: t.Rights}
	place, err := rig.NewPlace(ctx, t.Database)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	report.Store = place.Store()
	store, err := t.Open(ctx, place)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	files, err := disk.New(filepath.Join(place.Dir, "files"))
	if err != nil {
		return report, err
	}
	r := &run{Trial: t, space: newSpace(t.Seed), words: rig.NewCorpus(t.Seed)}
	r.base = knowledge.New(store, files, reader{}, r.space, slog.New(slog.DiscardHandler), knowledge.Options{EmbedBatch: 256})
	began := time.Now()
	if report.Chunks, err = r.fill(ctx); err != nil {
		return report, err
	}
	report.PerSecond = float64(report.Chunks) / time.Since(began).Seconds()
	began = time.Now()
	if err := settle(ctx, store); err != nil {
		return report, err
	}
	report.Index = time.Since(began).Seconds()
	for _, every := range shares() {
		if t.Chunks/perDocument < every {
			continue
		}
		s, err := r.measure(ctx, every)
		if err != nil {
			return report, err
		}
		report.Shares = append(report.Shares, s)
	}
	report.Leaks, err = r.rights(ctx)
	return report, err
}

// settle does at once what the server does in the background after an import: folding
// the index of words, and building the one of vectors.
func settle(ctx context.Context, store Store) error {
	for more := true; more; {
		var err error
		if more, err = store.Clean(ctx); err != nil {
			return err
		}
	}
	if err := store.Tune(ctx); err != nil || store.Settle == nil {
		return err
	}
	return store.Settle(ctx)
}

// reader reads files in this process: they are our own.
type reader struct{}

func (reader) Extract(ctx context.Context, name, path string) (extract.Document, error) {
	return extract.File(ctx, name, path, extract.Limits{})
}

// marker names a chunk: its number stands in its text.
var marker = regexp.MustCompile(`zq(\d+)x`)

func number(text string) int {
	if m := marker.FindStringSubmatch(text); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return n
		}
	}
	return -1
}

// fill adds documents of fifty sections, each of which becomes a chunk.
func (r *run) fill(ctx context.Context) (chunks int, err error) {
	c, err := r.base.CreateCollection(ctx, "help", "")
	if err != nil {
		return 0, err
	}
	r.collection = c.ID
	for d := range r.Chunks / perDocument {
		var b strings.Builder
		for s := range perDocument {
			fmt.Fprintf(&b, "## Section %d\n\nzq%dx ", s, d*perDocument+s)
			for from := b.Len(); b.Len()-from < 600; {
				b.WriteString(r.words.Sentence(d%2 == 0))
			}
			b.WriteString("\n\n")
		}
		var labels []string
		for _, every := range shares() {
			if d%every == 0 {
				labels = append(labels, label(every))
			}
		}
		doc, _, err := r.base.Add(ctx, knowledge.Upload{Collection: c.ID, Name: fmt.Sprintf("document-%d.md", d), Labels: labels, Body: strings.NewReader(b.String())})
		if err == nil {
			doc, err = r.base.Process(ctx, doc.ID)
		}
		if err != nil {
			return 0, fmt.Errorf("add document %d: %w", d, err)
		}
		if doc.Stage != knowledge.Ready {
			return 0, fmt.Errorf("document %d is %s: %s", d, doc.Stage, doc.Reason)
		}
		chunks += doc.Chunks
	}
	return chunks, nil
}

// measure asks with a label that every nth document has.
func (r *run) measure(ctx context.Context, every int) (Share, error) {
	s := Share{Share: 1 / float64(every)}
	chance := rand.New(rand.NewPCG(r.Seed, uint64(every)))
	var took []time.Duration
	for n := range r.Questions + 5 {
		q := knowledge.Query{Text: r.words.Question(n%2 == 0), Collections: []string{r.collection}, Labels: []string{label(every)}, Limit: 8}
		began := time.Now()
		if _, err := r.base.Retrieve(ctx, q); err != nil {
			return s, err
		}
		if n >= 5 { // the first ones warm the caches
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	s.P50, s.P95 = rig.Milliseconds(rig.Percentile(took, 50)), rig.Milliseconds(rig.Percentile(took, 95))
	found, wanted := 0, 0
	for range min(r.Questions, 100) {
		// a word that is nowhere: only meaning finds anything
		text := fmt.Sprintf("qqzzy%d", chance.Uint64())
		exact := r.space.nearest(r.space.ask(text, chance), 10, func(n int) bool { return n/perDocument%every == 0 })
		passages, err := r.base.Retrieve(ctx, knowledge.Query{Text: text, Collections: []string{r.collection}, Labels: []string{label(every)}, Limit: 10})
		if err != nil {
			return s, err
		}
		wanted += len(exact)
		for _, p := range passages {
			if slices.Contains(exact, number(p.Text)) {
				found++
			}
		}
	}
	s.Recall = float64(found) / float64(max(1, wanted))
	return s, nil
}

// rights asks with drawn rights and counts what must not have been found.
func (r *run) rights(ctx context.Context) (leaks int, err error) {
	chance := rand.New(rand.NewPCG(r.Seed, 9))
	stranger, err := r.base.CreateCollection(ctx, "empty", "")
	if err != nil {
		return 0, err
	}
	for n := range r.Rights {
		every := shares()[chance.IntN(len(shares()))]
		q := knowledge.Query{Text: r.words.Question(n%2 == 0), Collections: []string{r.collection}, Labels: []string{label(every)}}
		nothing := chance.IntN(4) == 0
		if nothing {
			q.Collections = []string{stranger.ID}
		}
		passages, err := r.base.Retrieve(ctx, q)
		if err != nil {
			return leaks, err
		}
		for _, p := range passages {
			if nothing || number(p.Text)/perDocument%every != 0 {
				leaks++
			}
		}
	}
	return leaks, nil
}
