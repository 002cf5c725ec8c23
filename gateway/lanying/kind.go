package lanying

import "github.com/parley-im/parley/gateway"

func words(en, zh string) gateway.Words { return gateway.Words{EN: en, ZH: zh} }

// Kind is what the program registers.
func Kind() gateway.Kind {
	return gateway.Kind{Open: Open, Title: words("Lanying IM", "蓝莺 IM"), Fields: []gateway.Field{
		{Name: "app_id", Type: gateway.FieldText, Required: true, Label: words("App ID", "应用 ID"),
			Help: words("As the console of Lanying shows it.", "见蓝莺控制台的应用页面。")},
		{Name: "receive", Type: gateway.FieldChoice, Choices: []string{byWebhook, bySocket}, Default: byWebhook, Label: words("How messages come in", "接收方式"),
			Help: words("webhook: Lanying calls Parley; socket: Parley holds a connection, no public address needed.", "webhook：由蓝莺回调；socket：由 Parley 保持长连接，无需公网地址。")},
		{Name: "url", Type: gateway.FieldURL, Label: words("API address", "API 地址"),
			Help: words("Needed for webhook; looked up for socket if empty.", "webhook 方式必填；socket 方式留空则自动查询。")},
		{Name: "bot", Type: gateway.FieldText, Label: words("User ID of the bot", "机器人用户 ID"),
			Help: words("Its number; needed for webhook.", "数字 ID；webhook 方式必填。")},
		{Name: "token", Type: gateway.FieldSecret, Label: words("Admin token", "管理员令牌"),
			Help: words("From the Token page of the console; or user name and password of the bot.", "见控制台“Token”页面；也可改用机器人的用户名和密码。")},
		{Name: "username", Type: gateway.FieldText, Label: words("User name of the bot", "机器人用户名"),
			Help: words("Needed for socket.", "socket 方式必填。")},
		{Name: "password", Type: gateway.FieldSecret, Label: words("Password of the bot", "机器人密码"),
			Help: words("Belongs to the user name.", "与用户名配套。")},
		{Name: "secret", Type: gateway.FieldSecret, Label: words("Signature of callbacks", "回调签名"),
			Help: words("What you typed as signature under message subscription.", "在“消息订阅”中填写的签名。")},
		{Name: "dns_url", Type: gateway.FieldURL, Default: "https://dns.lanyingim.com", Label: words("Look-up address", "寻址服务地址"),
			Help: words("Where the addresses of the servers are looked up.", "用于查询服务器地址。")},
		{Name: "socket_url", Type: gateway.FieldURL, Label: words("Address of the long connection", "长连接地址"),
			Help: words("For private deployments; else it is looked up.", "私有部署时填写，否则自动查询。")},
		{Name: "file_hosts", Type: gateway.FieldList, Label: words("Hosts of files", "文件服务器"),
			Help: words("More hosts that may be shown the token, such as *.example.com.", "允许携带令牌访问的其他主机，例如 *.example.com。")},
		{Name: "ca_file", Type: gateway.FieldText, Label: words("Certificate authority", "CA 证书文件"),
			Help: words("Path of a PEM file, for a private deployment.", "私有部署的 PEM 文件路径。")},
		{Name: "antispam_prompt", Type: gateway.FieldText, Label: words("Text in place of what is blocked", "内容被拦截时的提示"),
			Help: words("What people see if content security stops an answer.", "内容安全拦截答案时显示的文字。")},
		{Name: "pace", Type: gateway.FieldDuration, Default: "3s", Label: words("Time between edits", "更新间隔"),
			Help: words("The least time between two pieces of a growing answer.", "答案逐步更新的最短间隔。")},
		{Name: "ping", Type: gateway.FieldDuration, Default: "10s", Label: words("Ping", "心跳间隔"),
			Help: words("How often the long connection is tried.", "长连接心跳间隔。")},
		{Name: "strict", Type: gateway.FieldBool, Default: "false", Label: words("Accept no contacts", "不自动接受好友"),
			Help: words("With socket, who asks to be a contact is accepted unless this is set.", "socket 方式下默认自动接受好友申请，开启后不接受。")},
	}}
}
