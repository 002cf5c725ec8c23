package mattermost

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/parley-im/parley/gateway"
)

// user is somebody, or a bot.
type user struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	IsBot     bool   `json:"is_bot"`
	Locale    string `json:"locale"`
}

// user looks somebody up once. Who cannot be looked up has no name.
func (c *Channel) user(ctx context.Context, id string) user {
	u, err := c.users.Ask(id, func() (u user, err error) {
		return u, c.call(ctx, http.MethodGet, "users/"+escape(id), nil, &u)
	})
	if err != nil {
		c.log.Warn("look somebody up", "err", err)
		return user{ID: id}
	}
	return u
}

// person is who wrote p. Integrations post in the name of people.
func (u user) person(p post) gateway.Person {
	name := strings.TrimSpace(u.FirstName + " " + u.LastName)
	if name == "" {
		name = u.Username
	}
	return gateway.Person{ID: p.UserID, Name: name, Bot: u.IsBot || p.Props["from_bot"] == "true" || p.Props["from_webhook"] == "true"}
}

// escape makes an ID of the server safe as a part of a path.
func escape(id string) string { return url.PathEscape(id) }
