package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/internal/fault"
)

func TestComplete(t *testing.T) {
	for text, want := range map[string]bool{
		"":                          false,
		"hi":                        false,
		"Hello!":                    false,
		"你好":                        false,
		"你好！":                       false,
		"在吗？":                       false,
		"请问":                        false,
		"return policy":             false,
		"我要退货":                      false,
		"我昨天买的那个东西，":                false,
		"so I bought a lamp and...": false,
		"怎么退货":                      true,
		"退货要几天":                     true,
		"发票可以补开吗":                   true,
		"我想知道你们周末是不是也送货上门":                                    true,
		"我昨天买的灯泡今天坏了要换一个新的":                                   true,
		"How long does delivery take":                         true,
		"delivery takes long?":                                true,
		"I want to send it back.":                             true,
		"/help":                                               true,
		"where is my order":                                   true,
		"my order never came to me at all and nobody answers": true,
	} {
		if got := gateway.Complete(text); got != want {
			t.Errorf("Complete(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestFollows(t *testing.T) {
	direct := gateway.Message{Sender: gateway.Person{ID: "p"}, Direct: true}
	group := gateway.Message{Sender: gateway.Person{ID: "p"}}
	mention, other, alone := group, direct, direct
	mention.Mentioned, other.Sender.ID, alone.Alone = true, "q", true
	for _, c := range []struct {
		name string
		a, b gateway.Message
		want bool
	}{
		{"direct", direct, direct, true},
		{"another person", direct, other, false},
		{"command", direct, alone, false},
		{"after a command", alone, direct, false},
		{"mention, then more", mention, group, true},
		{"talk, then mention", group, mention, false},
		{"nobody", gateway.Message{}, gateway.Message{}, false},
	} {
		if got := gateway.Follows(c.a, c.b); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestFragmentsAreOneQuestion(t *testing.T) {
	inBubble(t, func(w *world) {
		asked := 0
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			asked++
			return echo(ctx, m, r)
		})
		w.say("a", "p", "你好")
		w.after(time.Second)
		w.say("a", "p", "我的订单")
		w.after(time.Second)
		w.want("a")
		m := w.say("a", "p", "什么时候到？")
		w.after(10 * time.Millisecond) // now it is whole
		w.want("a", "re: 你好\n我的订单\n什么时候到？")
		if got := w.shown("a")[0].ReplyTo; got != m.ID {
			t.Errorf("in reply to %s, want the last message %s", got, m.ID)
		}
		if asked != 1 {
			t.Errorf("the handler was asked %d times", asked)
		}
	})
}

func TestAFragmentAloneIsAnswered(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start(echo)
		w.say("a", "p", "你好")
		w.after(1400 * time.Millisecond)
		w.want("a")
		w.after(200 * time.Millisecond)
		w.want("a", "re: 你好")
		w.say("a", "p", "hi")
		w.after(2 * time.Second)
		w.want("a", "re: 你好", "re: hi")
	})
}

// A whole question is asked at once; what follows in time starts it anew, as long
// as nothing shows.
func TestFollowUpRestartsTheHandler(t *testing.T) {
	inBubble(t, func(w *world) {
		var causes []error
		var merged []string
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			if m.Sender.ID == "p" {
				merged = m.Merged
			}
			select {
			case <-ctx.Done():
				causes = append(causes, context.Cause(ctx))
				fmt.Fprint(r, "a trace of the first call")
				return ctx.Err()
			case <-time.After(3 * time.Second):
				return echo(ctx, m, r)
			}
		})
		w.say("a", "p", "When does it come?")
		w.after(time.Second)
		w.say("a", "p", "To Beijing, I mean.")
		w.say("a", "q", "I want to know too.")
		w.after(4 * time.Second)
		w.want("a", "re: When does it come?\nTo Beijing, I mean.")
		if len(causes) != 1 || !errors.Is(causes[0], gateway.ErrMerged) {
			t.Errorf("the first call ended with %v, want ErrMerged", causes)
		}
		if len(merged) != 2 {
			t.Errorf("merged %v", merged)
		}
		w.after(10 * time.Second)
		w.want("a", "re: When does it come?\nTo Beijing, I mean.", "re: I want to know too.")
		w.settled()
	})
}

func TestFollowUpAfterTextIsAnotherQuestion(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			fmt.Fprint(r, "Well, ")
			time.Sleep(3 * time.Second)
			return echo(ctx, m, r)
		})
		w.say("a", "p", "When?")
		w.after(time.Second)
		w.want("a", "Well,")
		w.say("a", "p", "And where?")
		w.after(10 * time.Second)
		w.want("a", "Well, re: When?", "Well, re: And where?")
	})
}

func TestStop(t *testing.T) {
	for _, button := range []bool{true, false} {
		t.Run(fmt.Sprint("button ", button), func(t *testing.T) {
			inBubble(t, func(w *world) {
				var cause error
				w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
					if m.Text == "/stop" {
						_, err := fmt.Fprint(r, "Stopped.")
						return err
					}
					fmt.Fprint(r, "The first half of it")
					<-ctx.Done()
					cause = context.Cause(ctx)
					return ctx.Err()
				})
				w.say("a", "p", "Tell me all?")
				w.after(5 * time.Second)
				other := w.message("a", "q", "/stop")
				w.deliver(other) // somebody else's stop changes nothing
				w.after(time.Second)
				if x := w.shown("a")[0]; x.Final {
					t.Fatalf("the answer ended: %+v", x)
				}
				stop := w.message("a", "p", "/stop")
				if button {
					stop.Text, stop.Stop = "", true
				}
				w.deliver(stop)
				w.after(2 * time.Second)
				want := []string{"The first half of it", "Stopped.", "Stopped."}
				if button {
					want = want[:2]
					w.wantEvent("done stop", 1)
				}
				w.want("a", want...)
				if x := w.shown("a")[0]; !x.Final {
					t.Errorf("what was shown is not final: %+v", x)
				}
				if !errors.Is(cause, gateway.ErrStopped) {
					t.Errorf("the handler ended with %v, want ErrStopped", cause)
				}
				w.wantEvent("done stopped", 1)
				w.settled()
			})
		})
	}
}

func TestStopBeforeAnyText(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			<-ctx.Done()
			return ctx.Err()
		})
		w.say("a", "p", "Tell me all?")
		w.say("b", "p", "你好") // waits for more
		w.after(time.Second)
		for _, chat := range []string{"a", "b"} {
			stop := w.message(chat, "p", "")
			stop.Stop = true
			w.deliver(stop)
		}
		w.after(time.Second)
		w.want("a")
		w.want("b")
		w.wantEvent("done stopped", 2)
		w.settled()
	})
}

// A stop also reaches a question that waits: for a worker, or for its next try.
func TestStopWhileTheQuestionWaits(t *testing.T) {
	inBubble(t, func(w *world) {
		w.config.Workers = 1
		w.start(func(ctx context.Context, m gateway.Message, r gateway.Reply) error {
			switch m.Conversation.Chat {
			case "busy":
				time.Sleep(10 * time.Second)
			case "failing":
				return fmt.Errorf("model is down: %w", fault.Unavailable)
			}
			return echo(ctx, m, r)
		})
		w.say("failing", "p", "one?")
		w.after(100 * time.Millisecond)
		w.say("busy", "p", "two?")
		w.say("idle", "p", "three?")
		for _, chat := range []string{"failing", "idle"} {
			stop := w.message(chat, "p", "")
			stop.Stop = true
			w.deliver(stop)
		}
		w.after(20 * time.Second)
		w.want("busy", "re: two?")
		w.want("idle")
		w.want("failing")
		w.wantEvent("done stopped", 2)
		w.wantEvent("done stop", 2)
		w.say("idle", "p", "four?")
		w.after(2 * time.Second)
		w.want("idle", "re: four?")
		w.settled()
	})
}
