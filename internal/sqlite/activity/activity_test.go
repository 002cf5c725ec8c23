package activity_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
	about "github.com/parley-im/parley/internal/activity"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/activity"
	"github.com/parley-im/parley/internal/sqlite/messages"
	"github.com/parley-im/parley/internal/sqlite/receipts"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
)

// house is an installation in which people talk.
type house struct {
	t        *testing.T
	db       *sqlite.DB
	ledger   *messages.Ledger
	receipts *receipts.Store
	n        int
}

func open(t *testing.T) *house {
	db := sqlitetest.Open(t)
	return &house{t: t, db: db, ledger: messages.New(db), receipts: receipts.New(db, 0)}
}

func (h *house) say(chat, text string) gateway.Message {
	h.t.Helper()
	h.n++
	m := gateway.Message{
		ID: fmt.Sprint("m", h.n), Conversation: gateway.Conversation{Channel: "shop", Chat: chat},
		Sender: gateway.Person{ID: "p-" + chat, Name: "Li " + chat}, Text: text, Direct: true, SentAt: time.Now(),
	}
	if _, err := h.ledger.Receive(h.t.Context(), m); err != nil {
		h.t.Fatal(err)
	}
	return m
}

// answer ends the turn that waits longest. A nil receipt: the bot was not addressed.
func (h *house) answer(text string, r *bot.Receipt, end gateway.Outcome) *gateway.Turn {
	h.t.Helper()
	ctx := h.t.Context()
	turn, err := h.ledger.Take(ctx, gateway.TakeOptions{Owner: "w", Now: time.Now(), Lease: time.Minute})
	if err != nil || turn == nil {
		h.t.Fatalf("Take: %v, %v", turn, err)
	}
	if r != nil {
		r.ReplyKey, r.Channel, r.Question, r.Answer, r.At = turn.ReplyKey, "shop", turn.Messages[0].Text, text, time.Now()
		h.must(h.receipts.Remember(ctx, "s", *r))
	}
	if text != "" {
		h.must(h.ledger.Settle(ctx, turn, gateway.Answer{Text: text}))
		h.must(h.ledger.Intend(ctx, turn, gateway.Post{Part: 0, Key: turn.ReplyKey + "/0", ID: "post-" + turn.ReplyKey, Done: true}))
	}
	h.must(h.ledger.Finish(ctx, turn, end))
	return turn
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) rate(turn *gateway.Turn, value int, reason string) {
	h.t.Helper()
	h.must(h.ledger.Rate(h.t.Context(), gateway.Rating{
		Conversation: turn.Conversation, Post: "post-" + turn.ReplyKey, Person: turn.Messages[0].Sender, Value: value, Reason: reason,
	}))
}

var done = gateway.Outcome{State: gateway.Done, Reason: "answered"}

// busy fills an installation with one of each.
func busy(t *testing.T) *house {
	h := open(t)
	h.say("a", "When is 100% of my order here?")
	h.rate(h.answer("In two days [1]", &bot.Receipt{Known: true, Confidence: 0.9, Mode: bot.ByModel, Model: "m", Prompt: "answer-en", Usage: bot.Usage{Input: 10, Output: 5}}, done), 1, "")
	h.say("b", "退货 policy?")
	h.rate(h.answer("I do not know", &bot.Receipt{Mode: bot.ByModel, Usage: bot.Usage{Input: 7, Output: 2}}, done), -1, "useless")
	h.say("c", "/help")
	h.answer("Ask me", &bot.Receipt{Command: "/help"}, done)
	h.say("d", "talk among people")
	h.answer("", nil, gateway.Outcome{State: gateway.Done, Reason: "not addressed"})
	h.say("e", "Is it broken?")
	h.answer("", &bot.Receipt{Error: "unavailable"}, gateway.Outcome{State: gateway.Dead, Reason: "the model did not answer"})
	h.say("f", "Still \"so\"\nit <is>")
	return h
}

func TestConversations(t *testing.T) {
	h := busy(t)
	yes, no := true, false
	tests := []struct {
		name   string
		filter about.Filter
		want   string // chats
	}{
		{"all", about.Filter{}, "fedcba"},
		{"text of a question", about.Filter{Text: "退货"}, "b"},
		{"text of an answer", about.Filter{Text: "do not know"}, "b"},
		{"a percent sign is a percent sign", about.Filter{Text: "100%"}, "a"},
		{"an underscore matches nothing else", about.Filter{Text: "_"}, ""},
		{"quotes and breaks as JSON writes them", about.Filter{Text: "\"so\"\nit <is>"}, "f"},
		{"case of ASCII does not matter", about.Filter{Text: "DO NOT KNOW"}, "b"},
		{"a quote is no SQL", about.Filter{Text: "' OR 1=1 --"}, ""},
		{"known", about.Filter{Known: &yes}, "a"},
		{"not known; a failure is not that", about.Filter{Known: &no}, "b"},
		{"thumb up", about.Filter{Rating: "up"}, "a"},
		{"thumb down", about.Filter{Rating: "down"}, "b"},
		{"channel", about.Filter{Channel: "shop"}, "fedcba"},
		{"other channel", about.Filter{Channel: "x"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			page, next, err := activity.New(h.db).Conversations(t.Context(), test.filter)
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

func TestConversationsPageByPage(t *testing.T) {
	h := busy(t)
	got, before := "", ""
	for range 10 {
		page, next, err := activity.New(h.db).Conversations(t.Context(), about.Filter{Limit: 2, Before: before})
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
		_, _, err := activity.New(h.db).Conversations(t.Context(), about.Filter{Before: bad})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("before=%q: got %v, want fault.Invalid", bad, err)
		}
	}
}

func TestConversation(t *testing.T) {
	h := busy(t)
	r := activity.New(h.db)
	h.say("b", "and\nmore")
	page, _, err := r.Conversations(t.Context(), about.Filter{Text: "退货"})
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
	if diff := cmp.Diff(&about.Thumb{Value: -1, Reason: "useless"}, got.Rating); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&about.Stamp{Mode: "model", Usage: about.Usage{Input: 7, Output: 2}}, got.Receipt); diff != "" {
		t.Error(diff)
	}
	for _, id := range []string{"9999", "x", "-1", ""} {
		if _, _, err := r.Conversation(t.Context(), id); !errors.Is(err, fault.NotFound) {
			t.Errorf("conversation %q: got %v, want fault.NotFound", id, err)
		}
	}
}

func TestOverview(t *testing.T) {
	h := busy(t)
	totals, days, err := activity.New(h.db).Overview(context.Background(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if totals.P50MS <= 0 || totals.P95MS < totals.P50MS {
		t.Errorf("got p50 %v, p95 %v", totals.P50MS, totals.P95MS)
	}
	totals.P50MS, totals.P95MS = 0, 0
	want := about.Figures{Questions: 3, Answered: 2, Unknown: 1, Up: 1, Down: 1, Dead: 1, InputTokens: 17, OutputTokens: 7}
	if diff := cmp.Diff(want, totals); diff != "" {
		t.Error(diff)
	}
	if len(days) != 3 || days[2].Day != time.Now().UTC().Format(time.DateOnly) || days[2].Questions != 3 || days[0].Questions != 0 {
		t.Errorf("got days %+v", days)
	}
}
