package webchats_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/internal/fault"
	"github.com/parley-im/parley/internal/sqlite/sqlitetest"
	"github.com/parley-im/parley/internal/sqlite/webchats"
)

var at = time.Date(2026, 11, 23, 20, 15, 0, 123456000, time.UTC)

func TestEntries(t *testing.T) {
	s, ctx := webchats.New(sqlitetest.Open(t)), t.Context()
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
	if stored, fresh, err := s.Append(ctx, changed); stored.Text != "It" || fresh || err != nil {
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
	if err := errors.Join(s.Save(ctx, answer), s.Save(ctx, answer), s.Rate(ctx, "web", "v.1", "k/0", -1)); err != nil {
		t.Fatal(err)
	}
	answer.Seq, answer.Rating = 2, -1
	got, err := s.Find(ctx, "web", "v.1", "k/0")
	if diff := cmp.Diff(answer, got); diff != "" || err != nil {
		t.Errorf("found: %v %s", err, diff)
	}
	last, err := s.Last(ctx, "web", "v.1", 2)
	if err != nil || len(last) != 2 || last[0].ID != "k/0" || last[1].ID != "u1" {
		t.Errorf("the last two: %+v, %v", last, err)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	s, ctx := webchats.New(sqlitetest.Open(t)), t.Context()
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

func TestManyAtOnce(t *testing.T) {
	s, ctx := webchats.New(sqlitetest.Open(t)), t.Context()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, _, err := s.Append(ctx, webchat.Entry{Channel: "web", Chat: "v.1", ID: fmt.Sprint(i % 10), At: at}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := s.Last(ctx, "web", "v.1", 100)
	if err != nil || len(all) != 10 {
		t.Fatalf("%d entries, %v; want 10", len(all), err)
	}
	for i, e := range all {
		if e.Seq != int64(i+1) {
			t.Errorf("entry %d has the number %d", i, e.Seq)
		}
	}
}

func TestKeyAndChats(t *testing.T) {
	db := sqlitetest.Open(t)
	s, ctx := webchats.New(db), t.Context()
	key, err := s.Key(ctx)
	if err != nil || len(key) != 32 || bytes.Equal(key, make([]byte, 32)) {
		t.Errorf("key %x, %v", key, err)
	}
	if again, err := webchats.New(db).Key(ctx); err != nil || !bytes.Equal(again, key) {
		t.Errorf("asked again, the key is another one: %v", err)
	}
	if other, err := webchats.New(sqlitetest.Open(t)).Key(ctx); err != nil || bytes.Equal(other, key) {
		t.Errorf("another installation has the same key: %v", err)
	}
	for i, c := range []struct {
		visitor string
		another bool
		want    int
	}{{"v", false, 1}, {"v", true, 2}, {"v", true, 3}, {"v", false, 3}, {"w", false, 1}} {
		if n, err := s.Chats(ctx, "web", c.visitor, c.another); err != nil || n != c.want {
			t.Errorf("%d: %s has begun %d chats, %v; want %d", i, c.visitor, n, err, c.want)
		}
	}
}
