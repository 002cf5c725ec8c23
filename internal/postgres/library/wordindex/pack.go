package wordindex

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/parley-im/parley/knowledge/words"
)

// An element of a row is packed as the migration says. All chunks of a row lie in one
// segment of the numbers, so that rows are joined by putting one behind the other. The
// last ten bits are all that a search needs for adding up: Gains is a table by them.
const (
	SegmentBits = 16
	slotShift   = 15
	gainBits    = 10
	mostCount   = 35
)

func pack(p words.Posting) int32 {
	count := int32(min(p.Count, mostCount))
	low := min(count, 4)
	return int32(p.Chunk&(1<<SegmentBits-1))<<slotShift | (count-low)<<gainBits | (low-1)<<8 | int32(p.Length)
}

// Unpack reads an element of a row whose first chunk is given.
func Unpack(first int64, e int32) words.Posting {
	bits := uint32(e)
	return words.Posting{
		Chunk: first>>SegmentBits<<SegmentBits | int64(bits>>slotShift), Count: bits>>gainBits&31 + bits>>8&3 + 1, Length: uint8(bits),
	}
}

// Gains tells what an element adds to a chunk's score, as a share of what its term can
// add, by the last ten bits: BM25 for chunks of the given average length. Of a term that
// occurs more than four times, four count.
func Gains(average float64) []float32 {
	k1, b, _ := words.Constants()
	out := make([]float32, 1<<gainBits)
	for i := range out {
		tf, length := float64(i>>8+1), words.Length(uint8(i))
		out[i] = float32(tf / (tf + k1*(1-b+b*length/max(average, 1))))
	}
	return out
}

// insertRows and longestRow bound one statement and one row.
const (
	insertRows = 4000
	longestRow = 2000
)

const sqlAdd = `
INSERT INTO postings (collection, term, first, last, count, fresh, data)
SELECT $1, t.term, t.first, t.last, t.count, true, ($6::int[])[t.at + 1 : t.at + t.count]
FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::int[], $7::int[]) AS t (term, first, last, count, at)`

// rows are postings on their way into the table.
type rows struct {
	terms       []string
	first, last []int64
	counts, at  []int32
	data        []int32
}

// Add stores the postings of a version that goes live: parts by package words.
func (x *Index) Add(ctx context.Context, tx pgx.Tx, collection int, parts []words.Part) error {
	blocks := map[string][]words.Block{}
	for _, p := range parts {
		p.From("", func(term string, b words.Block) bool {
			blocks[term] = append(blocks[term], b)
			return true
		})
	}
	var r rows
	for _, term := range slices.Sorted(maps.Keys(blocks)) {
		from := len(r.terms)
		for _, b := range blocks[term] {
			b.Each(func(p words.Posting) { r.add(from, term, p) })
		}
		if len(r.terms) >= insertRows {
			if err := r.flush(ctx, tx, collection); err != nil {
				return err
			}
		}
	}
	return r.flush(ctx, tx, collection)
}

// add puts a posting into the last row, or a new one; rows of the term start at from.
func (r *rows) add(from int, term string, p words.Posting) {
	i := len(r.terms) - 1
	if i < from || p.Chunk>>SegmentBits != r.first[i]>>SegmentBits || r.counts[i] == longestRow {
		i++
		r.terms = append(r.terms, term)
		r.first, r.last = append(r.first, p.Chunk), append(r.last, p.Chunk)
		r.counts, r.at = append(r.counts, 0), append(r.at, int32(len(r.data)))
	}
	r.last[i] = p.Chunk
	r.counts[i]++
	r.data = append(r.data, pack(p))
}

func (r *rows) flush(ctx context.Context, tx pgx.Tx, collection int) error {
	if len(r.terms) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, sqlAdd, collection, r.terms, r.first, r.last, r.counts, r.data, r.at)
	*r = rows{}
	if err != nil {
		return fmt.Errorf("store postings: %w", err)
	}
	return nil
}
