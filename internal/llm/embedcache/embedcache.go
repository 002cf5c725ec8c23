// Package embedcache remembers vectors, so that a question that is asked often is not
// embedded each time. An Embedder stands in front of another one and is a
// knowledge.Embedder like it.
//
// A vector is kept under the name of its space (the model and its dimensions) and the
// hash of the text: neither stands in the cache itself, and another model never meets
// old vectors. It is stored as float32, little endian. The cache is never a reason to
// fail: what it does not have, or has in a form that cannot be right, is embedded.
//
// Calls with many texts are ingestion, which embeds each text once; they pass by, so
// that a large import does not fill the cache with what nobody asks for.
package embedcache

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/parley-im/parley/internal/cache"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

// Options say what is kept. A zero field means its default.
type Options struct {
	TTL  time.Duration // 7 days
	Most int           // texts in a call that is looked up; 4
}

// Embedder asks the cache before it asks the model.
type Embedder struct {
	model        knowledge.Embedder
	cache        cache.Cache
	opts         Options
	hits, misses atomic.Int64
}

var _ knowledge.Embedder = (*Embedder)(nil)

// New returns an Embedder that remembers in c what model says.
func New(model knowledge.Embedder, c cache.Cache, o Options) *Embedder {
	o.TTL = cmp.Or(o.TTL, 7*24*time.Hour)
	o.Most = cmp.Or(o.Most, 4)
	return &Embedder{model: model, cache: c, opts: o}
}

// Model names the vector space.
func (e *Embedder) Model() string { return e.model.Model() }

// Counts tells how many texts were found and how many were not.
func (e *Embedder) Counts() (hits, misses int64) { return e.hits.Load(), e.misses.Load() }

// Embed returns one vector for each text, in order.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if len(texts) == 0 || len(texts) > e.opts.Most {
		return e.model.Embed(ctx, texts)
	}
	keys := make([]string, len(texts))
	for i, text := range texts {
		keys[i] = e.key(text)
	}
	out := make([][]float32, len(texts))
	var asked []string
	var places []int
	for i, value := range e.cache.Get(ctx, keys...) {
		if out[i] = decode(value); out[i] == nil || len(out[i]) != len(first(out)) {
			out[i] = nil
			asked, places = append(asked, texts[i]), append(places, i)
		}
	}
	e.hits.Add(int64(len(texts) - len(asked)))
	if len(asked) == 0 {
		return out, nil
	}
	e.misses.Add(int64(len(asked)))
	vectors, err := e.model.Embed(ctx, asked)
	if err != nil {
		return nil, err
	}
	if len(vectors) != len(asked) {
		return nil, fmt.Errorf("embed: %d vectors for %d texts: %w", len(vectors), len(asked), fault.Unavailable)
	}
	if known := first(out); known != nil && len(known) != len(vectors[0]) {
		// The model has changed under its name: what is kept is of no use any more.
		asked, places = texts, nil
		for i := range texts {
			places = append(places, i)
		}
		if vectors, err = e.model.Embed(ctx, texts); err != nil {
			return nil, err
		}
		if len(vectors) != len(texts) {
			return nil, fmt.Errorf("embed: %d vectors for %d texts: %w", len(vectors), len(texts), fault.Unavailable)
		}
	}
	var entries []cache.Entry
	for n, i := range places {
		out[i] = vectors[n]
		if usable(vectors[n]) {
			entries = append(entries, cache.Entry{Key: keys[i], Value: encode(vectors[n])})
		}
	}
	e.cache.Set(ctx, e.opts.TTL, entries...)
	return out, nil
}

func (e *Embedder) key(text string) string {
	space, body := sha256.Sum256([]byte(e.model.Model())), sha256.Sum256([]byte(text))
	return "v1." + base64.RawURLEncoding.EncodeToString(space[:9]) + "." + base64.RawURLEncoding.EncodeToString(body[:])
}

// first returns the first vector that is there.
func first(vectors [][]float32) []float32 {
	for _, v := range vectors {
		if v != nil {
			return v
		}
	}
	return nil
}

func encode(v []float32) []byte {
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

// decode returns nil for what cannot be a vector.
func decode(b []byte) []float32 {
	if len(b) == 0 || len(b)%4 != 0 {
		return nil
	}
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	if !usable(v) {
		return nil
	}
	return v
}

// usable: a direction, with numbers that can be compared.
func usable(v []float32) bool {
	any := false
	for _, x := range v {
		if x != x || x > 1e30 || x < -1e30 {
			return false
		}
		any = any || x != 0
	}
	return any
}
