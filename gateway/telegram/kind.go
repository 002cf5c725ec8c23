package telegram

import "github.com/parley-im/parley/gateway"

// Kind is what the program registers.
func Kind() gateway.Kind {
	return gateway.Kind{Open: Open, Title: gateway.Words{EN: "Telegram", ZH: "Telegram"}, Fields: []gateway.Field{
		{Name: "token", Type: gateway.FieldSecret, Required: true,
			Label: gateway.Words{EN: "Token", ZH: "令牌"},
			Help:  gateway.Words{EN: "@BotFather gives it when a bot is made.", ZH: "创建机器人时由 @BotFather 提供。"}},
		{Name: "base_url", Type: gateway.FieldURL, Default: official,
			Label: gateway.Words{EN: "Address of the Bot API", ZH: "Bot API 地址"},
			Help:  gateway.Words{EN: "Another one only for a Bot API server of your own.", ZH: "仅在使用自建 Bot API 服务器时修改。"}},
		{Name: "pace", Type: gateway.FieldDuration, Default: "3s",
			Label: gateway.Words{EN: "Time between edits", ZH: "更新间隔"},
			Help:  gateway.Words{EN: "Telegram allows 20 posts and edits a minute in a group.", ZH: "Telegram 在群组中每分钟允许约 20 次发送和编辑。"}},
		{Name: "poll", Type: gateway.FieldDuration, Default: "25s",
			Label: gateway.Words{EN: "Long poll", ZH: "长轮询时间"},
			Help:  gateway.Words{EN: "How long Telegram holds a request while nothing is said.", ZH: "无新消息时 Telegram 保持请求的时间。"}},
	}}
}
