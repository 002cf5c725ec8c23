package webchats_test

import (
	"testing"

	"github.com/parley-im/parley/gateway/webchat"
	"github.com/parley-im/parley/gateway/webchat/storetest"
	"github.com/parley-im/parley/internal/postgres/postgrestest"
	"github.com/parley-im/parley/internal/postgres/webchats"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (one, other webchat.Store) {
		address := postgrestest.URL(t)
		return webchats.New(postgrestest.Connect(t, address)), webchats.New(postgrestest.Connect(t, address))
	})
}
