package main

import (
	"github.com/parley-im/parley/gateway"
	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/gateway/webhook"
	"github.com/parley-im/parley/internal/sqlite"
	"github.com/parley-im/parley/internal/sqlite/webchats"
)

// channelKinds is what `kind` in config.yaml may be: one line for each adapter.
func channelKinds(db *sqlite.DB) map[string]gateway.Open {
	return map[string]gateway.Open{
		"webchat": webchat.With(webchats.New(db)),
		"webhook": webhook.Open,
	}
}
