package growth_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parley-im/parley/gateway/webchat/growth"
)

// Whatever is lost on the way, a reader shows only what the text was, and catches up
// when it is sent whole.
func TestLossyWay(t *testing.T) {
	words := []string{"word ", "退货", "👩‍👩‍👧", "\n\n", strings.Repeat("long ", 700), "\xff"}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		var w growth.Writer
		var r growth.Reader
		now, text, states := time.Now(), "", map[string]bool{}
		for range 60 {
			switch random.IntN(8) {
			case 0: // the end changes, as when a link closes
				text = text[:len(text)-random.IntN(min(len(text), 20)+1)]
			default:
				text += words[random.IntN(len(words))]
			}
			states[text] = true
			now = now.Add(time.Duration(random.IntN(500)) * time.Millisecond)
			for _, p := range w.Next(text, now) {
				if random.IntN(6) == 0 {
					continue
				}
				if got, whole := r.Apply(p); whole && !states[got] {
					t.Fatalf("seed %d: shows %q, which the text never was", seed, got)
				}
			}
		}
		got := ""
		for _, p := range w.Next(text, now.Add(time.Minute)) {
			if len(p.Text) > 2<<10 {
				t.Errorf("a piece of %d bytes", len(p.Text))
			}
			got, _ = r.Apply(p)
		}
		if got != text {
			t.Fatalf("seed %d: sent whole and shows %d bytes, want %d", seed, len(got), len(text))
		}
	}
}

// Nothing is sent twice without need, and characters are not torn apart.
func TestOnlyWhatWasAdded(t *testing.T) {
	var w growth.Writer
	now := time.Now()
	w.Next("你", now)
	if p := w.Next("你好", now); len(p) != 1 || p[0].From != 3 || p[0].Text != "好" {
		t.Errorf("added one character and sent %+v", p)
	}
	if p := w.Next("你女", now); len(p) != 1 || p[0].From != 3 || p[0].Text != "女" { // 好 and 女 begin with the same byte
		t.Errorf("changed one character and sent %+v", p)
	}
	if p := w.Next("你女", now); p != nil {
		t.Errorf("nothing changed and %+v is sent", p)
	}
	if p := w.Next("", now); len(p) != 1 || p[0].From != 0 || p[0].Text != "" {
		t.Errorf("emptied and sent %+v", p)
	}
	for _, p := range w.Next(strings.Repeat("漢", 5000), now) {
		if !utf8.ValidString(p.Text) {
			t.Errorf("a torn character in piece %d", p.Number)
		}
	}
}

// A new writer, after another process took over, begins anew.
func TestAnotherWriter(t *testing.T) {
	var a, b growth.Writer
	var r growth.Reader
	now := time.Now()
	for _, text := range []string{"one", "one two", "one two three"} {
		for _, p := range a.Next(text, now) {
			r.Apply(p)
		}
	}
	for _, text := range []string{"other", "other words"} {
		for _, p := range b.Next(text, now) {
			if got, whole := r.Apply(p); !whole || got != text {
				t.Errorf("shows %q (whole %v), want %q", got, whole, text)
			}
		}
	}
	for _, p := range a.Next("one two three four", now) { // who was frozen goes on
		if got, whole := r.Apply(p); whole {
			t.Errorf("shows %q of the old writer", got)
		}
	}
}

func FuzzApply(f *testing.F) {
	f.Add(1, 0, "a", 2, 1, "b")
	f.Fuzz(func(t *testing.T, n1, from1 int, text1 string, n2, from2 int, text2 string) {
		var r growth.Reader
		r.Apply(growth.Piece{Number: n1, From: from1, Text: text1})
		r.Apply(growth.Piece{Number: n2, From: from2, Text: text2})
	})
}
