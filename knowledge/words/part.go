package words

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/parley-im/parley/knowledge/tokens"
)

// Text is what is indexed of one chunk.
type Text struct {
	Chunk  int64
	Fields []string // title, headings, text
}

// Count returns the terms of t, how often each occurs, and how many there are.
func (t Text) Count() (terms map[string]uint32, length int) {
	terms = map[string]uint32{}
	for _, f := range t.Fields {
		for _, tok := range tokens.Of(f) {
			terms[tok.Text]++
			length++
		}
	}
	return terms, length
}

// restart is how many entries of a part are read one by one at most.
const restart = 32

// Pack makes a Part of texts, which must be in the order of their chunks. It
// returns the length of all texts too.
func Pack(base int64, texts []Text) (part []byte, length int) {
	index := map[string]*Block{}
	for _, t := range texts {
		counts, n := t.Count()
		length += n
		q := Quantize(n)
		for term, count := range counts {
			b := index[term]
			if b == nil {
				b = &Block{}
				index[term] = b
			}
			b.Append(Posting{t.Chunk, count, q})
		}
	}
	return encode(base, index), length
}

// encode writes the terms in byte order, each as (length of the term, term,
// postings, first chunk less base, last less first, bytes, packed postings), then
// the place of every 32nd as four bytes, then their number as four bytes.
func encode(base int64, index map[string]*Block) (part []byte) {
	var places []uint32
	for i, term := range slices.Sorted(maps.Keys(index)) {
		if i%restart == 0 {
			places = append(places, uint32(len(part)))
		}
		b := index[term]
		part = binary.AppendUvarint(part, uint64(len(term)))
		part = append(part, term...)
		part = binary.AppendUvarint(part, uint64(b.Count))
		part = binary.AppendUvarint(part, uint64(b.First-base))
		part = binary.AppendUvarint(part, uint64(b.Last-b.First))
		part = binary.AppendUvarint(part, uint64(len(b.Data)))
		part = append(part, b.Data...)
	}
	for _, p := range places {
		part = binary.LittleEndian.AppendUint32(part, p)
	}
	return binary.LittleEndian.AppendUint32(part, uint32(len(places)))
}

// Merge makes one part of several, in any order. base is the least of theirs.
func Merge(base int64, parts []Part) []byte {
	blocks := map[string][]Block{}
	for _, p := range parts {
		p.From("", func(term string, b Block) bool {
			blocks[term] = append(blocks[term], b)
			return true
		})
	}
	index := make(map[string]*Block, len(blocks))
	for term, bs := range blocks {
		b := Sorted(bs)
		index[term] = &b
	}
	return encode(base, index)
}

// Without returns p less the chunks from first to last, and how many chunks that
// took out.
func (p Part) Without(first, last int64) (data []byte, removed int) {
	index := map[string]*Block{}
	gone := map[int64]bool{}
	p.From("", func(term string, b Block) bool {
		if b.Last < first || b.First > last {
			index[term] = &b
			return true
		}
		b.Each(func(q Posting) {
			if q.Chunk >= first && q.Chunk <= last {
				gone[q.Chunk] = true
			}
		})
		if rest := b.Without(first, last); rest.Count > 0 {
			index[term] = &rest
		}
		return true
	})
	if len(gone) == 0 {
		return nil, 0
	}
	return encode(p.base, index), len(gone)
}

// Part reads what Pack made.
type Part struct {
	base    int64
	entries []byte
	places  []byte
}

// Open reads a part; it keeps data.
func Open(base int64, data []byte) Part {
	if len(data) < 4 {
		return Part{}
	}
	n := int(binary.LittleEndian.Uint32(data[len(data)-4:]))
	end := len(data) - 4 - 4*n
	if n < 0 || end < 0 {
		return Part{}
	}
	return Part{base: base, entries: data[:end], places: data[end : len(data)-4]}
}

// next reads the entry at the place and returns the place behind it, or -1.
func (p Part) next(at int) (term []byte, b Block, behind int) {
	data := p.entries[at:]
	number := func() int {
		v, n := binary.Uvarint(data)
		if n <= 0 || v > 1<<40 {
			data = nil
			return 0
		}
		data = data[n:]
		return int(v)
	}
	take := func(n int) []byte {
		if n > len(data) {
			data = nil
			return nil
		}
		t := data[:n]
		data = data[n:]
		return t
	}
	term = take(number())
	b.Count = number()
	b.First = p.base + int64(number())
	b.Last = b.First + int64(number())
	b.Data = take(number())
	if b.Data == nil {
		return nil, Block{}, -1
	}
	return term, b, len(p.entries) - len(data)
}

// Find returns the postings of term.
func (p Part) Find(term string) (Block, bool) {
	at := p.seek(term)
	for at >= 0 && at < len(p.entries) {
		var t []byte
		var b Block
		t, b, at = p.next(at)
		if string(t) == term {
			return b, true
		}
		if string(t) > term {
			break
		}
	}
	return Block{}, false
}

// seek returns the last restart place whose term is not behind the wanted one.
func (p Part) seek(term string) int {
	lo, hi := 0, len(p.places)/4
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if t, _, _ := p.next(p.place(mid)); string(t) <= term {
			lo = mid
		} else {
			hi = mid
		}
	}
	if len(p.places) == 0 {
		return 0
	}
	return p.place(lo)
}

func (p Part) place(i int) int {
	return min(len(p.entries), int(binary.LittleEndian.Uint32(p.places[4*i:])))
}

// From calls visit for each term from the given one on, until it says false.
func (p Part) From(term string, visit func(term string, b Block) bool) {
	for at := p.seek(term); at >= 0 && at < len(p.entries); {
		var t []byte
		var b Block
		t, b, at = p.next(at)
		if at >= 0 && string(t) >= term && !visit(string(t), b) {
			return
		}
	}
}
