package bot_test

import (
	"strings"
	"testing"

	"github.com/parley-im/parley/bot"
	"github.com/parley-im/parley/gateway"
)

func TestManners(t *testing.T) {
	direct := gateway.Message{Direct: true, Sender: gateway.Person{ID: "ann@example.com"}}
	group := gateway.Message{Sender: gateway.Person{ID: "room@rooms.example.com/Ann"}}
	named := group
	named.Mentioned = true
	machine, stop := named, direct
	machine.Sender.Bot, stop.Stop = true, true
	for _, c := range []struct {
		name    string
		manners bot.Manners
		want    string // of direct, group, named, machine, stop
	}{
		{"usual", bot.Manners{}, "yes no yes no no"},
		{"by mention", bot.Manners{Groups: bot.OnMention}, "yes no yes no no"},
		{"always", bot.Manners{Groups: bot.Always}, "yes yes yes no no"},
		{"never", bot.Manners{Groups: bot.Never}, "yes no no no no"},
		{"some people", bot.Manners{Allow: []string{"ann@example.com"}}, "yes no no no no"},
		{"a domain and a room", bot.Manners{Allow: []string{"*@example.com", "room@rooms.example.com/*"}}, "yes no yes no no"},
		{"not her", bot.Manners{Deny: []string{"ann@*"}}, "no no yes no no"},
		{"denied though allowed", bot.Manners{Allow: []string{"*"}, Deny: []string{"ann@example.com"}}, "no no yes no no"},
		{"another one", bot.Manners{Allow: []string{"bob@example.com"}}, "no no no no no"},
		{"no pattern", bot.Manners{Allow: []string{"[", "ann@example.com"}}, "yes no no no no"},
	} {
		var got []string
		for _, m := range []gateway.Message{direct, group, named, machine, stop} {
			got = append(got, map[bool]string{true: "yes", false: "no"}[c.manners.Answers(m)])
		}
		if has := strings.Join(got, " "); has != c.want {
			t.Errorf("%s: %s, want %s", c.name, has, c.want)
		}
	}
}
