package xmpp

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/xmpptest"
	"github.com/parley-im/parley/internal/bench/rig"
)

var marked = regexp.MustCompile(`PX(\d{7})`)

// judge waits until the archives show an answer to everything, or nothing new, and
// fills the report with what they show.
func (w *world) judge(ctx context.Context, r *Report) error {
	ready, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := w.parley.Ready(ready); err != nil {
		return err
	}
	shown, last := -1, time.Now()
	for {
		seen, err := w.look(ctx)
		if err != nil {
			return err
		}
		n := 0
		for _, list := range seen.answers {
			for _, text := range list {
				n += len(text)
			}
		}
		rows, err := w.place.Rows(ctx)
		if err != nil {
			return err
		}
		if n != shown {
			shown, last = n, time.Now()
		}
		open := 0
		for state, count := range rows {
			if state != "done" && state != "dead" {
				open += count
			}
		}
		if open == 0 && len(seen.answers) == w.Messages && seen.half == 0 || time.Since(last) > w.Patience {
			w.count(r, seen)
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(2 * time.Second):
		}
	}
}

// seen is what all archives together show.
type seen struct {
	answers map[int][]string // texts, corrected, by message
	order   [][]int          // messages answered, by conversation
	strange []string
	half    int
}

// look reads the archives of everybody and of all rooms.
func (w *world) look(ctx context.Context) (*seen, error) {
	all := &seen{answers: map[int][]string{}}
	done := map[stanza.JID]bool{}
	for _, p := range w.people {
		if done[p.room] {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		err := p.enter(ctx)
		var posts []xmpptest.Post
		if err == nil {
			posts, err = p.there.Archive(ctx, p.room)
		}
		cancel()
		if err != nil {
			return nil, fmt.Errorf("read the archive of %s: %w", p.name, err)
		}
		if !p.room.IsZero() {
			done[p.room] = true
		}
		w.read(all, posts)
	}
	return all, nil
}

// read sorts what one archive shows.
func (w *world) read(all *seen, posts []xmpptest.Post) {
	var order []int
	for _, x := range posts {
		if x.From.Bare() != w.bot && x.From.Resource != nick {
			continue
		}
		m := marked.FindStringSubmatch(x.Text)
		if m == nil {
			all.strange = append(all.strange, x.Text)
			continue
		}
		n, _ := strconv.Atoi(m[1]) // it is seven digits
		all.answers[n] = append(all.answers[n], x.Text)
		order = append(order, n)
		if !strings.HasSuffix(strings.TrimSpace(x.Text), rig.Ending) {
			all.half++
		}
	}
	all.order = append(all.order, order)
}

func (w *world) count(r *Report, s *seen) {
	for n := range w.Messages {
		switch list := s.answers[n]; {
		case len(list) == 0:
			r.Lost++
		case len(list) > 1:
			r.Twice++
		case !strings.HasSuffix(strings.TrimSpace(list[0]), rig.Ending):
			r.Half++
		default:
			r.Answered++
		}
	}
	for _, list := range s.order {
		highest := map[int]int{} // by person
		for _, n := range list {
			who := n % w.People
			if last, ok := highest[who]; ok && n < last {
				r.Misordered++
			}
			highest[who] = max(highest[who], n)
		}
	}
	r.Strange = s.strange
}

// Report is what people saw.
type Report struct {
	Software   string         `json:"software"`
	Store      string         `json:"store"`
	Messages   int            `json:"messages"`
	People     int            `json:"people"`
	Rooms      int            `json:"rooms"`
	Rate       int            `json:"rate"`
	Seed       uint64         `json:"seed"`
	Troubles   map[string]int `json:"troubles"`
	Answered   int            `json:"answered"`
	Lost       int            `json:"lost"`
	Twice      int            `json:"answered_twice"`
	Half       int            `json:"half_written"`
	Misordered int            `json:"misordered"`
	Strange    []string       `json:"strange,omitempty"`
	Rows       map[string]int `json:"rows"`
	ModelCalls float64        `json:"model_calls_per_message"`
	Seconds    float64        `json:"seconds"`
}

// Fault says what broke the promise, or "".
func (r Report) Fault() string {
	var faults []string
	for _, f := range []struct {
		n    int
		what string
	}{{r.Lost, "lost"}, {r.Twice, "answered twice"}, {r.Half, "half-written"}, {r.Misordered, "out of order"}, {len(r.Strange), "strange posts"}} {
		if f.n > 0 {
			faults = append(faults, fmt.Sprintf("%d %s", f.n, f.what))
		}
	}
	for state, n := range r.Rows {
		if state != "done" && state != "dead" {
			faults = append(faults, fmt.Sprintf("%d rows of the ledger are %s", n, state))
		}
	}
	if r.Answered != r.Messages && len(faults) == 0 {
		faults = append(faults, fmt.Sprintf("%d of %d were answered", r.Answered, r.Messages))
	}
	return strings.Join(faults, "; ")
}

// Table is the report for people.
func (r Report) Table() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("xmpp with %s on %s, seed %d: %d messages of %d people at %d/s, half of them in %d rooms", r.Software, r.Store, r.Seed, r.Messages, r.People, r.Rate, r.Rooms)
	line("  troubles   kill -9 %d   server restarted %d   connections cut %d times   took %.0f s", r.Troubles["kill"], r.Troubles["server restart"], r.Troubles["cut"], r.Seconds)
	line("  answered %d   lost %d   twice %d   half-written %d   out of order %d", r.Answered, r.Lost, r.Twice, r.Half, r.Misordered)
	line("  ledger     %v   model calls a message %.3f", r.Rows, r.ModelCalls)
	verdict := "the promise was kept"
	if f := r.Fault(); f != "" {
		verdict = "BROKEN: " + f
	}
	line("  %s", verdict)
	return b.String()
}
