package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/fault"
)

func entries(t *testing.T, s, other webchat.Store) {
	ctx := t.Context()
	asked := webchat.Entry{Channel: "web", Chat: "v.1", ID: "u1", Text: "question", Final: true, At: at}
	answer := webchat.Entry{
		Channel: "web", Chat: "v.1", ID: "k/0", Bot: true, InReplyTo: "u1", Text: "It", At: at,
		Sources: []gateway.Source{{Number: 1, Title: "T", Excerpt: "exc"}},
	}
	for i, e := range []webchat.Entry{asked, answer} {
		stored, fresh, err := s.Append(ctx, e)
		e.Seq = int64(i + 1)
		if diff := cmp.Diff(e, stored); diff != "" || !fresh || err != nil {
			t.Errorf("append %s: fresh %v, %v %s", e.ID, fresh, err, diff)
		}
	}
	changed := answer
	changed.Text = "something else"
	if stored, fresh, err := other.Append(ctx, changed); stored.Text != "It" || fresh || err != nil {
		t.Errorf("append again: %+v, fresh %v, %v", stored, fresh, err)
	}
	sameID := asked // the other side may use any ID
	sameID.Bot = true
	if _, fresh, err := s.Append(ctx, sameID); !fresh || err != nil {
		t.Errorf("the bot's own entry with a visitor's ID: fresh %v, %v", fresh, err)
	}
	elsewhere := asked
	elsewhere.Chat = "w.1"
	if stored, fresh, err := s.Append(ctx, elsewhere); stored.Seq != 1 || !fresh || err != nil {
		t.Errorf("the same ID in another chat: %+v, fresh %v, %v", stored, fresh, err)
	}

	answer.Text, answer.Final, answer.Notice, answer.Sources = "It takes 3 days", true, true, nil
	if err := errors.Join(s.Save(ctx, answer), other.Save(ctx, answer), s.Rate(ctx, "web", "v.1", "k/0", -1)); err != nil {
		t.Fatal(err)
	}
	answer.Seq, answer.Rating = 2, -1
	got, err := other.Find(ctx, "web", "v.1", "k/0")
	if diff := cmp.Diff(answer, got); diff != "" || err != nil {
		t.Errorf("found: %v %s", err, diff)
	}
	last, err := s.Last(ctx, "web", "v.1", 2)
	if err != nil || len(last) != 2 || last[0].ID != "k/0" || last[1].ID != "u1" {
		t.Errorf("the last two: %+v, %v", last, err)
	}
}

func notThere(t *testing.T, s, _ webchat.Store) {
	ctx := t.Context()
	if _, _, err := s.Append(ctx, webchat.Entry{Channel: "web", Chat: "v.1", ID: "u1", Text: "mine"}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"nosuch", "u1"} { // a visitor's entry cannot be changed as if it were the bot's
		_, err := s.Find(ctx, "web", "v.1", id)
		for doing, err := range map[string]error{
			"find": err,
			"save": s.Save(ctx, webchat.Entry{Channel: "web", Chat: "v.1", ID: id, Text: "x"}),
			"rate": s.Rate(ctx, "web", "v.1", id, 1),
		} {
			if !errors.Is(err, fault.NotFound) {
				t.Errorf("%s %s: %v, want fault.NotFound", doing, id, err)
			}
		}
	}
	if last, err := s.Last(ctx, "other", "v.1", 5); err != nil || len(last) != 0 {
		t.Errorf("another channel's chat: %+v, %v", last, err)
	}
}

// textKept: what people and models write may be anything. A NUL, which not every
// database can hold, may come back as the replacement character, but nothing around
// it is lost.
func textKept(t *testing.T, s, _ webchat.Store) {
	ctx := t.Context()
	for i, text := range []string{"", "退货 🙂 \"quotes\" '; --\n\ttab", "a\x00b", strings.Repeat("长", 200_000)} {
		e := webchat.Entry{
			Channel: "web", Chat: "v.1", ID: string(rune('a' + i)), Bot: true, Text: text, At: at,
			Sources: []gateway.Source{{Number: 1, Title: text, Excerpt: text}},
		}
		if _, fresh, err := s.Append(ctx, e); !fresh || err != nil {
			t.Fatalf("append text %d: fresh %v, %v", i, fresh, err)
		}
		if err := s.Save(ctx, e); err != nil {
			t.Fatalf("save text %d: %v", i, err)
		}
		got, err := s.Find(ctx, "web", "v.1", e.ID)
		want := strings.ReplaceAll(text, "\x00", "\uFFFD")
		if err != nil || len(got.Sources) != 1 || strings.ReplaceAll(got.Text, "\x00", "\uFFFD") != want ||
			strings.ReplaceAll(got.Sources[0].Title, "\x00", "\uFFFD") != want {
			t.Errorf("text %d came back with %d bytes and %d sources, %v", i, len(got.Text), len(got.Sources), err)
		}
	}
}

func chats(t *testing.T, s, other webchat.Store) {
	for i, c := range []struct {
		store   webchat.Store
		visitor string
		another bool
		want    int
	}{{s, "v", false, 1}, {s, "v", true, 2}, {other, "v", true, 3}, {s, "v", false, 3}, {other, "w", false, 1}} {
		if n, err := c.store.Chats(t.Context(), "web", c.visitor, c.another); err != nil || n != c.want {
			t.Errorf("%d: %s has begun %d chats, %v; want %d", i, c.visitor, n, err, c.want)
		}
	}
}
