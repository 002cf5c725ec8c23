package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/gateway/xmpp/xmpptest"
	"github.com/parley-im/parley/internal/bench/rig"
	"github.com/parley-im/parley/internal/llm/llmtest"
	"github.com/parley-im/parley/internal/testservice"
)

// TestTwoBotsInABusyRoom: of 50 people in a room who talk at once, one asks one bot and
// one another. Each gets one answer, to their own message, though every answer names
// both bots, which must not take that for a question.
func TestTwoBotsInABusyRoom(t *testing.T) {
	for name, start := range map[string]func() (*testservice.XMPP, error){"prosody": testservice.StartProsody, "ejabberd": testservice.StartEjabberd} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := start()
			if err != nil {
				testservice.Missing(t, err)
			}
			t.Cleanup(func() {
				if err := server.Close(); err != nil {
					t.Error(err)
				}
			})
			busyRoom(t, server)
		})
	}
}

const (
	roomPassword = "room-secret"
	roomPeople   = 50
)

func busyRoom(t *testing.T, server *testservice.XMPP) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	room := stanza.JID{Local: "busy", Domain: testservice.XMPPRooms}
	twoBots(ctx, t, server, room)

	people := make([]*xmpptest.Person, roomPeople)
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(10)
	for n := range people {
		group.Go(func() (err error) {
			name := fmt.Sprintf("guest%d", n)
			if err := server.Register(name, roomPassword); err != nil {
				return err
			}
			people[n], err = xmpptest.LogIn(gctx, "ws://"+server.Address()+server.Path(), stanza.JID{Local: name, Domain: testservice.XMPPDomain, Resource: "t"}, roomPassword)
			if err != nil {
				return err
			}
			return people[n].Enter(gctx, room, name)
		})
	}
	err := group.Wait()
	t.Cleanup(func() {
		for _, p := range people {
			if p != nil {
				p.Close()
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}

	asked := map[int]string{7: "Parley", 31: "Polly"} // who asks whom
	ids := make([]string, roomPeople)
	group, gctx = errgroup.WithContext(ctx)
	for n, p := range people {
		group.Go(func() (err error) {
			if _, err := p.Say(gctx, room, true, fmt.Sprintf("good morning from guest%d, is Parley a bot? ask polly@example.com", n)); err != nil {
				return err
			}
			text := fmt.Sprintf("guest%d: so long", (n+1)%roomPeople)
			if bot := asked[n]; bot != "" {
				text = fmt.Sprintf("@%s how long does delivery take for PX%07d?", bot, n)
			}
			ids[n], err = p.Say(gctx, room, true, text)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	watcher := people[0]
	settle(ctx, t, watcher, room)
	archived := map[string]string{} // of the archive, by the sender's
	said := watcher.Posts(room)
	for _, x := range said {
		archived[x.ID] = x.Archived
	}
	for n, bot := range asked {
		var answers []xmpptest.Post
		for _, x := range said {
			if x.From.Resource == bot {
				answers = append(answers, x)
			}
		}
		if len(answers) != 1 || !strings.Contains(answers[0].Text, fmt.Sprintf("PX%07d", n)) || !answers[0].Final || answers[0].ReplyTo != archived[ids[n]] {
			t.Errorf("%s said %+v, want one answer to %s (%s)", bot, answers, ids[n], archived[ids[n]])
		}
	}
	if strange := watcher.Strange(); len(strange) > 0 {
		t.Errorf("people saw %q", strange)
	}
}

// settle returns when both bots have answered and nothing more was said for a while.
func settle(ctx context.Context, t *testing.T, p *xmpptest.Person, room stanza.JID) {
	t.Helper()
	for {
		changed := p.Changed()
		done := 0
		for _, x := range p.Posts(room) {
			if (x.From.Resource == "Parley" || x.From.Resource == "Polly") && x.Final {
				done++
			}
		}
		patience := time.Minute
		if done >= 2 {
			patience = 3 * time.Second
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatal(context.Cause(ctx))
		case <-time.After(patience):
			return
		}
	}
}

// twoBots starts one Parley with two bots in a room, whose model names both in each answer.
func twoBots(ctx context.Context, t *testing.T, server *testservice.XMPP, room stanza.JID) {
	t.Helper()
	built, err := program()
	if err != nil {
		t.Fatal(err)
	}
	url := make(chan string, 1)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		ended <- llmtest.ListenAndServe(serving, "127.0.0.1:0", llmtest.Script{Pace: 100, Answer: func(a llmtest.Asked) string {
			return "Parley: and @Polly, @Parley: " + a.Last + " " + rig.Ending
		}}, func(address string) { url <- address })
	}()
	t.Cleanup(func() { stop(); <-ended })
	place, err := rig.NewPlace(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Close(); err != nil {
			t.Error(err)
		}
	})
	config := fmt.Sprintf("models: [{name: first, base_url: %q, api_key: none, model: standin}]\nanswers: {ask_anyway: true}\nchannels:\n", <-url)
	for _, nick := range []string{"Parley", "Polly"} {
		account := strings.ToLower(nick)
		if err := server.Register(account, roomPassword); err != nil {
			t.Fatal(err)
		}
		config += fmt.Sprintf("  %s: {kind: xmpp, jid: %q, password: %q, url: \"ws://%s%s\", nick: %s, rooms: [%s]}\n", account, account+"@"+testservice.XMPPDomain, roomPassword, server.Address(), server.Path(), nick, room)
	}
	parley, err := place.Process(ctx, []string{built}, 0, config)
	if err != nil {
		t.Fatal(err)
	}
	if err := parley.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := parley.Stop(20 * time.Second); err != nil {
			t.Errorf("%v\n%s", err, parley.Log())
		}
		if t.Failed() {
			t.Log(parley.Log())
		}
	})
	if err := parley.Ready(ctx); err != nil {
		t.Fatalf("%v\n%s", err, parley.Log())
	}
}
