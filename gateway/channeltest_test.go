package gateway_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/channeltest"
	"github.com/parley-im/parley/internal/fault"
)

// The suite for channels runs on the fake, so that both are known to be right.
func TestChannelSuite(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.name, func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T) (gateway.Channel, channeltest.Far) { return farSide(p.edits, p.finds, p.dedupes) })
		})
	}
}

func farSide(edits, finds, dedupes bool) (gateway.Channel, channeltest.Far) {
	p := &platform{edits: edits, finds: finds, profile: gateway.Profile{Format: gateway.Plain, MaxText: 500, Dedupes: dedupes}}
	said := map[string]gateway.Message{}
	var ratings []gateway.Rating
	offer := func(m gateway.Message) bool { return p.Deliver(context.Background(), m) == nil }
	once := func(after bool, err error) {
		fail := func(string, gateway.Outgoing) error {
			p.refuse, p.lose = nil, nil
			return err
		}
		if after {
			p.lose = fail
		} else {
			p.refuse = fail
		}
	}
	far := channeltest.Far{
		Groups: true, Threads: true, Bots: true, Stops: true,
		Say: func(_ *testing.T, s channeltest.Said) (string, bool) {
			m := gateway.Message{ID: fmt.Sprint("m", len(said)+1), Text: s.Text, Stop: s.Stop, SentAt: time.Now(),
				Conversation: gateway.Conversation{Channel: "chat", Chat: s.Chat, Thread: s.Thread},
				Sender:       gateway.Person{ID: "of-" + s.Chat, Bot: s.Bot},
				Direct:       s.Chat != channeltest.Group, Mentioned: s.Mention || s.ReplyTo != ""}
			said[m.ID] = m
			return m.ID, offer(m)
		},
		Redeliver: func(_ *testing.T, id string) bool { return offer(said[id]) },
		Shown: func(_ *testing.T, chat, thread string) []channeltest.Shown {
			var all []channeltest.Shown
			for _, x := range p.shown(chat) {
				if x.Chat.Thread == thread {
					all = append(all, channeltest.Shown{ID: x.ID, Key: x.Key, InReplyTo: x.ReplyTo, Text: x.Text, Edited: x.Edits > 0})
				}
			}
			return all
		},
		FailPost: func(_ *testing.T, kept bool) { once(kept, fmt.Errorf("reset: %w", fault.Unavailable)) },
		RefuseRate: func(_ *testing.T, wait time.Duration) {
			once(false, &gateway.RetryAfter{After: wait, Err: fmt.Errorf("429: %w", fault.Unavailable)})
		},
		Rate: func(_ *testing.T, chat, post string, value int) {
			ratings = append(ratings, gateway.Rating{Post: post, Value: value, Person: gateway.Person{ID: "of-" + chat},
				Conversation: gateway.Conversation{Channel: "chat", Chat: chat}})
		},
		Ratings: func() []gateway.Rating { return ratings },
	}
	return p.channel(), far
}
