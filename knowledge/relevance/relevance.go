// Package relevance says how likely a passage bears on a question.
//
// A score of a search only ranks: the best of a hundred wrong passages has a
// score too. Of turns what is known of a passage (Features) into a probability,
// by logistic regression. The coefficients were fitted by
//
//	parley eval calibrate --passages P.jsonl --questions Q.jsonl
//
// (Fit) on questions whose passage is in the collection, and the same questions
// asked of collections without it; docs/retrieval.md has the data, the curve and
// what it misses. 0.5 is where about 3 % of the answerable questions are refused.
package relevance

import (
	"math"

	"github.com/parley-im/parley/knowledge/words"
)

// Features is what is known of a passage and a question.
type Features struct {
	Match  words.Match `json:"match"`
	BM25   float64     `json:"bm25"`   // divided by what a passage with all terms scores
	Chunks int         `json:"chunks"` // in the collections that were searched
	Lift   float64     `json:"lift"`   // cosine above that of an ordinary near chunk, as a share of what is left to 1; 0 without vectors
}

// Vector is Features as the regression sees them.
type Vector [8]float64

// Coefficients weigh a Vector.
type Coefficients = Vector

// Chinese questions, cut into characters, need other coefficients than those made
// of words.
func coefficients(dense bool) Coefficients {
	if dense {
		return Coefficients{-12.600, 2.352, 3.208, 0.555, 36.855, 5.375, -0.391, -33.453}
	}
	return Coefficients{-7.542, -2.906, 3.417, 1.413, 26.769, 5.323, -16.657, -10.990}
}

// largest is the size of the largest collections that were fitted on. What is
// larger counts as that: how it would go on nobody has measured.
const largest = 2300

// scale is the size of a collection as a feature.
func scale(chunks int) float64 { return math.Log1p(float64(min(chunks, largest))) / 10 }

// Vector returns f as the regression sees it. In a large collection more is found
// by chance, so what was found counts for less there.
func (f Features) Vector() Vector {
	n, bm25 := scale(f.Chunks), min(f.BM25, 1.5)
	asked := min(1, math.Log(float64(max(1, f.Match.Asked)))/3)
	return Vector{1, n, f.Match.Told, f.Match.Tied, bm25, asked, f.Match.Told * n, bm25 * n}
}

func (v Vector) dot(c Coefficients) float64 {
	sum := 0.0
	for i := range v {
		sum += v[i] * c[i]
	}
	return sum
}

// Meaning counts for a passage, never against it. This part is not fitted, as the
// cosines of models differ: a lift of 0.2 is taken to be usual for the nearest of
// unrelated chunks, and 0.6 is enough for a passage that shares no word.
const (
	usualLift = 0.2
	mostLift  = 0.7
	liftGain  = 15
)

// Of returns the probability.
func Of(f Features) float64 {
	z := f.Vector().dot(coefficients(f.Match.Dense))
	z += liftGain * (min(max(f.Lift, usualLift), mostLift) - usualLift)
	return logistic(z)
}

func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
