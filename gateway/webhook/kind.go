package webhook

import "github.com/parley-im/parley/gateway"

// Kind is what the program registers.
func Kind() gateway.Kind {
	return gateway.Kind{Open: Open, Title: gateway.Words{EN: "Webhook: your own IM", ZH: "Webhook：自建 IM"}, Fields: []gateway.Field{
		{Name: "secret", Type: gateway.FieldSecret, Required: true,
			Label: gateway.Words{EN: "Shared secret", ZH: "共享密钥"},
			Help:  gateway.Words{EN: "At least 16 characters, the same on both sides; it signs every request.", ZH: "至少 16 个字符，双方相同，用于对每个请求签名。"}},
		{Name: "url", Type: gateway.FieldURL, Required: true,
			Label: gateway.Words{EN: "Address for replies", ZH: "回复地址"},
			Help:  gateway.Words{EN: "Where Parley posts its replies.", ZH: "Parley 将回复发送到此地址。"}},
		{Name: "edit", Type: gateway.FieldBool, Default: "false",
			Label: gateway.Words{EN: "Answers grow in place", ZH: "答案逐步显示"},
			Help:  gateway.Words{EN: "Your system can replace the text of a message.", ZH: "您的系统可以替换已发送消息的内容。"}},
		{Name: "typing", Type: gateway.FieldBool, Default: "false",
			Label: gateway.Words{EN: "Typing signs", ZH: "输入提示"},
			Help:  gateway.Words{EN: "Post typing signs too.", ZH: "同时发送“正在输入”提示。"}},
		{Name: "pace", Type: gateway.FieldDuration, Default: "1s",
			Label: gateway.Words{EN: "Time between edits", ZH: "更新间隔"},
			Help:  gateway.Words{EN: "The least time between two edits of one message.", ZH: "同一消息两次更新之间的最短时间。"}},
		{Name: "max_text", Type: gateway.FieldNumber, Default: "0",
			Label: gateway.Words{EN: "Longest message", ZH: "消息最大长度"},
			Help:  gateway.Words{EN: "In characters; longer answers are split. 0: no limit.", ZH: "以字符计，更长的答案会拆分；0 表示不限。"}},
		{Name: "timeout", Type: gateway.FieldDuration, Default: "10s",
			Label: gateway.Words{EN: "Time-out", ZH: "超时"},
			Help:  gateway.Words{EN: "Of one request to the address for replies.", ZH: "对回复地址的单次请求的超时时间。"}},
		{Name: "retries", Type: gateway.FieldNumber, Default: "2",
			Label: gateway.Words{EN: "Quick retries", ZH: "快速重试次数"},
			Help:  gateway.Words{EN: "Of one post; after them Parley comes back later.", ZH: "单次发送的重试次数，之后 Parley 会稍后再试。"}},
	}}
}
