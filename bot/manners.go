package bot

import (
	"path"
	"slices"
	"strings"

	"github.com/parley-im/parley/gateway"
)

// When the bot speaks in chats of several people.
const (
	OnMention = "mention" // when it is named, or its own message is answered
	Always    = "always"  // to everything that people say
	Never     = "never"   // not at all
)

// Manners is to whom the bot of a channel speaks. The zero Manners are OnMention, to
// everybody.
type Manners struct {
	Groups string   // one of the three
	Allow  []string // only these people; none: all. Their IDs as the platform has them, or patterns like *@example.com
	Deny   []string // never these, even if allowed
}

// Answers reports whether m gets an answer. Another bot's never does.
func (x Manners) Answers(m gateway.Message) bool {
	if m.Stop || m.Sender.Bot {
		return false
	}
	if matches(x.Deny, m.Sender.ID) || len(x.Allow) > 0 && !matches(x.Allow, m.Sender.ID) {
		return false
	}
	switch {
	case m.Direct, x.Groups == Always:
		return true
	case x.Groups == Never:
		return false
	}
	return m.Mentioned
}

func matches(patterns []string, id string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		// what stands between slashes, as the names in a room, is matched by * too
		ok, err := path.Match(strings.ReplaceAll(p, "/", "\x00"), strings.ReplaceAll(id, "/", "\x00"))
		return err == nil && ok
	})
}

// addressed reports whether the bot is to answer m.
func (b *Bot) addressed(m gateway.Message) bool {
	if b.Manners == nil {
		return Manners{}.Answers(m)
	}
	return b.Manners(m.Conversation.Channel).Answers(m)
}
