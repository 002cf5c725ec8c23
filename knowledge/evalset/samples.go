package evalset

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/relevance"
)

// Sample is the best passage for one question, and whether the question can be
// answered from what was searched.
type Sample struct {
	Set      string             `json:"set"`
	Kind     string             `json:"kind"` // half, small, adversarial
	Question string             `json:"question"`
	Topic    string             `json:"topic"` // title of the passage it was written for
	Known    bool               `json:"known"`
	Features relevance.Features `json:"features"`
}

const (
	perSet      = 800 // questions of one set that are asked of each half
	collections = 60  // small ones
	smallSize   = 12  // passages in a small one
	strangers   = 60  // questions about other things that are asked of each small one
)

// sampler collects samples.
type sampler struct {
	ctx       context.Context
	base      *knowledge.Base
	passages  []Passage
	questions []Question
	title     map[string]string // by passage
	random    *rand.Rand
	out       []Sample
}

// Samples asks questions of collections that hold the passages that answer them
// and of others that do not: the two halves of all passages, parted by title, and
// many small collections of passages in one language. Questions whose passage is
// there but not found first are left out: whether the first one bears on them
// nobody has judged. So are the questions of banking77 where their passage is
// missing, as its passages all are about the same few things.
func Samples(ctx context.Context, base *knowledge.Base, passages []Passage, questions []Question) ([]Sample, error) {
	s := &sampler{ctx: ctx, base: base, passages: passages, questions: append([]Question(nil), questions...),
		title: map[string]string{}, random: rand.New(rand.NewPCG(1, 2))}
	for _, p := range passages {
		s.title[p.ID] = p.Title
	}
	s.random.Shuffle(len(s.questions), func(i, j int) { s.questions[i], s.questions[j] = s.questions[j], s.questions[i] })
	for half := range uint32(2) {
		if err := s.half(half); err != nil {
			return nil, err
		}
	}
	for i := range collections {
		if err := s.small(i); err != nil {
			return nil, err
		}
	}
	return s.out, nil
}

// Fold tells in which of n parts a topic falls.
func Fold(topic string, n uint32) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(topic)) // never fails
	return h.Sum32() % n
}

func (s *sampler) half(half uint32) error {
	var mine []Passage
	for _, p := range s.passages {
		if Fold(p.Title, 2) == half {
			mine = append(mine, p)
		}
	}
	set, err := Fill(s.ctx, s.base, fmt.Sprintf("half %d", half), mine)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, q := range s.questions {
		if count[q.Set]++; count[q.Set] > perSet {
			continue
		}
		here := Fold(s.title[q.PassageID], 2) == half
		switch {
		case q.CanAnswer():
			err = s.ask(set, q, "half", here)
		case here:
			err = s.ask(set, q, "adversarial", false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sampler) small(i int) error {
	lang := []string{"zh", "en", "zh-Hant"}[i%3]
	var mine []Passage
	titles, ids := map[string]bool{}, map[string]bool{}
	for _, k := range s.random.Perm(len(s.passages)) {
		if p := s.passages[k]; p.Lang == lang && !titles[p.Title] && len(mine) < smallSize {
			titles[p.Title], ids[p.ID] = true, true
			mine = append(mine, p)
		}
	}
	set, err := Fill(s.ctx, s.base, fmt.Sprintf("small %d", i), mine)
	if err != nil {
		return err
	}
	others := 0
	for _, q := range s.questions {
		switch {
		case !q.CanAnswer():
		case ids[q.PassageID]:
			err = s.ask(set, q, "small", true)
		case !titles[s.title[q.PassageID]] && q.Lang == lang && others < strangers:
			others++
			err = s.ask(set, q, "small", false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sampler) ask(set *Set, q Question, kind string, here bool) error {
	if q.Set == "banking77" && !here {
		return nil
	}
	found, features, err := s.base.Examine(s.ctx, knowledge.Query{Text: q.Text, Collections: []string{set.Collection}, Limit: 1})
	if err != nil {
		return fmt.Errorf("ask %s: %w", q.ID, err)
	}
	if len(found) == 0 || here && set.documents[found[0].DocumentID] != q.PassageID {
		return nil
	}
	s.out = append(s.out, Sample{q.Set, kind, q.Text, s.title[q.PassageID], here, features[0]})
	return nil
}
