package xmpp

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
)

// address finds out whether a message in a room is meant for the bot: it is named
// first ("Bot: …", "Bot, …"), anywhere as "@Bot", by a reference (XEP-0372), or the
// message answers one of the bot's. The name is taken out of the text.
func (s *session) address(n *stanza.Node, text, nick string) (rest string, mentioned bool) {
	for _, r := range n.All(referenceNS, "reference") {
		if r.Attr("type") == "mention" && s.means(r.Attr("uri"), n, nick) {
			mentioned = true
		}
	}
	if reply := n.Child(replyNS, "reply"); reply != nil {
		if to, err := stanza.ParseJID(reply.Attr("to")); err == nil && (to.Resource == nick || to.Bare() == s.set.jid) {
			mentioned = true
		}
	}
	if rest, ok := unnamed(text, nick); ok {
		return rest, true
	}
	return text, mentioned
}

// means reports whether an address of the form xmpp:… is the bot's.
func (s *session) means(uri string, n *stanza.Node, nick string) bool {
	j, err := stanza.ParseJID(strings.TrimPrefix(uri, "xmpp:"))
	if err != nil {
		return false
	}
	room, err := stanza.ParseJID(n.Attr("from"))
	return j.Bare() == s.set.jid || err == nil && j == room.Bare().With(nick)
}

// unnamed takes the name out of a text which names it. "Bot" alone in the middle of a
// sentence is talk about the bot, not to it.
func unnamed(text, nick string) (rest string, named bool) {
	if nick == "" {
		return text, false
	}
	if rest, ok := cut(strings.TrimSpace(text), nick); ok && (rest == "" || strings.ContainsRune(":,，：、!！\n", first(rest))) {
		return strings.TrimLeftFunc(rest, isSeparator), true
	}
	for at := 0; ; {
		i := strings.Index(text[at:], "@")
		if i < 0 {
			return text, false
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		rest, ok := cut(text[at+1:], nick)
		if ok && !joins(before) && !joinsAfter(nick, rest) {
			left := strings.TrimRight(text[:at], " ")
			right := strings.TrimLeftFunc(rest, isSeparator)
			if left != "" && right != "" {
				left += " "
			}
			return left + right, true
		}
		at++
	}
}

// cut takes prefix off, in whatever case.
func cut(text, prefix string) (rest string, ok bool) {
	n := 0
	for range utf8.RuneCountInString(prefix) {
		_, size := utf8.DecodeRuneInString(text[n:])
		n += size
	}
	if strings.EqualFold(text[:n], prefix) {
		return text[n:], true
	}
	return text, false
}

func first(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }

func isSeparator(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(":,，：、!！", r)
}

// joins reports whether a Latin letter or a digit stands there: bot@example.com does
// not name @example.
func joins(r rune) bool {
	return r != utf8.RuneError && r < 0x250 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '_')
}

// joinsAfter reports whether a longer name begins with nick: @Bots is not @Bot.
func joinsAfter(nick, rest string) bool {
	last, _ := utf8.DecodeLastRuneInString(nick)
	next := first(rest)
	return joins(last) && next != '.' && joins(next)
}

// withoutQuote takes out what a client wrote into the text for those that do not show
// replies: the quoted message (XEP-0461, section 3.1.1).
func withoutQuote(n *stanza.Node, text string) string {
	for _, f := range n.All(fallbackNS, "fallback") {
		if f.Attr("for") != replyNS {
			continue
		}
		runes := []rune(text)
		b := f.Child(fallbackNS, "body")
		from, err1 := strconv.Atoi(b.Attr("start"))
		to, err2 := strconv.Atoi(b.Attr("end"))
		if err1 == nil && err2 == nil && 0 <= from && from <= to && to <= len(runes) {
			return string(runes[:from]) + string(runes[to:])
		}
	}
	return text
}
