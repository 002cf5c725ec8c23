package xmpp

import (
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/parley-im/parley/gateway"
)

func tryOpen(text string) (gateway.Channel, error) {
	return Open(gateway.Setup{
		Name: "x", Log: slog.New(slog.DiscardHandler),
		Decode: func(into any) error { return yaml.Unmarshal([]byte(text), into) },
	})
}

func TestSettings(t *testing.T) {
	ch, err := tryOpen("jid: Bot@Example.com\npassword: x\nrooms:\n- a@conference.example.com\n- {jid: b@conference.example.com, password: y}\n")
	if err != nil {
		t.Fatal(err)
	}
	c := ch.(*Channel)
	if c.Account() != "bot@example.com" || c.set.Nick != "bot" || len(c.set.Rooms) != 2 || c.set.Rooms[1].Password != "y" {
		t.Errorf("%+v", c.set)
	}
	if p := c.Profile(); !p.Once || !p.Bound || p.Silence == 0 || p.Format != gateway.Plain {
		t.Errorf("profile %+v", p)
	}
	for text, want := range map[string]string{
		"password: x":                                            "jid must be",
		"jid: a@b/c\npassword: x":                                "jid must be",
		"jid: a@b":                                               "password is missing",
		"jid: a@b\npassword: x\nurl: http://b":                   "url must be a wss://",
		"jid: a@b\npassword: x\nurl: ws://b/ws":                  "url is not encrypted",
		"jid: a@b\npassword: x\nrooms: [nowhere]":                `rooms: "nowhere" is not`,
		"jid: a@b\npassword: x\nrooms: [{jid: r@c, pasword: z}]": `rooms: "pasword" is not known`,
		"jid: a@b\npassword: x\nrooms: [r@c, R@c]":               "is there twice",
		"jid: a@b\npassword: x\nbots: ['a b@c']":                 "bots:",
		"jid: a@b\npassword: x\nsubscriptions: some":             "subscriptions must be",
		"jid: a@b\npassword: x\npace: 1ms":                       "pace must be",
		"jid: a@b\npassword: x\nmax_text: 50000":                 "max_text must lie",
		"jid: a@b\npassword: x\nping: 20s":                       "ping must be",
	} {
		if _, err := tryOpen(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"jid: a@b\npassword: x\nurl: ws://127.0.0.1:5280/ws", "jid: a@b\npassword: x\nurl: ws://b/ws\ninsecure: true"} {
		if _, err := tryOpen(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
