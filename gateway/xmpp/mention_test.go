package xmpp

import (
	"testing"

	"github.com/parley-im/parley/gateway/xmpp/stanza"
)

func TestUnnamed(t *testing.T) {
	for _, c := range []struct{ nick, text, rest string }{
		{"Parley", "Parley: how long?", "how long?"}, {"Parley", "parley, how long?", "how long?"}, {"Parley", "@Parley how long?", "how long?"},
		{"Parley", "Parley：多久能到？", "多久能到？"}, {"客服", "@客服多久能到？", "多久能到？"}, {"客服", "请问@客服 多久能到？", "请问 多久能到？"},
		{"Parley", "how long does it take, @parley?", "how long does it take, ?"}, {"Parley", "Parley", ""}, {"Parley", " @Parley ", ""},
		{"Shop Bot", "@shop bot, help", "help"}, {"Parley", "hi @Parley. How long?", "hi . How long?"},
	} {
		if rest, named := unnamed(c.text, c.nick); !named || rest != c.rest {
			t.Errorf("%q for %s: %q, %v; want %q", c.text, c.nick, rest, named, c.rest)
		}
	}
	for _, c := range []struct{ nick, text string }{
		{"Parley", "what does Parley say?"}, {"Parley", "Parley is down"}, {"Bot", "write to me@Bot.example"}, {"Bot", "@Bots are here"},
		{"Bot", "@Robot"}, {"客服", "客服电话是多少"}, {"", ": x"}, {"Parley", "Par"}, {"Parley", "@"}, {"Bot", "bot2: hello"},
	} {
		if rest, named := unnamed(c.text, c.nick); named || rest != c.text {
			t.Errorf("%q names %s, %q is left", c.text, c.nick, rest)
		}
	}
}

func TestWithoutQuote(t *testing.T) {
	quote := func(start, end string) *stanza.Node {
		return stanza.New(client, "message").Add(stanza.New(fallbackNS, "fallback", "for", replyNS).Add(stanza.New(fallbackNS, "body", "start", start, "end", end)))
	}
	for _, c := range []struct{ start, end, text, want string }{
		{"0", "5", "> 退货\n👍多久？", "👍多久？"}, {"0", "99", "short", "short"}, {"-1", "2", "abc", "abc"}, {"3", "2", "abcd", "abcd"}, {"x", "", "abc", "abc"},
	} {
		if got := withoutQuote(quote(c.start, c.end), c.text); got != c.want {
			t.Errorf("%q from %s to %s: %q, want %q", c.text, c.start, c.end, got, c.want)
		}
	}
}

func FuzzUnnamed(f *testing.F) {
	f.Add("@Parley hi", "Parley")
	f.Add("客服：在吗", "客服")
	f.Fuzz(func(t *testing.T, text, nick string) {
		rest, named := unnamed(text, nick)
		if !named && rest != text || len(rest) > len(text)+1 {
			t.Errorf("%q for %q: %q", text, nick, rest)
		}
	})
}
