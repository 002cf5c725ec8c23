package storetest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/words"
)

// Teller is what a store under test must be able to tell, beyond knowledge.Store.
type Teller interface {
	// Told returns the size of a collection and how often, by its index, each of some
	// terms is in each chunk; visible: only what a search may show.
	Told(ctx context.Context, collection string, terms []string, visible bool) (words.Size, map[string]map[int64]uint32, error)
	// Find counts the chunks, of those given, that a search could show.
	Find(ctx context.Context, collection string, chunks []int64) (int, error)
}

// terms counts the postings of terms.
func (r *rig) terms(terms ...string) (n int) {
	r.Helper()
	_, said, err := r.store.(Teller).Told(r.Context(), r.collection, terms, false)
	must(r, err)
	for _, chunks := range said {
		n += len(chunks)
	}
	return n
}

// said is how often each chunk has each term.
type said map[string]map[int64]uint32

// holds compares the whole index with what the chunks of the live documents say.
func (r *rig) holds() {
	r.Helper()
	r.compare(false)
}

// visible compares only what a search may show.
func (r *rig) visible() {
	r.Helper()
	r.compare(true)
}

func (r *rig) compare(visible bool) {
	r.Helper()
	ctx := r.Context()
	want, size := said{}, words.Size{}
	page, err := r.Documents(ctx, knowledge.Filter{Collection: r.collection, Limit: 500})
	must(r, err)
	var terms []string
	for _, d := range page.Documents {
		chunks, err := r.Chunks(ctx, d.ID, -1, 1000)
		must(r, err)
		if len(chunks) != d.Chunks {
			r.Errorf("%s has %d chunks, its row says %d", d.Name, len(chunks), d.Chunks)
		}
		size.Chunks += len(chunks)
		for _, c := range chunks {
			counts, length := words.Text{Fields: knowledge.Fields(d.Title, c.Heading, c.Text)}.Count()
			size.Length += length
			for term, n := range counts {
				if want[term] == nil {
					want[term] = map[int64]uint32{}
					terms = append(terms, term)
				}
				want[term][int64(len(want[term]))] = n // chunk numbers are the store's own
			}
		}
	}
	told, says, err := r.store.(Teller).Told(ctx, r.collection, terms, visible)
	must(r, err)
	if told != size {
		r.Errorf("the index has the size %+v, the chunks %+v", told, size)
	}
	seen := map[int64]bool{}
	for term, has := range says {
		total, sum := uint32(0), uint32(0)
		for chunk, n := range has {
			total += n
			seen[chunk] = true
		}
		for _, n := range want[term] {
			sum += n
		}
		if len(has) != len(want[term]) || total != sum {
			r.Errorf("%q is in %d chunks %d times by the index, in %d chunks %d times by the texts", term, len(has), total, len(want[term]), sum)
		}
		delete(want, term)
	}
	found, err := r.store.(Teller).Find(ctx, r.collection, slices.Collect(maps.Keys(seen)))
	must(r, err)
	if found != len(seen) || found > size.Chunks {
		r.Errorf("the index names %d chunks, %d of them are there, %d should be", len(seen), found, size.Chunks)
	}
	if len(want) > 0 {
		r.Errorf("%d terms are missing in the index", len(want))
	}
}

// largeDocument goes through the store in several batches.
func largeDocument(t *testing.T, r *rig) {
	var b strings.Builder
	for i := range 2600 {
		fmt.Fprintf(&b, "# Part %d\nThis is section number%d about %s, long enough to be a chunk of its own and not to be joined with others.\n", i, i, []string{"cats", "dogs", "猫和狗"}[i%3])
	}
	d := r.put("large.txt", b.String())
	if d.Chunks != 2600 || d.Stage != knowledge.Ready {
		t.Fatalf("large document: %+v", d)
	}
	r.put("small.txt", "Another text about cats.")
	if found := r.find("number1234"); len(found) == 0 || !strings.Contains(found[0], "number1234 ") {
		t.Errorf("number1234 finds %q", found)
	}
	// replaced by something small, its words are gone
	d = r.put("large.txt", "Only this is left.")
	if n := r.terms("dog", "number1234", "section"); d.Chunks != 1 || n != 0 {
		t.Errorf("%d chunks and %d postings are left", d.Chunks, n)
	}
	r.holds()
}

// indexHolds adds, replaces, removes and breaks off at random, and compares the
// index with the texts again and again.
func indexHolds(t *testing.T, r *rig) {
	random := rand.New(rand.NewPCG(3, 4))
	vocabulary := strings.Fields("red green blue 退货 运费 会员 积分 house garden price order 发票 保修 delivery ABC-123")
	text := func(sections int) string {
		var b strings.Builder
		for s := range sections {
			fmt.Fprintf(&b, "# section %d %s\n", s, vocabulary[random.IntN(len(vocabulary))])
			for range 60 {
				b.WriteString(vocabulary[random.IntN(len(vocabulary))] + " ")
			}
			fmt.Fprintf(&b, "unique%d.\n", random.IntN(100000))
		}
		return b.String()
	}
	live := map[string]string{} // ID by name
	for i := range 50 {
		name := fmt.Sprintf("%d.txt", random.IntN(25))
		switch random.IntN(8) {
		case 0:
			if id := live[name]; id != "" {
				must(t, r.Delete(t.Context(), id))
				delete(live, name)
			}
		case 1: // dies in the middle of its work
			d := r.add(name, text(1+random.IntN(40)))
			live[name] = d.ID
			if _, ok, err := r.store.Claim(t.Context(), d.ID, -1, 9); err != nil || !ok {
				t.Fatal(ok, err)
			}
		case 2:
			live[name] = r.put(name, "!bad").ID
		default:
			live[name] = r.put(name, text(1+random.IntN(20))).ID
		}
		if i%10 == 9 {
			r.holds()
		}
	}
	for _, id := range live {
		must(t, r.Delete(t.Context(), id))
	}
	r.holds()
	if n := r.terms("section", "退货", "退", "red"); n != 0 {
		t.Errorf("everything was removed, %d postings are left", n)
	}
	if files := r.onDisk(); len(files) != 0 {
		t.Errorf("everything was removed, %d files are left", len(files))
	}
}

// cleaning removes and replaces documents between the pieces of cleaning, through
// the store itself, so that the index is met half folded and half purged.
func cleaning(t *testing.T, r *rig) {
	random := rand.New(rand.NewPCG(5, 6))
	for i := range 24 {
		name := fmt.Sprintf("%d.txt", random.IntN(6))
		var b strings.Builder
		for range 6 {
			fmt.Fprintf(&b, "# part %d\n", random.IntN(50))
			for range 25 {
				fmt.Fprintf(&b, "word%d ", random.IntN(300))
			}
			b.WriteString("\n")
		}
		d := r.add(name, b.String())
		job, ok, err := r.store.Claim(t.Context(), d.ID, time.Minute, 3)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if i%7 == 6 {
			must(t, r.store.Remove(t.Context(), d.ID))
		} else {
			p := knowledge.Preparation{Lease: time.Minute}
			for seq, section := range strings.Split(b.String(), "# ")[1:] {
				c := knowledge.Chunk{ID: fmt.Sprint(seq), Seq: seq, Text: section}
				p.Chunks = append(p.Chunks, knowledge.Indexed{Chunk: c, Fields: knowledge.Fields(name, "", section)})
			}
			p.Total = len(p.Chunks)
			must(t, r.store.Prepare(t.Context(), job, p))
			must(t, r.store.Publish(t.Context(), job, knowledge.Publication{Type: "txt", Title: name, Next: knowledge.Ready}))
		}
		for range random.IntN(4) {
			if _, err := r.store.Clean(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if i%6 == 5 {
			r.visible()
		}
	}
	for more := true; more; {
		var err error
		more, err = r.store.Clean(t.Context())
		must(t, err)
	}
	r.holds()
}
