package mattermost

import "github.com/parley-im/parley/gateway"

// Kind is what the program registers.
func Kind() gateway.Kind {
	return gateway.Kind{Open: Open, Title: gateway.Words{EN: "Mattermost", ZH: "Mattermost"}, Fields: []gateway.Field{
		{Name: "url", Type: gateway.FieldURL, Required: true,
			Label: gateway.Words{EN: "Address of the server", ZH: "服务器地址"},
			Help:  gateway.Words{EN: "Like https://chat.example.com.", ZH: "例如 https://chat.example.com。"}},
		{Name: "token", Type: gateway.FieldSecret, Required: true,
			Label: gateway.Words{EN: "Token of the bot account", ZH: "机器人令牌"},
			Help:  gateway.Words{EN: "System console, Integrations, Bot Accounts; it is shown once.", ZH: "在“集成 → 机器人账号”中创建，仅显示一次。"}},
		{Name: "pace", Type: gateway.FieldDuration, Default: "1s",
			Label: gateway.Words{EN: "Time between edits", ZH: "更新间隔"},
			Help:  gateway.Words{EN: "The least time between two edits of a growing answer.", ZH: "答案逐步更新时两次编辑之间的最短时间。"}},
		{Name: "ping", Type: gateway.FieldDuration, Default: "10s",
			Label: gateway.Words{EN: "Ping", ZH: "心跳间隔"},
			Help:  gateway.Words{EN: "How often the server is asked whether it is there.", ZH: "多久询问一次服务器是否在线。"}},
	}}
}
