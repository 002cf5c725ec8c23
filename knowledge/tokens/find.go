package tokens

// Finder looks for some terms in texts. It finds what Of would put out, at the same
// places, but without the work for all the rest. It keeps what it learnt and serves
// one goroutine.
type Finder struct {
	chars map[rune]char
	pairs map[[2]rune]int
	words map[string]int // words and wholes
	first map[rune]bool  // a word and its stem begin alike
	known map[string]int // words as written; -1: not looked for
}

// char is what begins with a character.
type char struct {
	term  int // -1: the character alone is not looked for
	pairs bool
}

// NewFinder looks for terms, which are the Text of tokens.
func NewFinder(terms []string) *Finder {
	f := &Finder{chars: map[rune]char{}, pairs: map[[2]rune]int{}, words: map[string]int{}, first: map[rune]bool{}, known: map[string]int{}}
	for i, t := range terms {
		rs := []rune(t)
		switch {
		case len(rs) == 0:
		case !dense(rs[0]):
			f.words[t] = i
			f.first[rs[0]] = true
		case len(rs) == 1:
			f.chars[rs[0]] = char{i, f.chars[rs[0]].pairs}
		case len(rs) == 2:
			f.pairs[[2]rune{rs[0], rs[1]}] = i
			c, ok := f.chars[rs[0]]
			if !ok {
				c.term = -1
			}
			f.chars[rs[0]] = char{c.term, true}
		}
	}
	return f
}

// Each calls visit for each place of a term, by its index, and returns how many
// places text has and how many tokens.
func (f *Finder) Each(text string, visit func(term, pos int, kind Kind)) (places, tokens int) {
	s := scanner{runes: foldRunes(text), find: f, visit: visit}
	s.all()
	return s.pos, s.count
}

// run is a stretch of a script without spaces, from the scanner's place.
func (f *Finder) run(s *scanner) {
	for joined := true; joined; s.at++ {
		r, next := s.runes[s.at], rune(0)
		if s.at+1 < len(s.runes) {
			next = s.runes[s.at+1]
		}
		joined = dense(next)
		if c, ok := f.chars[r]; ok {
			if c.term >= 0 {
				s.visit(c.term, s.pos, Char)
			}
			if c.pairs && joined {
				if i, ok := f.pairs[[2]rune{r, next}]; ok {
					s.visit(i, s.pos, Pair)
				}
			}
		}
		s.count++
		if joined {
			s.count++
		}
		s.pos++
	}
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
