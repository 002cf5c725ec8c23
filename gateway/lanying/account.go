package lanying

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/parley-im/parley/internal/fault"
)

// account is who the bot is, and where the servers are.
type account struct {
	id     uint64
	token  string
	name   string // as people write it after an @, or ""
	nick   string
	api    string
	socket string // with receive: socket
}

// login finds the servers and asks for a token, once.
func (c *Channel) login(ctx context.Context) (account, error) {
	c.loggingIn.Lock()
	defer c.loggingIn.Unlock()
	c.mu.Lock()
	who := c.who
	c.mu.Unlock()
	if who.token != "" {
		return who, nil
	}
	who = account{id: c.set.bot, token: c.set.Token, api: c.set.URL, socket: c.set.Socket}
	if who.api == "" || who.socket == "" && c.set.Receive == bySocket {
		if err := c.lookUp(ctx, &who); err != nil {
			return who, err
		}
	}
	if who.token == "" {
		e, err := c.ask(ctx, http.MethodPost, who.api+"/token/user", account{}, map[string]string{"name": c.set.Username, "password": c.set.Password})
		if err != nil {
			return who, fmt.Errorf("log in: %w", err)
		}
		var got struct {
			ID    number `json:"user_id"`
			Token string `json:"token"`
		}
		if err := json.Unmarshal(e.Data, &got); err != nil || got.Token == "" || got.ID == 0 {
			return who, fault.Say(fault.Unavailable, "lanying_base", "What url names does not answer as the API of Lanying.").Because(err)
		}
		if who.id != 0 && who.id != uint64(got.ID) {
			return who, fault.Say(fault.Denied, "lanying_bot", "The user name belongs to user %d, but bot is %d.", got.ID, who.id)
		}
		who.id, who.token = uint64(got.ID), got.Token
	}
	c.profile(ctx, &who)
	c.mu.Lock()
	c.who = who
	c.mu.Unlock()
	return who, nil
}

// forget makes the next login ask for a new token.
func (c *Channel) forget(who account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.who.token == who.token {
		c.who = account{}
	}
}

// profile asks how the bot is called. That nobody tells does no harm.
func (c *Channel) profile(ctx context.Context, who *account) {
	e, err := c.ask(ctx, http.MethodGet, who.api+"/user/profile", *who, nil)
	if err != nil {
		c.log.Warn("ask for the bot's name", "err", err)
		return
	}
	var got struct {
		Username string `json:"username"`
		Nick     string `json:"nick_name"`
	}
	_ = json.Unmarshal(e.Data, &got) // no name then
	who.name, who.nick = got.Username, got.Nick
}

// server is one as the look-up tells it.
type server struct {
	Protocol string `json:"protocol"`
	Host     string `json:"host"`
}

func (s server) url() string {
	if s.Protocol == "" {
		s.Protocol = "https"
	}
	return (&url.URL{Scheme: s.Protocol, Host: s.Host}).String()
}

// lookUp asks where the servers of the app are.
func (c *Channel) lookUp(ctx context.Context, who *account) error {
	e, err := c.ask(ctx, http.MethodGet, c.set.DNSURL+"/v2/app_dns?app_id="+url.QueryEscape(c.set.AppID)+"&source=sdk", account{}, nil)
	if err != nil {
		return fmt.Errorf("look the servers up: %w", err)
	}
	var got struct {
		Status string `json:"app_status"`
		List   []struct {
			Clusters []struct {
				Ratel []server `json:"ratel"`
				Webim []server `json:"webim"`
			} `json:"clusters"`
		} `json:"dns_list"`
	}
	if err := json.Unmarshal(e.Data, &got); err != nil {
		return fault.Say(fault.Unavailable, "lanying_lookup", "What dns_url names does not tell the servers of the app.").Because(err)
	}
	if !slices.Contains([]string{"", "normal"}, got.Status) {
		return fault.Say(fault.Denied, "lanying_app", "Lanying says that the app is %s.", got.Status)
	}
	for _, group := range got.List {
		for _, cluster := range group.Clusters {
			if len(cluster.Ratel) > 0 && who.api == "" {
				who.api = cluster.Ratel[0].url()
			}
			if len(cluster.Webim) > 0 && who.socket == "" {
				who.socket = cluster.Webim[0].url()
			}
		}
	}
	if who.api == "" || who.socket == "" {
		return fault.Say(fault.Unavailable, "lanying_lookup", "What dns_url names does not tell the servers of the app.")
	}
	return nil
}
