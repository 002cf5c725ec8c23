package bot

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/tiktoken-go/tokenizer"

	"github.com/parley-im/parley/knowledge"
)

// Counter counts the tokens of a text, more or less: models differ.
type Counter func(text string) int

// Estimate counts tokens without a vocabulary, rather too many than too few.
func Estimate(text string) int {
	small, large := 0, 0
	for _, r := range text {
		if r < 0x250 {
			small++
		} else {
			large++
		}
	}
	return (small+2)/3 + large + large/4
}

// lazyTokens estimates short texts and counts long ones with the o200k vocabulary,
// which is loaded when the first long text comes: some ten megabytes that an idle
// process and a small knowledge base never need.
func lazyTokens() Counter {
	load := sync.OnceValues(func() (tokenizer.Codec, error) { return tokenizer.Get(tokenizer.O200kBase) })
	return func(text string) int {
		guess := Estimate(text)
		if guess <= longText {
			return guess
		}
		codec, err := load()
		if err != nil {
			return guess
		}
		n, err := codec.Count(text)
		if err != nil {
			return guess
		}
		return n
	}
}

// longText is the estimate from which exact counting is worth its while.
const longText = 3000

// fitTurns keeps the newest turns that have room together, whole exchanges only.
func fitTurns(turns []Turn, room int, count Counter) []Turn {
	first := len(turns)
	for i := len(turns) - 1; i >= 0; i-- {
		room -= count(turns[i].Text) + 4
		if room < 0 {
			break
		}
		if turns[i].Role == User {
			first = i
		}
	}
	return turns[first:]
}

// fitPassages drops the lowest until the rest has room. The best one always stays,
// cut if it must be.
func fitPassages(passages []knowledge.Passage, room int, count Counter) []knowledge.Passage {
	kept := []knowledge.Passage{}
	for _, p := range passages {
		need := count(p.Text) + count(p.Heading) + count(p.Document) + 8
		if need > room && len(kept) > 0 {
			break
		}
		for need > room && len(p.Text) > 400 {
			p.Text, _ = cutRunes(p.Text, len([]rune(p.Text))*3/4)
			need = count(p.Text) + count(p.Heading) + count(p.Document) + 8
		}
		room -= need
		kept = append(kept, p)
	}
	return kept
}

// distinct drops passages that mostly repeat a better one, as overlapping chunks do.
func distinct(passages []knowledge.Passage) []knowledge.Passage {
	seed := maphash.MakeSeed()
	seen := map[uint64]bool{}
	kept := []knowledge.Passage{}
	for _, p := range passages {
		grams := shingles(seed, p.Text)
		known := 0
		for _, g := range grams {
			if seen[g] {
				known++
			}
		}
		if len(grams) > 0 && known*10 >= len(grams)*8 {
			continue
		}
		for _, g := range grams {
			seen[g] = true
		}
		kept = append(kept, p)
	}
	return kept
}

func shingles(seed maphash.Seed, text string) []uint64 {
	const size = 12
	r := []rune(strings.Join(strings.Fields(text), " "))
	if len(r) == 0 {
		return nil
	}
	var out []uint64
	for i := 0; i+size < len(r); i++ {
		out = append(out, maphash.String(seed, string(r[i:i+size])))
	}
	return append(out, maphash.String(seed, string(r[max(0, len(r)-size):])))
}

// numbered writes passages as the prompt shows them, between two lines with a mark
// that nobody who wrote a document could know.
func numbered(passages []knowledge.Passage, key string) string {
	if key == "" {
		key = rand.Text()
	}
	sum := sha256.Sum256([]byte("passages " + key))
	mark := hex.EncodeToString(sum[:6])
	var b strings.Builder
	fmt.Fprintf(&b, "<<<passages %s>>>\n", mark)
	for i, p := range passages {
		fmt.Fprintf(&b, "[%d] %s", i+1, p.Document)
		for _, part := range []string{p.Heading, p.Location} {
			if part != "" {
				b.WriteString(" — " + part)
			}
		}
		b.WriteString("\n" + strings.TrimSpace(p.Text) + "\n\n")
	}
	fmt.Fprintf(&b, "<<<end of passages %s>>>", mark)
	return b.String()
}

// transcript writes turns for the rewriting prompt.
func transcript(turns []Turn) string {
	lines := slices.Collect(func(yield func(string) bool) {
		for _, t := range turns {
			text, cut := cutRunes(strings.Join(strings.Fields(t.Text), " "), 600)
			if cut {
				text += "…"
			}
			if !yield(string(t.Role) + ": " + text) {
				return
			}
		}
	})
	return strings.Join(lines, "\n")
}
