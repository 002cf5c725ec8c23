package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/parley-im/parley/knowledge"
	"github.com/parley-im/parley/knowledge/evalset"
	"github.com/parley-im/parley/knowledge/relevance"
)

// evalCalibrateCmd fits the relevance of passages: it prints the coefficients for
// knowledge/relevance and how well they do on topics that they were not fitted on.
type evalCalibrateCmd struct {
	Passages  string `help:"As for retrieval." required:"" placeholder:"FILE"`
	Questions string `help:"As for retrieval." required:"" placeholder:"FILE"`
	Samples   bool   `help:"Write the samples as JSON lines instead."`
}

// Run fits and prints.
func (c *evalCalibrateCmd) Run(a *app) error {
	passages, questions, err := readEval(evalOptions{Passages: c.Passages, Questions: c.Questions})
	if err != nil {
		return err
	}
	var samples []evalset.Sample
	err = withEvalBase(a.ctx, evalOptions{}, func(base *knowledge.Base) error {
		samples, err = evalset.Samples(a.ctx, base, passages, questions)
		return err
	})
	if err != nil {
		return err
	}
	if c.Samples {
		enc := json.NewEncoder(a.stdout)
		for _, s := range samples {
			if err := enc.Encode(s); err != nil {
				return err
			}
		}
		return nil
	}
	fitted := map[bool]relevance.Coefficients{}
	for _, dense := range []bool{true, false} {
		fitted[dense] = relevance.Fit(cases(samples, dense))
		fmt.Fprintf(a.stdout, "dense=%v Coefficients{", dense)
		for i, v := range fitted[dense] {
			fmt.Fprintf(a.stdout, "%s%.3f", strings.Repeat(", ", min(1, i)), v)
		}
		fmt.Fprintln(a.stdout, "}")
	}
	return curve(a.stdout, samples, fitted)
}

// held are the topics that are not fitted on: four in ten.
func held(s evalset.Sample) bool { return evalset.Fold(s.Topic+"/held", 10) < 4 }

func cases(samples []evalset.Sample, dense bool) []relevance.Case {
	var out []relevance.Case
	for _, s := range samples {
		if s.Features.Match.Dense != dense || s.Kind == "adversarial" {
			continue
		}
		weight := 1.0
		if s.Known { // few, and nearer to how customers ask
			weight = cmp.Or(map[string]float64{"hard-zh": 5, "hard-en": 5, "banking77": 2}[s.Set], 1)
		}
		out = append(out, relevance.Case{Features: s.Features, Known: s.Known, Small: s.Kind == "small", Weight: weight, Held: held(s)})
	}
	return out
}

// curve prints how often the known are refused and the unknown are accepted, by
// set, at several thresholds.
func curve(out io.Writer, samples []evalset.Sample, fitted map[bool]relevance.Coefficients) error {
	thresholds := []float64{0.3, 0.4, 0.5, 0.6, 0.7}
	type count struct{ n, over [5]int }
	rows := map[string]*count{}
	for _, s := range samples {
		if !held(s) {
			continue
		}
		key := fmt.Sprintf("%s\t%s\t%s", s.Kind, s.Set, map[bool]string{true: "refused", false: "accepted"}[s.Known])
		if rows[key] == nil {
			rows[key] = &count{}
		}
		p := relevance.Probability(s.Features, fitted[s.Features.Match.Dense])
		for i, t := range thresholds {
			rows[key].n[i]++
			if (p >= t) != s.Known {
				rows[key].over[i]++
			}
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "collection\tset\twrongly\tn")
	for _, t := range thresholds {
		fmt.Fprintf(w, "\t%% at %.1f", t)
	}
	fmt.Fprintln(w)
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(w, "%s\t%d", key, rows[key].n[0])
		for i := range thresholds {
			fmt.Fprintf(w, "\t%.1f", 100*float64(rows[key].over[i])/float64(rows[key].n[i]))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
