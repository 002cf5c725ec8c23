package delivery

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parley-im/parley/internal/bench/rig"
)

// Report is what people saw.
type Report struct {
	Scenario      string         `json:"scenario"`
	Store         string         `json:"store"`
	Replicas      int            `json:"replicas"`
	Profile       string         `json:"profile"`
	Seed          uint64         `json:"seed"`
	Messages      int            `json:"messages"`
	Conversations int            `json:"conversations"`
	Rate          int            `json:"rate"`            // messages a second that were offered
	ModelMS       float64        `json:"model_answer_ms"` // time that the stand-in takes for one answer
	Kills         int            `json:"kills"`
	Troubles      map[string]int `json:"troubles,omitempty"`
	Wrong         map[string]int `json:"wrong_platform_answers,omitempty"`
	WrongModel    map[string]int `json:"wrong_model_answers,omitempty"`
	Failpoint     string         `json:"failpoint,omitempty"`
	Answered      int            `json:"answered"`
	Apologies     int            `json:"apologies"`      // one short notice in place of an answer
	Denied        int            `json:"denied"`         // in the chat where the platform takes nothing
	Lost          int            `json:"lost"`           // acknowledged, never answered
	Twice         int            `json:"answered_twice"` // more than one answer for a message
	Unsure        int            `json:"unsure,omitempty"`
	Misordered    int            `json:"misordered"`   // answered before an earlier message of the conversation
	Half          int            `json:"half_written"` // not the whole answer
	Strange       []string       `json:"strange,omitempty"`
	Rows          map[string]int `json:"rows"` // of the ledger, by state
	ModelCalls    int            `json:"model_calls"`
	CallsPerOne   float64        `json:"model_calls_per_message"`
	Seconds       float64        `json:"seconds"`
	P50           float64        `json:"p50_ms"` // from the acknowledgement to the whole answer
	P95           float64        `json:"p95_ms"`
	P99           float64        `json:"p99_ms"`
	Recovery      float64        `json:"recovery_max_ms,omitempty"` // longest time from a trouble to the answer of what was asked before its end
	FirstAfter    float64        `json:"first_after_ms,omitempty"`  // longest time from the end of a trouble to the next answer
	CalmBefore    float64        `json:"calm_p95_before,omitempty"` // of the platform without faults, ms
	CalmMeanwhile float64        `json:"calm_p95_meanwhile,omitempty"`
	Soak          *rig.Use       `json:"soak,omitempty"`

	apology bool
	limits  Scenario
	timed   bool
}

// Fault says what broke the promise, or "".
func (r Report) Fault() string {
	var faults []string
	bad := func(broken bool, format string, args ...any) {
		if broken {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	ended := r.Answered + r.Denied
	if r.apology {
		ended += r.Apologies
	}
	bad(r.Lost > 0, "%d lost", r.Lost)
	bad(r.Twice > r.Unsure, "%d answered twice", r.Twice)
	bad(r.Misordered > 0, "%d out of order", r.Misordered)
	bad(r.Half > 0, "%d half-written", r.Half)
	bad(len(r.Strange) > 0, "strange: %q", r.Strange)
	bad(ended+min(r.Twice, r.Unsure) != r.Messages, "of %d messages %d ended well (%d answers, %d apologies, %d denied)", r.Messages, ended, r.Answered, r.Apologies, r.Denied)
	bad(open(r.Rows) != 0, "%d rows of the ledger are not terminal: %v", open(r.Rows), r.Rows)
	bad(len(r.Rows) == 0, "the ledger is empty")
	if s := r.Soak; s != nil {
		bad(s.GoroutinesAfter > s.GoroutinesBefore+rig.Idle, "goroutines grew from %.0f to %.0f", s.GoroutinesBefore, s.GoroutinesAfter)
		bad(s.DescriptorsAfter > s.DescriptorsBefore+rig.Idle, "descriptors grew from %.0f to %.0f", s.DescriptorsBefore, s.DescriptorsAfter)
		bad(r.timed && r.Seconds > 600 && s.MemorySlope > 1, "memory grows by %.1f MB a minute", s.MemorySlope)
	}
	if r.timed {
		l := r.limits
		bad(l.MostCalls > 0 && r.CallsPerOne > l.MostCalls, "%.3f model calls a message, %.2f are the most", r.CallsPerOne, l.MostCalls)
		bad(l.MostTakeover > 0 && r.Recovery > rig.Milliseconds(l.MostTakeover), "takeover took %.1f s, %v are the most", r.Recovery/1000, l.MostTakeover)
		bad(l.MostAdded > 0 && r.P99-r.P50 > rig.Milliseconds(l.MostAdded), "p99 is %.0f ms above the median, %v are the most", r.P99-r.P50, l.MostAdded)
	}
	return strings.Join(faults, "; ")
}

// Table is the report for people.
func (r Report) Table() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s on %s, seed %d: %d messages in %d conversations at %d/s, %d server(s), platform %s, a model that takes %.0f ms",
		r.Scenario, r.Store, r.Seed, r.Messages, r.Conversations, r.Rate, r.Replicas, r.Profile, r.ModelMS)
	if r.Failpoint != "" {
		line("  failpoint         %s", r.Failpoint)
	}
	line("  troubles          %s   kills %d   took %.0f s", counts(r.Troubles), r.Kills, r.Seconds)
	if len(r.Wrong)+len(r.WrongModel) > 0 {
		line("  wrong answers     platform: %s   model: %s", counts(r.Wrong), counts(r.WrongModel))
	}
	line("  answered %d   apologies %d   denied %d   lost %d   twice %d   out of order %d   half-written %d",
		r.Answered, r.Apologies, r.Denied, r.Lost, r.Twice, r.Misordered, r.Half)
	line("  ledger            %s   model calls a message %.3f", counts(r.Rows), r.CallsPerOne)
	line("  to the answer     p50 %.0f ms   p95 %.0f ms   p99 %.0f ms", r.P50, r.P95, r.P99)
	if r.Recovery > 0 {
		line("  after a trouble   what waited was answered within %.1f s, the next answer came within %.1f s", r.Recovery/1000, r.FirstAfter/1000)
	}
	if r.CalmMeanwhile > 0 {
		line("  other platform    p95 %.0f ms before, %.0f ms meanwhile (×%.2f)", r.CalmBefore, r.CalmMeanwhile, r.CalmMeanwhile/max(1, r.CalmBefore))
	}
	if s := r.Soak; s != nil {
		line("  before → after    memory %.0f → %.0f MB (%+.2f MB a minute)   goroutines %.0f → %.0f   descriptors %.0f → %.0f",
			s.MemoryBefore, s.MemoryAfter, s.MemorySlope, s.GoroutinesBefore, s.GoroutinesAfter, s.DescriptorsBefore, s.DescriptorsAfter)
	}
	verdict := "the promise was kept"
	if f := r.Fault(); f != "" {
		verdict = "BROKEN: " + f
	}
	line("  %s", verdict)
	return b.String()
}

func counts(m map[string]int) string {
	var list []string
	for word, n := range m {
		list = append(list, fmt.Sprintf("%s %d", word, n))
	}
	if len(list) == 0 {
		return "none"
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// open counts rows that are not terminal.
func open(rows map[string]int) (n int) {
	for state, count := range rows {
		if state != "done" && state != "dead" {
			n += count
		}
	}
	return n
}
