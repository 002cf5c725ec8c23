package gateway_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

// slowly writes words, one in each interval.
func slowly(n int, interval time.Duration) handler {
	return func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
		for i := range n {
			if i > 0 {
				time.Sleep(interval)
			}
			if _, err := fmt.Fprintf(r, "word%d ", i); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestTextGrowsAtThePace(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start(slowly(100, 100*time.Millisecond)) // ten seconds
		w.say("a", "p", "long?")
		w.after(50 * time.Millisecond)
		w.want("a", "word0")
		w.after(5 * time.Second)
		if x := w.shown("a")[0]; x.Final || !strings.Contains(x.Text, "word40") {
			t.Errorf("after five seconds people see %+v", x)
		}
		w.after(10 * time.Second)
		x := w.shown("a")
		if len(x) != 1 || !x[0].Final || !strings.HasSuffix(x[0].Text, "word99") {
			t.Errorf("people see %+v", x)
		}
		if n := w.count("edit"); n < 9 || n > 12 {
			t.Errorf("%d edits in ten seconds at a pace of one a second", n)
		}
		w.settled()
	})
}

func TestOnePostWithoutEdits(t *testing.T) {
	inBubble(t, func(w *world) {
		w.platform.edits = false
		w.start(slowly(10, time.Second))
		w.say("a", "p", "long?")
		w.after(5 * time.Second)
		w.want("a")
		w.after(10 * time.Second)
		w.want("a", "word0 word1 word2 word3 word4 word5 word6 word7 word8 word9")
		if w.count("post") != 1 {
			t.Errorf("%d posts", w.count("post"))
		}
	})
}

func TestRateLimitStorm(t *testing.T) {
	for _, edits := range []bool{true, false} {
		t.Run(fmt.Sprint("edits ", edits), func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.platform.edits = edits
				var free time.Time
				early := 0
				// One call each seven seconds; more only prolongs the wait.
				w.platform.refuse = func(string, gateway.Outgoing) error {
					now := time.Now()
					if now.Before(free) {
						early++
						return &gateway.RetryAfter{After: free.Sub(now), Err: fmt.Errorf("429: %w", fault.Unavailable)}
					}
					free = now.Add(7 * time.Second)
					return nil
				}
				w.start(slowly(100, 100*time.Millisecond))
				for i := range 4 {
					w.say(fmt.Sprint("chat", i), "p", "long?")
				}
				w.after(5 * time.Minute)
				for i := range 4 {
					x := w.shown(fmt.Sprint("chat", i))
					if len(x) != 1 || !x[0].Final || !strings.HasSuffix(x[0].Text, "word99") {
						t.Errorf("chat%d shows %+v", i, x)
					}
				}
				if early > 60 {
					t.Errorf("%d calls although the platform had asked to wait", early)
				}
				w.settled()
			})
		})
	}
}

func TestMarkupRefused(t *testing.T) {
	for _, edits := range []bool{true, false} {
		t.Run(fmt.Sprint("edits ", edits), func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.platform.edits = edits
				w.platform.refuse = func(_ string, out gateway.Outgoing) error {
					if strings.Contains(out.Text, "**") {
						return fmt.Errorf("cannot parse entities: %w", fault.Invalid)
					}
					return nil
				}
				w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
					fmt.Fprint(r, "**Seven** days ")
					time.Sleep(3 * time.Second)
					_, err := fmt.Fprint(r, "and **one** hour")
					return err
				})
				w.say("a", "p", "long?")
				w.after(20 * time.Second)
				w.want("a", "Seven days and one hour")
				if w.seen("fallback plain") != 1 {
					t.Errorf("events %v", w.events)
				}
			})
		})
	}
}

func TestEditRefusedForGood(t *testing.T) {
	inBubble(t, func(w *world) {
		w.platform.refuse = func(call string, _ gateway.Outgoing) error {
			if call == "edit" {
				return fmt.Errorf("the time to edit is over: %w", fault.Denied)
			}
			return nil
		}
		w.start(slowly(3, 2*time.Second))
		w.say("a", "p", "long?")
		w.after(20 * time.Second)
		w.want("a", "word0", "word0 word1 word2")
		x := w.shown("a")
		if !x[1].Final || x[0].Key == x[1].Key || !strings.HasPrefix(x[1].Key, x[0].Key+".") {
			t.Errorf("posted %+v", x)
		}
		w.wantEvent("fallback repost", 1)
		w.settled()
	})
}

func TestTextRefused(t *testing.T) {
	inBubble(t, func(w *world) {
		w.platform.refuse = func(_ string, out gateway.Outgoing) error {
			if strings.Contains(out.Text, "forbidden") {
				return fmt.Errorf("moderated: %w", fault.Invalid)
			}
			return nil
		}
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			_, err := fmt.Fprint(r, "a forbidden word")
			return err
		})
		w.say("a", "p", "long?")
		w.after(20 * time.Second)
		w.want("a", "Sorry, no answer.")
		w.wantEvent("dead", 1)
		w.settled()
	})
}

func TestConversationGone(t *testing.T) {
	inBubble(t, func(w *world) {
		w.platform.refuse = func(string, gateway.Outgoing) error { return fmt.Errorf("kicked out: %w", fault.Denied) }
		w.start(echo)
		w.say("a", "p", "long?")
		w.after(20 * time.Second)
		w.want("a")
		w.wantEvent("dead", 1)
		w.settled()
	})
}

func TestPlatformAway(t *testing.T) {
	inBubble(t, func(w *world) {
		asked := 0
		back := time.Now().Add(10 * time.Minute)
		w.platform.refuse = func(string, gateway.Outgoing) error {
			if time.Now().Before(back) {
				return fmt.Errorf("502: %w", fault.Unavailable)
			}
			return nil
		}
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			asked++
			return echo(ctx, m, r)
		})
		w.say("a", "p", "long?")
		w.after(12 * time.Minute)
		w.want("a", "re: long?")
		if asked != 1 {
			t.Errorf("the handler was asked %d times for one answer", asked)
		}
		back = time.Now().Add(10 * time.Hour)
		w.say("b", "p", "lost?")
		w.after(2 * time.Hour)
		w.wantEvent("dead", 1)
		w.settled()
	})
}

func TestTooLong(t *testing.T) {
	for _, format := range []gateway.Format{gateway.Markdown, gateway.Plain} {
		t.Run(string(format), func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.platform.profile.Format, w.platform.profile.MaxText = format, 300
				var answer strings.Builder
				for i := range 40 {
					fmt.Fprintf(&answer, "Paragraph %d says **something** of use.\n\n", i)
				}
				w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
					for piece := range strings.SplitAfterSeq(answer.String(), " ") {
						fmt.Fprint(r, piece)
						time.Sleep(50 * time.Millisecond)
					}
					r.Cite("Sources", []gateway.Source{{Number: 1, Title: "Returns"}})
					return nil
				})
				w.say("a", "p", "long?")
				w.after(2 * time.Minute)
				var all string
				for i, x := range w.shown("a") {
					if n := utf8.RuneCountInString(x.Text); n > 300 {
						t.Errorf("post %d has %d runes", i, n)
					}
					if !x.Final || !strings.HasSuffix(x.Key, fmt.Sprint("/", i)) {
						t.Errorf("post %d: %+v", i, x)
					}
					all += x.Text + "\n"
				}
				at := -1
				for i := range 40 {
					next := strings.Index(all, fmt.Sprintf("Paragraph %d says", i))
					if next <= at {
						t.Errorf("paragraph %d is missing or out of order", i)
					}
					at = next
				}
				if strings.Count(all, "Returns") != 1 {
					t.Errorf("the source is named %d times", strings.Count(all, "Returns"))
				}
				w.settled()
			})
		})
	}
}

func TestSources(t *testing.T) {
	sources := []gateway.Source{
		{Number: 1, Title: "Returns *and* refunds", Location: "Page 2", URL: "https://help.example.com/returns"},
		{Number: 3, Title: "![x](http://evil.example/i)", URL: "javascript:alert(1)"},
	}
	for _, c := range []struct {
		name    string
		profile gateway.Profile
		want    string
		sources int
	}{
		{"shown by the platform", gateway.Profile{Format: gateway.Markdown, Sources: true}, "Seven days [1].", 2},
		{"markdown", gateway.Profile{Format: gateway.Markdown}, "Seven days [1].\n\nSources\n\n" +
			"- [1] Returns \\*and\\* refunds — Page 2 <https://help.example.com/returns>\n- [3] \\!\\[x\\](http\\://evil.example/i)", 0},
		{"plain", gateway.Profile{Format: gateway.Plain}, "Seven days [1].\n\nSources\n\n" +
			"[1] Returns *and* refunds — Page 2 https://help.example.com/returns\n[3] ![x](http://evil.example/i)", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.platform.profile = c.profile
				w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
					r.Cite("Sources", sources)
					_, err := fmt.Fprint(r, "Seven days [1].")
					return err
				})
				w.say("a", "p", "long?")
				w.after(10 * time.Second)
				w.want("a", c.want)
				if got := w.shown("a")[0].Sources; got != c.sources {
					t.Errorf("%d sources were handed over, want %d", got, c.sources)
				}
			})
		})
	}
}
