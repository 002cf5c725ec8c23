// Package ingest measures what becomes of documents that are uploaded while the
// server is killed (R12), or how fast they are taken when it is not.
//
// A Trial uploads documents through the API, some of them twice with another text,
// and looks at them all the time: whatever a reader sees of a document must be all
// of one version. Every section has a word of its own, so that a search proves in
// the end that the index holds what the documents do, and nothing of what they were.
// staff.go is the API as a member of staff uses it.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/internal/bench/rig"
)

// Trial is one measurement.
type Trial struct {
	Program   []string
	Database  string        // postgres:// of a server on which a database may be made; "": SQLite
	Documents int           // every second one is uploaded again with another text
	Sections  int           // of one document; about as many chunks
	Kill      time.Duration // kill -9 about this often; 0: never
	MostKills int           // then it is left in peace; 0: killed until all is ready
	Seed      uint64
	Patience  time.Duration // with nothing new for so long the run is over; 0: 2 minutes
}

// Report is what readers saw.
type Report struct {
	Store     string   `json:"store"`
	Seed      uint64   `json:"seed"`
	Documents int      `json:"documents"`
	Versions  int      `json:"versions"`
	Chunks    int      `json:"chunks"`
	Kills     int      `json:"kills"`
	Looks     int      `json:"looks"` // at a document, meanwhile
	Torn      int      `json:"torn"`  // looks that saw a part of a document, or two versions
	Unready   int      `json:"unready"`
	Wrong     int      `json:"wrong"`         // documents that do not show their newest version in the end
	Unfound   int      `json:"unfound"`       // sections that search does not find
	Stale     int      `json:"stale"`         // old text that search still finds
	Orphans   int      `json:"orphan_chunks"` // rows that belong to no live version
	Seconds   float64  `json:"seconds"`
	PerSecond float64  `json:"chunks_per_second"`
	Notes     []string `json:"notes,omitempty"`
}

// Fault says what broke the promise, or "".
func (r Report) Fault() string {
	if r.Torn+r.Unready+r.Wrong+r.Unfound+r.Stale+r.Orphans == 0 {
		return ""
	}
	return fmt.Sprintf("of %d documents %d were seen torn, %d did not become ready, %d show the wrong text; %d sections are not found, %d old ones are; %d orphan chunks; %q",
		r.Documents, r.Torn, r.Unready, r.Wrong, r.Unfound, r.Stale, r.Orphans, r.Notes)
}

// Table is the report for people.
func (r Report) Table() string {
	verdict := "the promise was kept"
	if f := r.Fault(); f != "" {
		verdict = "BROKEN: " + f
	}
	return fmt.Sprintf("ingest on %s, seed %d: %d documents, %d versions, %d chunks, %d kills, %.0f s\n"+
		"  meanwhile         %d looks at documents, %d torn\n"+
		"  in the end        unready %d   wrong %d   sections not found %d   old text found %d   orphan chunks %d\n"+
		"  speed             %.0f chunks/s\n  %s\n",
		r.Store, r.Seed, r.Documents, r.Versions, r.Chunks, r.Kills, r.Seconds, r.Looks, r.Torn,
		r.Unready, r.Wrong, r.Unfound, r.Stale, r.Orphans, r.PerSecond, verdict)
}

// orphans counts chunks that no live version has. Both databases understand it.
const orphans = `SELECT 'orphans', count(*) FROM chunks c LEFT JOIN documents d ON d.num = c.document
WHERE d.num IS NULL OR c.version <> d.live`

// run is one Trial in progress.
type run struct {
	Trial
	server *rig.Process
	staff  *staff
	words  *rig.Corpus
	texts  [][]string // by document and version, from 0
	looks  atomic.Int64

	mu    sync.Mutex
	ids   []string // of documents that were acknowledged
	torn  int
	notes []string
}

// Run uploads, kills, looks and judges.
func (t Trial) Run(ctx context.Context) (report Report, err error) {
	if t.Patience == 0 {
		t.Patience = 2 * time.Minute
	}
	report = Report{Seed: t.Seed, Documents: t.Documents}
	place, err := rig.NewPlace(ctx, t.Database)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	report.Store = place.Store()
	r := &run{Trial: t, words: rig.NewCorpus(t.Seed), ids: make([]string, t.Documents)}
	r.write()
	if r.server, err = place.Process(ctx, t.Program, 0, "log: {level: warn}\n"); err != nil {
		return report, err
	}
	if err := r.server.Start(); err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, r.server.Stop(40*time.Second)) }()
	if err := r.server.Ready(ctx); err != nil {
		return report, err
	}
	if r.staff, err = enter(ctx, r.server); err != nil {
		return report, err
	}
	began := time.Now()
	if err := r.upload(ctx); err != nil {
		return report, fmt.Errorf("%w\n%s", err, r.server.Log())
	}
	report.Seconds = time.Since(began).Seconds()
	report.Kills, report.Looks, report.Torn, report.Notes = r.server.Kills, int(r.looks.Load()), r.torn, r.notes
	for _, versions := range r.texts {
		report.Versions += len(versions)
	}
	if err := r.judge(ctx, &report); err != nil {
		return report, err
	}
	report.PerSecond = float64(report.Chunks) / report.Seconds
	rows, err := place.Counts(ctx, orphans)
	report.Orphans = rows["orphans"]
	return report, err
}

// word is what only one section of one version of one document has.
func word(document, version, section int) string {
	return fmt.Sprintf("zq%dv%ds%dx", document, version, section)
}

// write makes the texts.
func (r *run) write() {
	for d := range r.Documents {
		var versions []string
		for v := range 1 + (d+1)%2 {
			var b strings.Builder
			for s := range r.Sections {
				fmt.Fprintf(&b, "## Section %d\n\n%s ", s, word(d, v, s))
				for from := b.Len(); b.Len()-from < 600; {
					b.WriteString(r.words.Sentence(d%3 == 0))
				}
				b.WriteString("\n\n")
			}
			versions = append(versions, b.String())
		}
		r.texts = append(r.texts, versions)
	}
}

// upload uploads everything while the server is killed and readers look, and
// returns when nothing waits any more.
func (r *run) upload(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	finished := make(chan struct{})
	group.Go(func() error {
		defer close(finished)
		uploads, uploading := errgroup.WithContext(ctx)
		const at = 4
		for first := range at {
			uploads.Go(func() error {
				for d := first; d < r.Documents; d += at {
					for _, text := range r.texts[d] {
						id, err := r.staff.upload(uploading, fmt.Sprintf("document-%05d.md", d), text)
						if err != nil {
							return err
						}
						r.mu.Lock()
						r.ids[d] = id
						r.mu.Unlock()
					}
				}
				return nil
			})
		}
		if err := uploads.Wait(); err != nil {
			return err
		}
		return r.settle(ctx)
	})
	group.Go(func() error { return r.watch(ctx, finished) })
	if r.Kill > 0 {
		group.Go(func() error { return r.kill(ctx, finished) })
	}
	return group.Wait()
}

// settle waits until all is ready, or nothing moves for long.
func (r *run) settle(ctx context.Context) error {
	before, since := -1, time.Now()
	for time.Since(since) < r.Patience {
		stages, err := r.staff.stages(ctx)
		if err == nil && stages["ready"] == r.Documents {
			return nil
		}
		if err == nil && stages["ready"] != before {
			before, since = stages["ready"], time.Now()
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil // the judge says what is not
}

func (r *run) kill(ctx context.Context, finished <-chan struct{}) error {
	chance := rand.New(rand.NewPCG(r.Seed, 2))
	for n := 0; r.MostKills == 0 || n < r.MostKills; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-finished:
			return nil
		case <-time.After(r.Kill/2 + time.Duration(chance.Int64N(int64(r.Kill)))):
		}
		r.server.Kill()
		if err := r.server.Start(); err != nil {
			return err
		}
	}
	return nil
}

// watch looks at documents that are being worked on.
func (r *run) watch(ctx context.Context, finished <-chan struct{}) error {
	chance := rand.New(rand.NewPCG(r.Seed, 3))
	newest := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-finished:
			return nil
		case <-time.After(5 * time.Millisecond):
		}
		r.mu.Lock()
		for newest < r.Documents-1 && r.ids[newest] != "" {
			newest++
		}
		d := max(0, newest-chance.IntN(40))
		id := r.ids[d]
		r.mu.Unlock()
		if id == "" {
			continue
		}
		text, err := r.staff.text(ctx, id)
		if err != nil {
			continue // the server is down
		}
		r.looks.Add(1)
		if version, whole := r.whole(d, text); !whole && text != "" {
			r.mu.Lock()
			r.torn++
			r.notes = append(r.notes, fmt.Sprintf("document %d was seen in part (version %d)", d, version))
			r.mu.Unlock()
		}
	}
}

// whole tells which version a text is, and whether it is all of it and nothing else.
func (r *run) whole(d int, text string) (version int, whole bool) {
	for v := range r.texts[d] {
		all, none := true, true
		for s := range r.Sections {
			all = all && strings.Contains(text, word(d, v, s))
			for other := range r.texts[d] {
				none = none && (other == v || !strings.Contains(text, word(d, other, s)))
			}
		}
		if all && none {
			return v, true
		}
	}
	return -1, false
}

// judge looks at everything in the end. The server must be up for it.
func (r *run) judge(ctx context.Context, report *Report) error {
	ready, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := r.server.Ready(ready); err != nil {
		return err
	}
	stages, err := r.staff.stages(ctx)
	if err != nil {
		return err
	}
	report.Unready = r.Documents - stages["ready"]
	if report.Unready > 0 {
		report.Notes = append(report.Notes, fmt.Sprint(stages))
	}
	chance := rand.New(rand.NewPCG(r.Seed, 4))
	for d, id := range r.ids {
		chunks, err := r.staff.chunks(ctx, id)
		if err != nil {
			return err
		}
		report.Chunks += len(chunks)
		last := len(r.texts[d]) - 1
		if v, whole := r.whole(d, strings.Join(chunks, "\n")); !whole || v != last {
			report.Wrong++
		}
		if chance.IntN(max(1, r.Documents/200)) > 0 { // some two hundred are searched for
			continue
		}
		s := chance.IntN(r.Sections)
		for v := 0; v <= last; v++ {
			found, err := r.staff.finds(ctx, word(d, v, s))
			if err != nil {
				return err
			}
			if v == last && !found {
				report.Unfound++
			}
			if v < last && found {
				report.Stale++
			}
		}
	}
	return nil
}
