// Package words is the arithmetic of word search: how postings are packed, how
// new ones are kept until they are folded in, and how BM25 scores them. It
// touches no disk; a store brings the bytes.
//
// A term's postings lie in Blocks of a few kilobytes (block.go), keyed by the
// first chunk they name. A fresh document version comes as Parts (part.go), small
// self-contained indexes that are written in one go and folded into the blocks
// later, many at a time. A Scorer (score.go) adds up what the blocks of each term
// give to each chunk, and hands out the best. Near (near.go) adds what BM25 does
// not see: how close together the words of the question stand in a chunk.
package words

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// Posting says that a chunk has a term Count times and is Length terms long.
type Posting struct {
	Chunk  int64
	Count  uint32 // at least 1; more than 255 is kept as 255
	Length uint8  // as Quantize gives it
}

// Block is a packed run of postings of one term, in the order of chunks.
type Block struct {
	First, Last int64 // chunks
	Count       int   // postings
	Data        []byte
}

// Quantize packs a chunk's length into a byte, about 4 % exact.
func Quantize(length int) uint8 {
	return uint8(min(255, math.Round(16*math.Log2(float64(max(length, 1))))))
}

// Length undoes Quantize.
func Length(q uint8) float64 { return math.Exp2(float64(q) / 16) }

// Append adds p behind the last posting.
func (b *Block) Append(p Posting) {
	if b.Count == 0 {
		b.First, b.Last = p.Chunk, p.Chunk
	}
	delta := uint64(p.Chunk-b.Last) << 1
	if p.Count > 1 {
		b.Data = append(binary.AppendUvarint(b.Data, delta|1), uint8(min(p.Count, 255)), p.Length)
	} else {
		b.Data = append(binary.AppendUvarint(b.Data, delta), p.Length)
	}
	b.Last = p.Chunk
	b.Count++
}

// Each calls visit for every posting. It stops at bytes that make no sense.
func (b *Block) Each(visit func(Posting)) {
	chunk, data := b.First, b.Data
	for len(data) > 1 {
		head, n := uint64(data[0]), 1
		if head >= 0x80 {
			if head, n = binary.Uvarint(data); n <= 0 {
				return
			}
		}
		chunk += int64(head >> 1)
		p := Posting{Chunk: chunk, Count: 1}
		if head&1 == 1 {
			if len(data) < n+2 {
				return
			}
			p.Count = uint32(data[n])
			n++
		} else if len(data) < n+1 {
			return
		}
		p.Length = data[n]
		data = data[n+1:]
		visit(p)
	}
}

// Without returns b less the postings of the chunks from first to last.
func (b *Block) Without(first, last int64) Block {
	var out Block
	b.Each(func(p Posting) {
		if p.Chunk < first || p.Chunk > last {
			out.Append(p)
		}
	})
	return out
}

// Sorted makes one block of several that may overlap.
func Sorted(blocks []Block) Block {
	ordered := true
	for i := 1; i < len(blocks); i++ {
		ordered = ordered && blocks[i].First > blocks[i-1].Last
	}
	var out Block
	if ordered {
		for i := range blocks {
			out.Join(&blocks[i])
		}
		return out
	}
	var all []Posting
	for i := range blocks {
		blocks[i].Each(func(p Posting) { all = append(all, p) })
	}
	slices.SortFunc(all, func(a, b Posting) int { return cmp.Compare(a.Chunk, b.Chunk) })
	for _, p := range all {
		out.Append(p)
	}
	return out
}

// Join appends all of next, which must start behind the end of b.
func (b *Block) Join(next *Block) { next.Each(b.Append) }
