// Package storetest is the suite that every reader of activity runs: it fills a
// ledger and a memory, as the gateway and the bot do, and looks at what staff see.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/activity"
	"github.com/parley-im/parley/internal/fault"
)

// Reader is what is tested.
type Reader interface {
	Conversations(ctx context.Context, f activity.Filter) (page []activity.Conversation, next string, err error)
	Conversation(ctx context.Context, id string) (activity.Conversation, []activity.ConversationTurn, error)
	Overview(ctx context.Context, days int) (total activity.Figures, out []activity.Day, err error)
}

// House is a new installation: one database, seen by those who write and who read.
type House struct {
	Ledger gateway.Ledger
	Memory bot.Memory
	Reader Reader
}

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T) House) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, h *house)
	}{
		{"Conversations", conversations},
		{"PageByPage", pageByPage},
		{"Conversation", conversation},
		{"TalkAmongPeople", talkAmongPeople},
		{"Overview", overview},
		{"Empty", empty},
		{"ReadWhilePeopleTalk", readWhilePeopleTalk},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, &house{T: t, House: open(t)}) })
	}
}

// house is an installation in which people talk.
type house struct {
	*testing.T
	House
	n int
}

func (h *house) say(chat, text string) gateway.Message {
	h.Helper()
	h.n++
	m := gateway.Message{
		ID: fmt.Sprint("m", h.n), Conversation: gateway.Conversation{Channel: "shop", Chat: chat},
		Sender: gateway.Person{ID: "p-" + chat, Name: "Li " + chat}, Text: text, Direct: true, SentAt: time.Now(),
	}
	if _, err := h.Ledger.Receive(h.Context(), m); err != nil {
		h.Fatal(err)
	}
	return m
}

// answer ends the turn that waits longest. A nil receipt: the bot was not addressed.
func (h *house) answer(text string, r *bot.Receipt, end gateway.Outcome) *gateway.Turn {
	h.Helper()
	ctx := h.Context()
	turn, err := h.Ledger.Take(ctx, gateway.TakeOptions{Owner: "w", Now: time.Now(), Lease: time.Minute})
	if err != nil || turn == nil {
		h.Fatalf("Take: %v, %v", turn, err)
	}
	if r != nil {
		r.ReplyKey, r.Channel, r.Question, r.Answer, r.At = turn.ReplyKey, "shop", turn.Messages[0].Text, text, time.Now()
		h.must(h.Memory.Remember(ctx, "s", *r))
	}
	if text != "" {
		h.must(h.Ledger.Settle(ctx, turn, gateway.Answer{Text: text}))
		h.must(h.Ledger.Intend(ctx, turn, gateway.Post{Part: 0, Key: turn.ReplyKey + "/0", ID: "post-" + turn.ReplyKey, Done: true}))
	}
	h.must(h.Ledger.Finish(ctx, turn, end))
	return turn
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) rate(turn *gateway.Turn, value int, reason string) {
	h.Helper()
	h.must(h.Ledger.Rate(h.Context(), gateway.Rating{
		Conversation: turn.Conversation, Post: "post-" + turn.ReplyKey, Person: turn.Messages[0].Sender, Value: value, Reason: reason,
	}))
}

var ended = gateway.Outcome{State: gateway.Done, Reason: "answered"}

// busy fills an installation with one of each.
func (h *house) busy() {
	h.say("a", "When is 100% of my order here?")
	h.rate(h.answer("In two days [1]", &bot.Receipt{Known: true, Confidence: 0.9, Mode: bot.ByModel, Model: "m", Prompt: "answer-en", Usage: bot.Usage{Input: 10, Output: 5}}, ended), 1, "")
	h.say("b", "退货 policy?")
	h.rate(h.answer("I do not know", &bot.Receipt{Mode: bot.ByModel, Usage: bot.Usage{Input: 7, Output: 2}}, ended), -1, "useless")
	h.say("c", "/help")
	h.answer("Ask me", &bot.Receipt{Command: "/help"}, ended)
	h.say("d", "talk among people")
	h.answer("", nil, gateway.Outcome{State: gateway.Done, Reason: "not addressed"})
	h.say("e", "Is it broken?")
	h.answer("", &bot.Receipt{Error: "unavailable"}, gateway.Outcome{State: gateway.Dead, Reason: "the model did not answer"})
	h.say("f", "Still \"so\"\nit <is>")
}

func conversations(t *testing.T, h *house) {
	h.busy()
	yes, no := true, false
	tests := []struct {
		name   string
		filter activity.Filter
		want   string // chats
	}{
		{"all", activity.Filter{}, "fedcba"},
		{"text of a question", activity.Filter{Text: "退货"}, "b"},
		{"text of an answer", activity.Filter{Text: "do not know"}, "b"},
		{"a percent sign is a percent sign", activity.Filter{Text: "100%"}, "a"},
		{"an underscore matches nothing else", activity.Filter{Text: "_"}, ""},
		{"quotes and breaks as JSON writes them", activity.Filter{Text: "\"so\"\nit <is>"}, "f"},
		{"case of ASCII does not matter", activity.Filter{Text: "DO NOT KNOW"}, "b"},
		{"a NUL finds nothing", activity.Filter{Text: "a\x00"}, ""},
		{"a quote is no SQL", activity.Filter{Text: "' OR 1=1 --"}, ""},
		{"known", activity.Filter{Known: &yes}, "a"},
		{"not known; a failure is not that", activity.Filter{Known: &no}, "b"},
		{"thumb up", activity.Filter{Rating: "up"}, "a"},
		{"thumb down", activity.Filter{Rating: "down"}, "b"},
		{"channel", activity.Filter{Channel: "shop"}, "fedcba"},
		{"other channel", activity.Filter{Channel: "x"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			page, next, err := h.Reader.Conversations(t.Context(), test.filter)
			if err != nil || next != "" {
				t.Fatalf("next %q, error %v", next, err)
			}
			got := ""
			for _, c := range page {
				got += c.Chat
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func pageByPage(t *testing.T, h *house) {
	h.busy()
	got, before := "", ""
	for range 10 {
		page, next, err := h.Reader.Conversations(t.Context(), activity.Filter{Limit: 2, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			got += c.Chat
		}
		if before = next; next == "" {
			break
		}
	}
	if got != "fedcba" {
		t.Errorf("got %q, want each conversation once", got)
	}
	for _, bad := range []string{"x", "1", "1-", "1-2-3", "9999999999999999999999-1"} {
		_, _, err := h.Reader.Conversations(t.Context(), activity.Filter{Before: bad})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("before=%q: got %v, want fault.Invalid", bad, err)
		}
	}
}

func conversation(t *testing.T, h *house) {
	h.busy()
	r := h.Reader
	h.say("b", "and\nmore")
	page, _, err := r.Conversations(t.Context(), activity.Filter{Text: "退货"})
	if err != nil {
		t.Fatal(err)
	}
	c, turns, err := r.Conversation(t.Context(), page[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if c.Title != "and more" || c.Person != "Li b" || c.Down != 1 || c.Unknown != 1 || c.Turns != 1 {
		t.Errorf("got %+v", c)
	}
	if len(turns) != 2 || turns[1].State != "received" || turns[1].Messages[0].Text != "and\nmore" {
		t.Fatalf("got turns %+v", turns)
	}
	got := turns[0]
	if got.State != "done" || got.Answer.Text != "I do not know" || got.FirstTextMS == nil || got.TookMS == nil {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(&activity.Thumb{Value: -1, Reason: "useless"}, got.Rating); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&activity.Stamp{Mode: "model", Usage: activity.Usage{Input: 7, Output: 2}}, got.Receipt); diff != "" {
		t.Error(diff)
	}
	for _, id := range []string{"9999", "x", "-1", ""} {
		if _, _, err := r.Conversation(t.Context(), id); !errors.Is(err, fault.NotFound) {
			t.Errorf("conversation %q: got %v, want fault.NotFound", id, err)
		}
	}
}

// talkAmongPeople shows what was never a turn, where it was said.
func talkAmongPeople(t *testing.T, h *house) {
	aside := func(text string) {
		h.n++
		_, err := h.Ledger.Receive(t.Context(), gateway.Message{ID: fmt.Sprint("m", h.n), Conversation: gateway.Conversation{Channel: "shop", Chat: "a"},
			Sender: gateway.Person{ID: "q"}, Text: text, Aside: true, SentAt: time.Now()})
		h.must(err)
	}
	aside("lunch?")
	h.say("a", "What is 1 + 1?")
	h.answer("2", &bot.Receipt{Known: true}, ended)
	aside("at noon")
	page, _, err := h.Reader.Conversations(t.Context(), activity.Filter{})
	h.must(err)
	_, turns, err := h.Reader.Conversation(t.Context(), page[0].ID)
	h.must(err)
	var got []string
	for _, turn := range turns {
		got = append(got, fmt.Sprint(turn.Messages[0].Text, ": ", turn.State, ", ", turn.Reason))
	}
	want := []string{"lunch?: done, not addressed", "What is 1 + 1?: done, answered", "at noon: done, not addressed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func overview(t *testing.T, h *house) {
	h.busy()
	totals, days, err := h.Reader.Overview(context.Background(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if totals.P50MS <= 0 || totals.P95MS < totals.P50MS {
		t.Errorf("got p50 %v, p95 %v", totals.P50MS, totals.P95MS)
	}
	totals.P50MS, totals.P95MS = 0, 0
	want := activity.Figures{Questions: 3, Answered: 2, Unknown: 1, Up: 1, Down: 1, Dead: 1, InputTokens: 17, OutputTokens: 7}
	if diff := cmp.Diff(want, totals); diff != "" {
		t.Error(diff)
	}
	if len(days) != 3 || days[2].Day != time.Now().UTC().Format(time.DateOnly) || days[2].Questions != 3 || days[0].Questions != 0 {
		t.Errorf("got days %+v", days)
	}
}

func empty(t *testing.T, h *house) {
	page, next, err := h.Reader.Conversations(t.Context(), activity.Filter{})
	if len(page) != 0 || next != "" || err != nil {
		t.Errorf("conversations %v, %q, %v", page, next, err)
	}
	totals, days, err := h.Reader.Overview(t.Context(), 2)
	if totals != (activity.Figures{}) || len(days) != 2 || err != nil {
		t.Errorf("figures %+v, %d days, %v", totals, len(days), err)
	}
}

// readWhilePeopleTalk: what is read is of one moment: a turn never comes without
// its message, nor an answer without its turn.
func readWhilePeopleTalk(t *testing.T, h *house) {
	h.say("a", "first")
	page, _, err := h.Reader.Conversations(t.Context(), activity.Filter{})
	if err != nil || len(page) != 1 {
		t.Fatalf("%v, %v", page, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 30 {
			c, turns, err := h.Reader.Conversation(t.Context(), page[0].ID)
			if err != nil {
				t.Error(err)
				return
			}
			n := 0
			for _, turn := range turns {
				if len(turn.Messages) == 0 {
					t.Errorf("turn %s in state %s without a message", turn.ID, turn.State)
				}
				if turn.State != "received" {
					n++
				}
			}
			if n != c.Turns {
				t.Errorf("the list says %d turns, %d were shown", c.Turns, n)
			}
		}
	}()
	for i := range 10 {
		h.answer(fmt.Sprint("answer ", i), &bot.Receipt{Known: true, Mode: bot.ByModel}, ended)
		h.say("a", fmt.Sprint("question ", i))
	}
	<-done
}
