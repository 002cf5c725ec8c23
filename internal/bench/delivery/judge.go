package delivery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-im/parley/internal/bench/im"
	"github.com/parley-im/parley/internal/bench/rig"
)

// shown is one post as people see it in the end.
type shown struct {
	message     int
	part        int
	text        string
	final       bool
	notice      bool
	wholeAt     time.Time
	answersWhat string // as the post names it
}

// number finds the message that a post answers, -1 if there is none.
func (w *world) number(inReplyTo string, ids map[string]int) int {
	if n, ok := ids[inReplyTo]; ok {
		return n
	}
	return -1
}

func (w *world) ids() map[string]int {
	ids := map[string]int{}
	for n := range w.Messages {
		ids[fmt.Sprint(n)] = n
		ids[w.id(n).String()] = n
	}
	return ids
}

// wait returns when every message has its whole answer, or when nothing came for long.
func (w *world) wait(ctx context.Context) error {
	ids := w.ids()
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
		ended, last := map[int]bool{}, began
		for _, platform := range []*im.Platform{w.im, w.calm} {
			posts, _ := platform.Seen()
			for _, p := range posts {
				if p.Final && (p.Notice || strings.Contains(p.Text, rig.Ending)) {
					ended[w.number(p.InReplyTo, ids)] = true
				}
				last = later(last, p.At, p.FinalAt)
			}
		}
		for _, p := range w.people {
			if v, ok := p.(*visitor); ok {
				for id := range v.v.Whole() {
					ended[w.number(id, ids)] = true
				}
				seen, _ := v.v.Seen()
				last = later(last, seen)
			}
		}
		missing := 0
		for n := range w.Messages {
			if !ended[n] && !w.forbidden(n) {
				missing++
			}
		}
		if missing == 0 || time.Since(later(last, w.lastAck())) > w.Patience {
			return nil
		}
	}
}

// settle returns when no row of the ledger is open, or after Patience. An answer
// may be seen whose server was killed before it wrote so; another one does, later.
func (w *world) settle(ctx context.Context) error {
	began := time.Now()
	for {
		rows, err := w.place.Rows(ctx)
		if err != nil || open(rows) == 0 || time.Since(began) > w.Patience {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func later(times ...time.Time) (last time.Time) {
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

func (w *world) lastAck() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return later(w.acked...)
}

// forbidden tells the messages of the chat in which nothing can be posted.
func (w *world) forbidden(n int) bool { return w.Scenario.Denied && n%w.Conversations == 0 }

// judge fills the report with what people see. The servers still run.
func (w *world) judge(ctx context.Context, r *Report) error {
	ready, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, s := range w.cluster.Servers {
		if err := s.Ready(ready); err != nil {
			return err
		}
	}
	conversations, err := w.look(ctx, r)
	if err != nil {
		return err
	}
	whole := make([]time.Time, w.Messages)
	for c, posts := range conversations {
		w.count(r, c, posts, whole)
	}
	for _, m := range w.models {
		r.ModelCalls += m.Calls()
		for way, n := range m.Wrong() {
			if r.WrongModel == nil {
				r.WrongModel = map[string]int{}
			}
			r.WrongModel[way] += n
		}
	}
	r.CallsPerOne = float64(r.ModelCalls) / float64(max(1, w.Messages))
	r.Wrong = w.im.Wrong()
	r.ModelMS = w.modelTime()
	w.time(r, whole)
	return nil
}

// modelTime is about how long the stand-in takes for one answer, in ms.
func (w *world) modelTime() float64 {
	t := rig.Milliseconds(w.Model.First)
	if w.Model.Pace > 0 {
		t += float64(len([]rune(w.text(0)+rig.Ending))/4) / w.Model.Pace * 1000
	}
	return t
}

// look returns what is shown in each conversation, in order.
func (w *world) look(ctx context.Context, r *Report) ([][]shown, error) {
	ids := w.ids()
	all := make([][]shown, w.Conversations)
	for _, platform := range []*im.Platform{w.im, w.calm} {
		posts, strange := platform.Seen()
		r.Strange = append(r.Strange, strange...)
		for _, p := range posts {
			var c int
			if _, err := fmt.Sscanf(p.Chat, "c%d", &c); err != nil || c < 0 || c >= w.Conversations {
				r.Strange = append(r.Strange, fmt.Sprintf("a post in chat %q", p.Chat))
				continue
			}
			all[c] = append(all[c], shown{w.number(p.InReplyTo, ids), p.Part(), p.Text, p.Final, p.Notice, p.FinalAt, p.InReplyTo})
		}
	}
	for c, p := range w.people {
		v, ok := p.(*visitor)
		if !ok {
			continue
		}
		_, strange := v.v.Seen()
		r.Strange = append(r.Strange, strange...)
		history, err := v.v.Look(ctx, w.cluster.Servers[0].Listen)
		if err != nil {
			return nil, err
		}
		whole := v.v.Whole()
		for _, e := range history {
			if e.Type == "post" {
				_, number, _ := strings.Cut(e.ID, "/")
				all[c] = append(all[c], shown{w.number(e.InReplyTo, ids), im.Post{Key: "/" + number}.Part(), e.Text, e.Final, e.Notice, whole[e.InReplyTo], e.InReplyTo})
			}
		}
	}
	return all, nil
}

// count judges one conversation.
func (w *world) count(r *Report, c int, posts []shown, whole []time.Time) {
	answers := map[int][]shown{}
	highest := -1
	for _, p := range posts {
		if p.message < 0 || p.message%w.Conversations != c {
			r.Strange = append(r.Strange, fmt.Sprintf("in chat %d a post answers %q", c, p.answersWhat))
			continue
		}
		if p.message < highest {
			r.Misordered++
		}
		highest = max(highest, p.message)
		answers[p.message] = append(answers[p.message], p)
	}
	for n := c; n < w.Messages; n += w.Conversations {
		parts := answers[n]
		if w.forbidden(n) && len(parts) == 0 {
			r.Denied++
			continue
		}
		w.answer(r, n, parts)
		for _, p := range parts {
			whole[n] = later(whole[n], p.wholeAt)
		}
	}
}

// answer judges what answers one message.
func (w *world) answer(r *Report, n int, parts []shown) {
	places := map[int]int{}
	final, notice := true, false
	var text strings.Builder
	slices.SortStableFunc(parts, func(a, b shown) int { return a.part - b.part })
	twice := false
	for _, p := range parts {
		places[p.part]++
		twice = twice || places[p.part] > 1
		final, notice = final && p.final, notice || p.notice
		text.WriteString(p.text)
	}
	switch {
	case len(parts) == 0:
		r.Lost++
	case twice:
		r.Twice++
		if w.Profile.Forgetful {
			r.Unsure = r.Kills + 1 // at most one for each death in just that moment
		}
	case notice && len(parts) == 1 && final:
		r.Apologies++
	case notice || !final || !strings.HasSuffix(squeeze(text.String()), squeeze(w.text(n)+rig.Ending)):
		r.Half++
	default:
		r.Answered++
	}
}

// squeeze leaves out what splitting may change.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// time fills in how long things took.
func (w *world) time(r *Report, whole []time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var took, before, meanwhile []time.Duration
	start := time.Time{}
	for _, t := range w.troubles {
		if t.what == "platform faults" {
			start = t.from
		}
	}
	for n, at := range whole {
		if at.IsZero() || w.acked[n].IsZero() {
			continue
		}
		d := max(0, at.Sub(w.acked[n])) // an answer may be faster than its acknowledgement
		took = append(took, d)
		if !start.IsZero() && w.Scenario.Channels[n%w.Conversations%len(w.Scenario.Channels)] == "calm" {
			if w.acked[n].Before(start) {
				before = append(before, d)
			} else {
				meanwhile = append(meanwhile, d)
			}
		}
	}
	for _, list := range [][]time.Duration{took, before, meanwhile} {
		slices.Sort(list)
	}
	r.P50, r.P95, r.P99 = rig.Milliseconds(rig.Percentile(took, 50)), rig.Milliseconds(rig.Percentile(took, 95)), rig.Milliseconds(rig.Percentile(took, 99))
	r.CalmBefore, r.CalmMeanwhile = rig.Milliseconds(rig.Percentile(before, 95)), rig.Milliseconds(rig.Percentile(meanwhile, 95))
	ends := slices.Clone(whole)
	slices.SortFunc(ends, time.Time.Compare)
	for _, t := range w.troubles {
		if r.Troubles == nil {
			r.Troubles = map[string]int{}
		}
		r.Troubles[t.what]++
		for n, at := range whole {
			if acked := w.acked[n]; !acked.IsZero() && acked.Before(t.until) && at.After(t.from) {
				r.Recovery = max(r.Recovery, rig.Milliseconds(at.Sub(later(acked, t.from))))
			}
		}
		if i, _ := slices.BinarySearchFunc(ends, t.until, time.Time.Compare); i < len(ends) {
			r.FirstAfter = max(r.FirstAfter, rig.Milliseconds(ends[i].Sub(t.until)))
		}
	}
}
