package xmpp

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/xmpp/stanza"
	"github.com/parley-im/parley/internal/fault"
)

// settings are the channel's own lines of config.yaml.
type settings struct {
	JID           string        `yaml:"jid"`           // the bot's account
	Password      string        `yaml:"password"`      // of the account
	URL           string        `yaml:"url"`           // of the server's WebSocket; "": found by the domain
	Insecure      bool          `yaml:"insecure"`      // ws:// to another machine is allowed
	Nick          string        `yaml:"nick"`          // in rooms; "": the local part of jid
	Rooms         []room        `yaml:"rooms"`         // to be in
	Subscriptions string        `yaml:"subscriptions"` // who may see that the bot is there
	Bots          []string      `yaml:"bots"`          // other bots, which are not answered
	Typing        bool          `yaml:"typing"`        // show typing signs
	Pace          time.Duration `yaml:"pace"`          // least time between two corrections
	MaxText       int           `yaml:"max_text"`      // most runes in one message
	Ping          time.Duration `yaml:"ping"`          // how often the server is asked whether it is there
	Deaf          time.Duration `yaml:"deaf"`          // after how long without a sign the connection is given up

	jid  stanza.JID
	bots map[stanza.JID]bool
}

// room is written as its address, or as a mapping if it has a password.
type room struct {
	JID      string `yaml:"jid"`
	Password string `yaml:"password"`

	jid stanza.JID
}

// UnmarshalYAML reads either form.
func (r *room) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		r.JID = n.Value
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i].Value; key != "jid" && key != "password" {
			return fault.Say(fault.Invalid, "settings", "rooms: %q is not known; a room has jid and password", key)
		}
	}
	type plain room
	return n.Decode((*plain)(r))
}

// Values of subscriptions.
const (
	everybody  = "all"
	sameDomain = "domain"
	nobody     = "none"
)

// mostText fits into one frame of the WebSocket however it is escaped.
const mostText = 20_000

func usual() settings {
	return settings{Subscriptions: sameDomain, Typing: true, Pace: 1500 * time.Millisecond, MaxText: 4000, Ping: 10 * time.Second, Deaf: 25 * time.Second}
}

func (s *settings) check() error {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fault.Say(fault.Invalid, "settings", format, args...))
	}
	var err error
	if s.jid, err = stanza.ParseJID(s.JID); err != nil || s.jid.Local == "" || s.jid.Resource != "" {
		bad("jid must be the bot's address, like bot@example.com")
	}
	if s.Password == "" {
		bad("password is missing: the one of the account %s", s.JID)
	}
	if s.URL != "" {
		u, err := url.Parse(s.URL)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss":
			bad("url must be a wss:// address, like wss://example.com/xmpp-websocket; leave it out to find it by the domain of jid")
		case u.Scheme == "ws" && !s.Insecure && !loopback(u.Hostname()):
			bad("url is not encrypted (ws://): use wss://, or set insecure: true if nobody can listen on the way")
		}
	}
	if s.Nick == "" {
		s.Nick = s.jid.Local
	}
	seen := map[stanza.JID]bool{}
	for i := range s.Rooms {
		r := &s.Rooms[i]
		if r.jid, err = stanza.ParseJID(r.JID); err != nil || r.jid.Local == "" || r.jid.Resource != "" {
			bad("rooms: %q is not the address of a room, like support@conference.example.com", r.JID)
		}
		if seen[r.jid] {
			bad("rooms: %s is there twice", r.JID)
		}
		seen[r.jid] = true
	}
	s.bots = map[stanza.JID]bool{}
	for _, b := range s.Bots {
		j, err := stanza.ParseJID(b)
		if err != nil {
			bad("bots: %q is not an address, like other-bot@example.com; in rooms also support@conference.example.com/Nick", b)
		}
		s.bots[j] = true
	}
	if s.Subscriptions != everybody && s.Subscriptions != sameDomain && s.Subscriptions != nobody {
		bad("subscriptions must be all, domain or none")
	}
	if s.Pace < 100*time.Millisecond {
		bad("pace must be at least 100ms")
	}
	if s.MaxText < 100 || s.MaxText > mostText {
		bad("max_text must lie between 100 and %d", mostText)
	}
	if s.Ping < time.Second/10 || s.Deaf < 2*s.Ping {
		bad("ping must be at least 100ms, and deaf at least twice of it")
	}
	return errors.Join(wrong...)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Kind is what the program registers.
func Kind() gateway.Kind {
	return gateway.Kind{Open: Open, Title: gateway.Words{EN: "XMPP", ZH: "XMPP"}, Fields: []gateway.Field{
		{Name: "jid", Type: gateway.FieldText, Required: true,
			Label: gateway.Words{EN: "Address of the bot", ZH: "机器人地址"},
			Help:  gateway.Words{EN: "The account that was made for the bot, like bot@example.com.", ZH: "为机器人创建的账号，例如 bot@example.com。"}},
		{Name: "password", Type: gateway.FieldSecret, Required: true,
			Label: gateway.Words{EN: "Password", ZH: "密码"},
			Help:  gateway.Words{EN: "Of that account; it never leaves Parley in the clear.", ZH: "该账号的密码，不会以明文发出。"}},
		{Name: "url", Type: gateway.FieldURL,
			Label: gateway.Words{EN: "WebSocket address", ZH: "WebSocket 地址"},
			Help:  gateway.Words{EN: "Like wss://example.com/xmpp-websocket; without it the domain is asked (host-meta).", ZH: "例如 wss://example.com/xmpp-websocket；留空则向域名查询（host-meta）。"}},
		{Name: "insecure", Type: gateway.FieldBool, Default: "false",
			Label: gateway.Words{EN: "Unencrypted connection", ZH: "允许不加密连接"},
			Help:  gateway.Words{EN: "Allow ws:// to another machine.", ZH: "允许通过 ws:// 连接其他机器。"}},
		{Name: "nick", Type: gateway.FieldText,
			Label: gateway.Words{EN: "Name in rooms", ZH: "群内昵称"},
			Help:  gateway.Words{EN: "People address the bot by it; the first part of the address if empty.", ZH: "群成员用它称呼机器人；留空则用地址的前半部分。"}},
		{Name: "rooms", Type: gateway.FieldList,
			Label: gateway.Words{EN: "Rooms", ZH: "群聊"},
			Help:  gateway.Words{EN: "Rooms the bot joins, like support@conference.example.com.", ZH: "机器人加入的群聊，例如 support@conference.example.com。"}},
		{Name: "subscriptions", Type: gateway.FieldChoice, Default: sameDomain, Choices: []string{everybody, sameDomain, nobody},
			Label: gateway.Words{EN: "Who may see it online", ZH: "谁可以看到在线状态"},
			Help:  gateway.Words{EN: "Whose contact requests are accepted: all, those of the same domain, or none.", ZH: "接受谁的好友请求：所有人、同域名用户或不接受。"}},
		{Name: "bots", Type: gateway.FieldList,
			Label: gateway.Words{EN: "Other bots", ZH: "其他机器人"},
			Help:  gateway.Words{EN: "Addresses that are bots too and get no answer.", ZH: "同为机器人的地址，不予回答。"}},
		{Name: "typing", Type: gateway.FieldBool, Default: "true",
			Label: gateway.Words{EN: "Typing signs", ZH: "输入提示"},
			Help:  gateway.Words{EN: "Show that the bot is typing.", ZH: "显示“正在输入”。"}},
		{Name: "pace", Type: gateway.FieldDuration, Default: "1.5s",
			Label: gateway.Words{EN: "Time between corrections", ZH: "更新间隔"},
			Help:  gateway.Words{EN: "The least time between two corrections of a growing answer.", ZH: "答案逐步更新时两次更正之间的最短时间。"}},
		{Name: "max_text", Type: gateway.FieldNumber, Default: "4000",
			Label: gateway.Words{EN: "Longest message", ZH: "消息最大长度"},
			Help:  gateway.Words{EN: "In characters; longer answers are split.", ZH: "以字符计，更长的答案会拆分。"}},
		{Name: "ping", Type: gateway.FieldDuration, Default: "10s",
			Label: gateway.Words{EN: "Ping", ZH: "心跳间隔"},
			Help:  gateway.Words{EN: "How often the server is asked whether it is there.", ZH: "多久询问一次服务器是否在线。"}},
		{Name: "deaf", Type: gateway.FieldDuration, Default: "25s",
			Label: gateway.Words{EN: "Give up after", ZH: "断线判定时间"},
			Help:  gateway.Words{EN: "With no sign from the server for this long, the connection is made anew.", ZH: "服务器无响应超过此时间则重新连接。"}},
	}}
}
