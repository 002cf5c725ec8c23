package tokens

// Finder looks for some words and characters in texts. It finds what Of would put
// out, at the same places, but without the work for all the rest. It keeps what
// it learnt and serves one goroutine.
type Finder struct {
	chars map[rune]int
	words map[string]int
	first map[rune]bool  // a word and its stem begin alike
	known map[string]int // words as written; -1: not looked for
}

// NewFinder looks for terms, which are the Text of tokens; pairs and wholes are
// not found.
func NewFinder(terms []string) *Finder {
	f := &Finder{chars: map[rune]int{}, words: map[string]int{}, first: map[rune]bool{}, known: map[string]int{}}
	for i, t := range terms {
		rs := []rune(t)
		switch {
		case len(rs) == 1 && dense(rs[0]):
			f.chars[rs[0]] = i
		case len(rs) > 0 && !dense(rs[0]):
			f.words[t] = i
			f.first[rs[0]] = true
		}
	}
	return f
}

// Each calls visit for each place of a term, by its index, and returns how many
// places text has.
func (f *Finder) Each(text string, visit func(term, pos int)) int {
	s := scanner{runes: []rune(Fold(text)), find: f, visit: visit}
	s.all()
	return s.pos
}

func (f *Finder) word(word []rune, number bool) int {
	if !f.first[word[0]] {
		return -1
	}
	i, ok := f.known[string(word)]
	if !ok {
		if i, ok = f.words[term(word, number)]; !ok {
			i = -1
		}
		f.known[string(word)] = i
	}
	return i
}
