// Package evalset measures retrieval on a set of passages and questions.
//
// The passages go into a Base as documents, through its chunker and its store,
// all in one collection whatever their language (Fill). Each question is then
// asked and the place of the right passage is scored (Score); the best chunk
// counts for a passage. Files are JSON lines; unknown fields are ignored.
package evalset

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/knowledge"
)

// Passage is a text that questions are about.
type Passage struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
	Lang  string `json:"lang"`
	Set   string `json:"set"`
}

// Question is a question with its right passage.
type Question struct {
	ID         string   `json:"id"`
	Text       string   `json:"question"`
	PassageID  string   `json:"passage_id"`
	Also       []string `json:"also_relevant"` // taken out before ranks are counted
	Answerable *bool    `json:"answerable"`    // false: the passage does not answer it
	Lang       string   `json:"lang"`
	Set        string   `json:"set"`
}

// CanAnswer tells the questions that have an answer.
func (q Question) CanAnswer() bool { return q.Answerable == nil || *q.Answerable }

// Read reads JSON lines; name is for the sentence of an error.
func Read[T Passage | Question](r io.Reader, name string) ([]T, error) {
	var out []T
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, fault.Say(fault.Invalid, "bad_line", "%s: line %d is not JSON of the expected form.", name, n).Because(err)
		}
		out = append(out, v)
	}
	if err := lines.Err(); err != nil {
		return nil, fault.Say(fault.Invalid, "bad_file", "%s cannot be read to its end.", name).Because(err)
	}
	return out, nil
}

// Metrics are the scores of one set, in percent.
type Metrics struct {
	N        int     `json:"n"`
	Recall1  float64 `json:"recall@1"`
	Recall5  float64 `json:"recall@5"`
	Recall10 float64 `json:"recall@10"`
	MRR10    float64 `json:"mrr@10"`
	NDCG10   float64 `json:"ndcg@10"`
}

// add counts a question whose right passage came at rank, from 1; 0 is not found.
func (m *Metrics) add(rank int) {
	m.N++
	if rank < 1 || rank > 10 {
		return
	}
	m.Recall10++
	m.MRR10 += 1 / float64(rank)
	m.NDCG10 += 1 / math.Log2(float64(rank)+1)
	if rank <= 5 {
		m.Recall5++
	}
	if rank == 1 {
		m.Recall1++
	}
}

// percent turns sums into percent with two decimals.
func (m *Metrics) percent() {
	for _, v := range []*float64{&m.Recall1, &m.Recall5, &m.Recall10, &m.MRR10, &m.NDCG10} {
		*v = math.Round(1e4**v/float64(max(1, m.N))) / 100
	}
}

// Set is a filled collection with the questions on it.
type Set struct {
	Base       *knowledge.Base
	Collection string
	documents  map[string]string // passage by document
	known      map[string]bool   // passages
}

// Ranked is one question with the passages that were found, best first.
type Ranked struct {
	Question Question
	IDs      []string // of passages, without those of Also, each once
	Found    []knowledge.Passage
}

// Rank is the place of the right passage, from 1; 0 if it was not found.
func (r Ranked) Rank() int {
	for i, id := range r.IDs {
		if id == r.Question.PassageID {
			return i + 1
		}
	}
	return 0
}

// Ask asks one question.
func (s *Set) Ask(ctx context.Context, q Question) (Ranked, error) {
	found, err := s.Base.Retrieve(ctx, knowledge.Query{Text: q.Text, Collections: []string{s.Collection}, Limit: 25})
	if err != nil {
		return Ranked{}, fmt.Errorf("ask %s: %w", q.ID, err)
	}
	r := Ranked{Question: q, Found: found}
	seen := map[string]bool{}
	for _, id := range q.Also {
		seen[id] = true
	}
	for _, p := range found {
		id := s.documents[p.DocumentID]
		if !seen[id] {
			seen[id] = true
			r.IDs = append(r.IDs, id)
		}
	}
	return r, nil
}

// Score asks all questions that have an answer and scores them by set.
func (s *Set) Score(ctx context.Context, questions []Question) (map[string]*Metrics, error) {
	sets := map[string]*Metrics{}
	for _, q := range questions {
		if !q.CanAnswer() {
			continue
		}
		if !s.known[q.PassageID] {
			return nil, fault.Say(fault.Invalid, "unknown_passage", "Question %s is about passage %s, which is not there.", q.ID, q.PassageID)
		}
		r, err := s.Ask(ctx, q)
		if err != nil {
			return nil, err
		}
		if sets[q.Set] == nil {
			sets[q.Set] = &Metrics{}
		}
		sets[q.Set].add(r.Rank())
	}
	for _, m := range sets {
		m.percent()
	}
	return sets, nil
}
