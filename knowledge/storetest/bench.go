package storetest

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/disk"
	"github.com/parley-im/parley/knowledge/extract"
	"github.com/parley-im/parley/knowledge/tokens"
)

// language makes text whose words follow Zipf's law: two-character Chinese words
// and English ones.
type language struct {
	random *rand.Rand
	zipf   *rand.Zipf
	words  []string
}

func newLanguage(seed uint64) *language {
	known := rand.New(rand.NewPCG(1, 1)) // the same words whatever the seed
	chars := rand.NewZipf(known, 1.2, 40, 3499)
	var words []string
	for i := range 20000 {
		if i%4 == 3 {
			words = append(words, " "+string(rune('a'+known.IntN(26)))+fmt.Sprintf("%c%cing", 'a'+known.IntN(26), 'a'+known.IntN(26))+" ")
		} else {
			words = append(words, string(rune(0x4E00+5*chars.Uint64()))+string(rune(0x4E00+5*chars.Uint64())))
		}
	}
	return speaker(words, seed)
}

// speaker says other things in the same words.
func speaker(words []string, seed uint64) *language {
	r := rand.New(rand.NewPCG(seed, 7))
	return &language{r, rand.NewZipf(r, 1.1, 8, 19999), words}
}

func (l *language) text(words int) string {
	var b strings.Builder
	for i := range words {
		b.WriteString(l.words[l.zipf.Uint64()])
		if i%12 == 11 {
			b.WriteString("。")
		}
	}
	return b.String()
}

// author makes documents of about the given number of chunks, by their name.
type author struct {
	chunks int
	words  []string
}

func (e author) Extract(_ context.Context, name, _ string) (extract.Document, error) {
	seed := uint64(0)
	if _, err := fmt.Sscanf(name, "%d", &seed); err != nil {
		return extract.Document{}, err
	}
	l := speaker(e.words, seed)
	d := extract.Document{Type: "txt", Title: l.text(4)}
	for range e.chunks {
		d.Blocks = append(d.Blocks, extract.Block{Kind: extract.Heading, Level: 1, Text: l.text(3)}, extract.Block{Kind: extract.Paragraph, Text: l.text(130)})
	}
	return d, nil
}

// mixer is an embedder whose vectors are sums of random ones, one for each token of a
// text: neighbours are texts that share rare tokens. Vectors of a text are spread over
// all dimensions, which makes them harder to index than those of real models.
type mixer struct {
	dims  int
	known map[string][]float32
}

func (m *mixer) Model() string { return fmt.Sprintf("mixer-%d", m.dims) }

func (m *mixer) Embed(_ context.Context, texts []string) ([][]float32, error) {
	var out [][]float32
	for _, text := range texts {
		sum := make([]float32, m.dims)
		for _, t := range tokens.Query(text) {
			if t.Kind != tokens.Pair && t.Kind != tokens.Word || t.Weight < 1 {
				continue
			}
			for i, x := range m.token(t.Text) {
				sum[i] += x
			}
		}
		sum[0] += 0.01
		out = append(out, sum)
	}
	return out, nil
}

func (m *mixer) token(text string) []float32 {
	if v, ok := m.known[text]; ok {
		return v
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	r := rand.New(rand.NewPCG(h.Sum64(), 1))
	v := make([]float32, m.dims)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	if len(m.known) < 30000 {
		m.known[text] = v
	}
	return v
}

// Filled is a knowledge base to be measured. Of its chunks 90 % are in the first
// collection, 9 % in the second and 1 % in the third, and of each half are labelled
// "half", 1 % "few".
type Filled struct {
	Base        *knowledge.Base
	Collections []string
	Embedder    knowledge.Embedder // nil without vectors
	language    *language
}

// Question returns another question each time, of some 20 characters.
func (f *Filled) Question() string { return f.language.text(10) }

// Fill makes a knowledge base with so many chunks in store, with vectors unless dims is
// 0, and reports how fast that went.
func Fill(b testing.TB, store knowledge.Store, chunks, dims int) *Filled {
	b.Helper()
	files, err := disk.New(b.TempDir())
	must(b, err)
	f := &Filled{language: newLanguage(1 << 40)}
	if dims > 0 {
		f.Embedder = &mixer{dims, map[string][]float32{}}
	}
	f.Base = knowledge.New(store, files, author{10, f.language.words}, f.Embedder, slog.New(slog.DiscardHandler), knowledge.Options{EmbedBatch: 100})
	for i := range 3 {
		c, err := f.Base.CreateCollection(b.Context(), fmt.Sprint("bench ", i), "")
		must(b, err)
		f.Collections = append(f.Collections, c.ID)
	}
	start := time.Now()
	made := 0
	for i := 0; made < chunks; i++ {
		name, labels, collection := fmt.Sprintf("%d.txt", i), []string{}, f.Collections[0]
		switch {
		case i%100 == 7:
			collection = f.Collections[2]
		case i%11 == 3:
			collection = f.Collections[1]
		}
		if i%2 == 0 {
			labels = append(labels, "half")
		}
		if i%100 < 1 {
			labels = append(labels, "few")
		}
		d, _, err := f.Base.Add(b.Context(), knowledge.Upload{Collection: collection, Name: name, Labels: labels, Body: strings.NewReader(name)})
		must(b, err)
		if d, err = f.Base.Process(b.Context(), d.ID); err != nil || d.Stage != knowledge.Ready {
			b.Fatalf("document is %s %s: %v", d.Stage, d.Reason, err)
		}
		made += d.Chunks
	}
	b.Logf("%d chunks in %.1f s: %.0f chunks/s", made, time.Since(start).Seconds(), float64(made)/time.Since(start).Seconds())
	start = time.Now()
	must(b, store.Tune(b.Context()))
	b.Logf("tuned in %.1f s", time.Since(start).Seconds())
	return f
}

// Bench measures Retrieve in several scopes.
func (f *Filled) Bench(b *testing.B) {
	for _, s := range []struct {
		name string
		q    knowledge.Query
	}{
		{"all", knowledge.Query{Collections: f.Collections}},
		{"90%", knowledge.Query{Collections: f.Collections[:1]}},
		{"half", knowledge.Query{Collections: f.Collections, Labels: []string{"half"}}},
		{"9%", knowledge.Query{Collections: f.Collections[1:2]}},
		{"few", knowledge.Query{Collections: f.Collections, Labels: []string{"few"}}},
		{"1%", knowledge.Query{Collections: f.Collections[2:]}},
	} {
		b.Run(s.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				s.q.Text = f.Question()
				start := time.Now()
				if _, err := f.Base.Retrieve(b.Context(), s.q); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}
