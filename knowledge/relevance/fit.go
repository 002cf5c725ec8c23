package relevance

import (
	"math"
	"slices"
)

// Case is one question with its best passage.
type Case struct {
	Features Features
	Known    bool    // the collection has the passage that answers it
	Small    bool    // the collection is small
	Weight   float64 // how much the case counts
	Held     bool    // to be used for measuring only
}

// Where 0.5 is put: refuse this share of the known in large collections, accept
// this share of the unknown in small ones, where paraphrases are lost otherwise.
const (
	refuse = 0.03
	accept = 0.05
)

// Fit returns the coefficients for cases of one kind of script.
func Fit(cases []Case) Coefficients {
	c := Coefficients{}
	for range 30 { // Newton's method; some ten rounds suffice
		c = newton(c, cases)
	}
	// move the threshold: a line over the size of the collection
	large, small := threshold(c, cases, false), threshold(c, cases, true)
	xLarge, xSmall := middle(cases, false), middle(cases, true)
	slope := 0.0
	if xLarge > xSmall {
		slope = (large - small) / (xLarge - xSmall)
	}
	c[0] -= small - slope*xSmall
	c[1] -= slope
	return c
}

// newton makes one step towards the least loss, held near zero a little.
func newton(c Coefficients, cases []Case) Coefficients {
	const n = len(c)
	var h [n][n + 1]float64 // Hessian, and the gradient as last column
	total := 0.0
	for _, s := range cases {
		if s.Held {
			continue
		}
		x := s.Features.Vector()
		p := logistic(min(30, max(-30, x.dot(c))))
		y := 0.0
		if s.Known {
			y = 1
		}
		total += s.Weight
		for i := range n {
			h[i][n] += s.Weight * (y - p) * x[i]
			for j := range n {
				h[i][j] += s.Weight * p * (1 - p) * x[i] * x[j]
			}
		}
	}
	for i := range n {
		h[i][n] -= 1e-6 * total * c[i]
		h[i][i] += 1e-6*total + 1e-6
	}
	for i := range n { // Gauss and Jordan
		best := i
		for k := i; k < n; k++ {
			if math.Abs(h[k][i]) > math.Abs(h[best][i]) {
				best = k
			}
		}
		h[i], h[best] = h[best], h[i]
		for k := range n {
			if k == i {
				continue
			}
			f := h[k][i] / h[i][i]
			for j := i; j <= n; j++ {
				h[k][j] -= f * h[i][j]
			}
		}
	}
	for i := range n {
		c[i] += h[i][n] / h[i][i]
	}
	return c
}

// threshold is where 0.5 is to be in collections of one size.
func threshold(c Coefficients, cases []Case, small bool) float64 {
	var known, unknown []float64
	for _, s := range cases {
		if s.Held || s.Small != small {
			continue
		}
		z := s.Features.Vector().dot(c)
		if !s.Known {
			unknown = append(unknown, z)
		} else if s.Weight <= 2 { // the deliberately hard ones would set it alone
			known = append(known, z)
		}
	}
	slices.Sort(known)
	slices.Sort(unknown)
	if small {
		return min(at(unknown, 1-accept), at(known, refuse))
	}
	return at(known, refuse)
}

func at(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

func middle(cases []Case, small bool) float64 {
	sum, n := 0.0, 0.0
	for _, s := range cases {
		if s.Small == small {
			sum += scale(s.Features.Chunks)
			n++
		}
	}
	return sum / max(n, 1)
}

// Probability is Of with other coefficients, for words alone.
func Probability(f Features, c Coefficients) float64 { return logistic(f.Vector().dot(c)) }
