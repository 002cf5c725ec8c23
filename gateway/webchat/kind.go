package webchat

import "github.com/parley-im/parley/gateway"

// Kind is what the program registers: With and a form of the settings.
func Kind(store Store, limiter Limiter) gateway.Kind {
	return gateway.Kind{Open: With(store, limiter), Title: gateway.Words{EN: "Browser chat: page and widget", ZH: "网页聊天：页面与挂件"}, Fields: []gateway.Field{
		{Name: "title", Type: gateway.FieldWords,
			Label: gateway.Words{EN: "Title", ZH: "标题"},
			Help:  gateway.Words{EN: "Stands at the top of the chat.", ZH: "显示在聊天窗口顶部。"}},
		{Name: "greeting", Type: gateway.FieldWords,
			Label: gateway.Words{EN: "Greeting", ZH: "问候语"},
			Help:  gateway.Words{EN: "What a visitor reads before anything was said.", ZH: "访客发言前看到的内容。"}},
		{Name: "origins", Type: gateway.FieldList,
			Label: gateway.Words{EN: "Sites that may show the widget", ZH: "允许嵌入挂件的网站"},
			Help:  gateway.Words{EN: "Such as https://shop.example.com, without a path.", ZH: "例如 https://shop.example.com，不带路径。"}},
	}}
}
