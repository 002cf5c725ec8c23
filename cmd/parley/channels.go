package main

import (
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/lanying"
	"github.com/parley-im/parley/gateway/mattermost"
	"github.com/parley-im/parley/gateway/slack"
	"github.com/parley-im/parley/gateway/telegram"
	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/gateway/webhook"
	"github.com/parley-im/parley/gateway/xmpp"
)

// channelKinds is what `kind` in config.yaml may be: one line for each adapter.
func channelKinds(chats webchat.Store, limits webchat.Limiter) map[string]gateway.Kind {
	return map[string]gateway.Kind{
		"webchat":    webchat.Kind(chats, limits),
		"webhook":    webhook.Kind(),
		"xmpp":       xmpp.Kind(),
		"telegram":   telegram.Kind(),
		"lanying":    lanying.Kind(),
		"slack":      slack.Kind(),
		"mattermost": mattermost.Kind(),
	}
}
