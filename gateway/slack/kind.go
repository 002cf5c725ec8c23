package slack

import "github.com/parley-im/parley/gateway"

// Kind is what the program registers.
func Kind() gateway.Kind {
	return gateway.Kind{Open: Open, Title: gateway.Words{EN: "Slack", ZH: "Slack"}, Fields: []gateway.Field{
		{Name: "bot_token", Type: gateway.FieldSecret, Required: true,
			Label: gateway.Words{EN: "Bot token", ZH: "机器人令牌"},
			Help:  gateway.Words{EN: "Of the app, under OAuth & Permissions; begins with xoxb-.", ZH: "应用的“OAuth & Permissions”页面，以 xoxb- 开头。"}},
		{Name: "app_token", Type: gateway.FieldSecret, Required: true,
			Label: gateway.Words{EN: "App-level token", ZH: "应用级令牌"},
			Help:  gateway.Words{EN: "With the scope connections:write; begins with xapp-.", ZH: "需要 connections:write 权限，以 xapp- 开头。"}},
		{Name: "base_url", Type: gateway.FieldURL, Default: "https://slack.com/api/",
			Label: gateway.Words{EN: "API address", ZH: "API 地址"},
			Help:  gateway.Words{EN: "Leave it, unless calls go through a proxy of yours.", ZH: "一般无需修改，除非经由自己的代理。"}},
		{Name: "pace", Type: gateway.FieldDuration, Default: "1.5s",
			Label: gateway.Words{EN: "Time between edits", ZH: "更新间隔"},
			Help:  gateway.Words{EN: "The least time between two edits of a growing answer.", ZH: "答案逐步更新时两次编辑之间的最短时间。"}},
		{Name: "silence", Type: gateway.FieldDuration, Default: "30s",
			Label: gateway.Words{EN: "Longest silence", ZH: "最长静默时间"},
			Help:  gateway.Words{EN: "With nothing heard for so long, not even a ping, the connection is made anew.", ZH: "超过该时间未收到任何数据（包括心跳）则重新连接。"}},
	}}
}
