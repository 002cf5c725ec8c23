// Package channeltest is the suite that every channel runs. A channel's test
// starts a small fake of its platform (the far side) and calls
//
//	channeltest.Run(t, func(t *testing.T) (gateway.Channel, channeltest.Far) { … })
//
// The function is called afresh for each case. What a platform does not have
// (threads, edits, a connection to cut) is skipped by leaving the function out of
// Far or by what the channel's Profile says. A bug found in one channel becomes a
// case here, so that all of them are asked.
package channeltest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/parley-im/parley/gateway"
)

// Said is one thing that happens on the platform. Chats and people go by names
// that the suite makes up; the far side turns them into its own IDs.
type Said struct {
	Chat    string // the chat named Group is a group, every other one is direct
	Thread  string // "" for none; only if Far.Threads
	Person  string // "" for the usual person of the chat
	Text    string
	Mention bool   // names the bot, in the platform's way; only in Group
	ReplyTo string // platform ID of a post that this answers; only in Group
	Bot     bool   // said by another bot; only if Far.Bots
	Stop    bool   // not a text: the stop button; only if Far.Stops
	File    string // name of a file that comes with it; only if Far.Files
	Content string // of the file
}

// Group is the name of the chat that is a group.
const Group = "group"

// Shown is one post of our bot as people see it now.
type Shown struct {
	ID        string // as Post returned it
	Key       string // "" where the platform does not keep it
	InReplyTo string // "" where the platform does not show it
	Text      string
	Sources   int // how many it shows itself
	Edited    bool
}

// Far is the other side: the platform and the people on it.
type Far struct {
	// Say makes somebody speak and returns the platform's ID of it, and whether the
	// channel acknowledged it. It returns when that is known.
	Say func(t *testing.T, s Said) (id string, acknowledged bool)
	// Redeliver offers what Say said once more, as the platform does after a lost or
	// refused acknowledgement.
	Redeliver func(t *testing.T, id string) (acknowledged bool)
	// Shown lists what our bot has posted in a chat, oldest first.
	Shown func(t *testing.T, chat, thread string) []Shown

	Groups  bool // has chats of several people, mentions and replies
	Threads bool
	Bots    bool // other bots can speak
	Flat    bool // there are no replies to a post in its groups
	Stops   bool // has a stop button
	Files   bool // people send files, which the channel can open

	// Optional: nil where the platform has no such thing.

	// Cut breaks the connection that Listen holds.
	Cut func(t *testing.T)
	// Silence makes the platform say nothing any more on that connection, which stays.
	Silence func(t *testing.T)
	// FailPost makes the next post fail for a passing reason; with kept the platform
	// keeps the post and only its answer is lost.
	FailPost func(t *testing.T, kept bool)
	// RefuseRate makes the next post fail because there were too many, with a wait.
	RefuseRate func(t *testing.T, wait time.Duration)
	// Rate gives a thumb to a post; Ratings lists what reached Setup.Rate.
	Rate    func(t *testing.T, chat, post string, value int)
	Ratings func() []gateway.Rating
	// Seen tells how often Setup.Seen was called; needed if Profile.Silence is set.
	Seen func() int
}

const patience = 10 * time.Second

// Run runs every case.
func Run(t *testing.T, open func(t *testing.T) (gateway.Channel, Far)) {
	t.Helper()
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			ch, far := open(t)
			s := &suite{T: t, ch: ch, far: far, profile: gateway.DefaultProfile}
			if p, ok := ch.(gateway.Profiler); ok {
				s.profile = p.Profile()
			}
			c.run(s)
		})
	}
}

type suite struct {
	*testing.T
	ch      gateway.Channel
	far     Far
	profile gateway.Profile
}

var cases = []struct {
	name string
	run  func(*suite)
}{
	{"text arrives unharmed", (*suite).unharmed},
	{"same chat same conversation in order", (*suite).inOrder},
	{"threads are apart", (*suite).threads},
	{"redelivery repeats the id", (*suite).redelivery},
	{"ignores itself", (*suite).ignoresItself},
	{"direct and mention are flagged", (*suite).flags},
	{"other bots are marked", (*suite).otherBots},
	{"stop button", (*suite).stopButton},
	{"refused is not acknowledged", (*suite).refused},
	{"posts into the same conversation", (*suite).posts},
	{"posts into a group", (*suite).postsInGroup},
	{"longest text goes through whole", (*suite).longest},
	{"same key twice shows once", (*suite).dedupes},
	{"finds a post by its key", (*suite).finds},
	{"edit replaces the text", (*suite).edits},
	{"passing failure says so", (*suite).failures},
	{"rate limit tells the wait", (*suite).rateLimit},
	{"honours the context", (*suite).context},
	{"typing does not fail", (*suite).typing},
	{"hands thumbs on", (*suite).ratings},
	{"stops with the context", (*suite).stops},
	{"reports a broken connection", (*suite).broken},
	{"notices a silent connection", (*suite).deaf},
	{"reads what it missed", (*suite).catchesUp},
	{"opens files", (*suite).files},
	{"leaves no goroutine", (*suite).leaves},
}

func (s *suite) deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.Context(), patience)
}

func (s *suite) need(has bool, what string) {
	s.Helper()
	if !has {
		s.Skip("the platform has no " + what)
	}
}
