package rig

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Corpus makes documents of a made-up company, in Chinese and English by turns.
// Words come by Zipf's law, as in real text, so that common words have long
// postings and rare ones short.
type Corpus struct {
	chance  *rand.Rand
	english []string
	chinese []rune
}

// NewCorpus returns a corpus; the same seed makes the same one.
func NewCorpus(seed uint64) *Corpus {
	c := &Corpus{chance: rand.New(rand.NewPCG(seed, 3))}
	syllables := strings.Fields("ba co de fi ga ho in ka lo ma ne or pa qui re so ta un ver wi tion ment ing er al")
	for len(c.english) < 8000 {
		var word strings.Builder
		for range 1 + c.chance.IntN(4) {
			word.WriteString(syllables[c.chance.IntN(len(syllables))])
		}
		c.english = append(c.english, word.String())
	}
	for r := rune(0x4e00); r < 0x4e00+3000; r++ {
		c.chinese = append(c.chinese, r)
	}
	c.chance.Shuffle(len(c.chinese), func(i, j int) { c.chinese[i], c.chinese[j] = c.chinese[j], c.chinese[i] })
	return c
}

// rank draws a place in a list of n with a chance of about 1/place.
func (c *Corpus) rank(n int) int {
	return int(math.Exp(c.chance.Float64()*math.Log(float64(n)))) % n
}

// Sentence makes one.
func (c *Corpus) Sentence(chinese bool) string {
	var b strings.Builder
	if chinese {
		for range 12 + c.chance.IntN(20) {
			b.WriteRune(c.chinese[c.rank(len(c.chinese))])
		}
		return b.String() + "。"
	}
	for i := range 8 + c.chance.IntN(14) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(c.english[c.rank(len(c.english))])
	}
	return b.String() + ". "
}

// Question asks for a sentence as people do: a part of it.
func (c *Corpus) Question(chinese bool) string {
	if chinese {
		r := []rune(c.Sentence(true))
		return string(r[:min(len(r)-1, 12)]) + "是什么？"
	}
	words := strings.Fields(c.Sentence(false))
	return "What is " + strings.TrimRight(strings.Join(words[:min(len(words), 8)], " "), ".") + "?"
}

// Write makes files in dir that are cut into about the given number of chunks.
func (c *Corpus) Write(dir string, chunks int) (files []string, err error) {
	const perFile = 200
	for n := 0; n*perFile < chunks; n++ {
		chinese := n%2 == 0
		var b strings.Builder
		for section := range min(perFile, chunks-n*perFile) {
			fmt.Fprintf(&b, "\n## Section %d.%d\n\n", n, section)
			for b2 := b.Len(); b.Len()-b2 < 650; {
				b.WriteString(c.Sentence(chinese))
			}
			b.WriteString("\n")
		}
		file := filepath.Join(dir, fmt.Sprintf("corpus-%04d.md", n))
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			return nil, fmt.Errorf("write corpus: %w", err)
		}
		files = append(files, file)
	}
	return files, nil
}
